import { fromCell } from '../../../core/list-csv.ts';

/** A line of CSV with the number it starts on, from 1. */
export interface CsvLine {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Reads CSV (RFC 4180), as core/list-csv.ts writes it: commas, quotes doubled inside quotes, LF or CRLF. `broken` is the first line with a misplaced
 * quote. Reading stops there, since nobody can say where that field ends.
 */
export function parseCsv(text: string): { readonly lines: CsvLine[]; readonly broken: number | undefined } {
  const lines: CsvLine[] = [];
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  let at = 0;
  let line = 1;
  while (at < body.length) {
    const start = line;
    const fields: string[] = [];
    for (let more = true; more; ) {
      const field = readField(body, at);
      if (field === undefined) return { lines, broken: start };
      fields.push(fromCell(field.text));
      line += field.text.split('\n').length - 1;
      at = field.end;
      more = body[at] === ',';
      if (more) at++;
    }
    if (body[at] === '\r') at++;
    if (at < body.length && body[at] !== '\n') return { lines, broken: start };
    at++;
    line++;
    if (fields.length > 1 || fields[0] !== '') lines.push({ line: start, fields });
  }
  return { lines, broken: undefined };
}

function readField(text: string, start: number): { text: string; end: number } | undefined {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && !',\r\n"'.includes(text.charAt(end))) end++;
    return text[end] === '"' ? undefined : { text: text.slice(start, end), end };
  }
  let out = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') out += text[at];
    else if (text[at + 1] === '"') out += text[at++];
    else return { text: out, end: at + 1 };
  }
  return undefined;
}
