/** The text of one list row in a file, cut out but not parsed. */
export interface Piece {
  /** The line it starts on, from 1. */
  readonly line: number;
  readonly text: string;
  /** Where the next row begins: a reader that starts there again misses and repeats nothing. */
  readonly next: Position;
}

/** A place in a file between two rows. */
export interface Position {
  readonly offset: number;
  readonly line: number;
}

export const START: Position = { offset: 0, line: 1 };

/** Longer than any row with the longest key, certificate and aliases. No more than this is in memory at once. */
const LONGEST = 64 * 1024;

/** The file is malformed from here on. Nothing after this place is read, since nobody can say where a row ends. */
export class BrokenFile extends Error {
  override readonly name = 'BrokenFile';
  readonly line: number;

  constructor(line: number, why: string) {
    super(why);
    this.line = line;
  }
}

const [QUOTE, LINE_FEED, BACKSLASH] = [0x22, 0x0a, 0x5c];
const [OPEN, CLOSE] = [0x7b, 0x7d];
/** Bytes that may stand between JSON objects: an array's brackets and commas, spaces, line ends. */
const BETWEEN: ReadonlySet<number> = new Set([0x5b, 0x5d, 0x2c, 0x20, 0x09, 0x0a, 0x0d]);

type Chunks = AsyncIterable<Uint8Array>;

/**
 * Cuts CSV (RFC 4180) into rows: a line feed ends a row unless it is inside quotes. A doubled quote counts as two, so
 * counting quotes is enough. Throws BrokenFile.
 */
export function csvPieces(chunks: Chunks, from: Position): AsyncGenerator<Piece> {
  let quoted = false;
  return cut(chunks, from, (byte) => {
    if (byte === QUOTE) quoted = !quoted;
    return byte === LINE_FEED && !quoted ? 'end' : 'inside';
  });
}

/** Cuts JSON into objects, whether they are in an array or one per line. Throws BrokenFile. */
export function jsonPieces(chunks: Chunks, from: Position): AsyncGenerator<Piece> {
  let depth = 0;
  let quoted = false;
  let escaped = false;
  return cut(chunks, from, (byte) => {
    if (quoted) {
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) quoted = false;
      return 'inside';
    }
    if (byte === OPEN) depth++;
    else if (depth === 0) return BETWEEN.has(byte) ? 'between' : 'broken';
    else if (byte === QUOTE) quoted = true;
    else if (byte === CLOSE) return --depth === 0 ? 'end' : 'inside';
    return 'inside';
  });
}

async function* cut(
  chunks: Chunks,
  from: Position,
  look: (byte: number) => 'inside' | 'end' | 'between' | 'broken',
): AsyncGenerator<Piece> {
  let { offset, line } = from;
  let started = line;
  let chunksSoFar: Uint8Array[] = [];
  let length = 0;
  const take = (last: Uint8Array): string => {
    const text = Buffer.concat([...chunksSoFar, last]).toString('utf8');
    chunksSoFar = [];
    length = 0;
    return text;
  };
  for await (const chunk of chunks) {
    let begin = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === LINE_FEED) line++;
      const seen = look(byte);
      if (seen === 'inside') {
        if (length + at - begin > LONGEST) throw new BrokenFile(started, 'a record does not end');
        continue;
      }
      if (seen === 'broken') throw new BrokenFile(line, 'something stands between the objects');
      if (seen === 'end') {
        const text = take(chunk.subarray(begin, at + 1));
        yield { line: started, text, next: { offset: offset + at + 1, line } };
      }
      begin = at + 1;
      started = line;
    }
    chunksSoFar.push(chunk.subarray(begin));
    length += chunk.length - begin;
    offset += chunk.length;
  }
  const rest = take(new Uint8Array(0));
  if (rest.trim() !== '') yield { line: started, text: rest, next: { offset, line } };
}
