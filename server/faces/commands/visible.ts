/**
 * What steers a terminal or turns its text round: control characters of both sets (ECMA-48), line and paragraph separators,
 * and the marks, embeddings, overrides and isolates of bidirectional text (UAX #9).
 */
const STEERS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** The text with such characters written out as in JSON, so that what prints JSON prints the same value. */
export function visible(text: string): string {
  return text.replace(STEERS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A line of several cells. In a line that was put together already, tabs stand between its cells. */
export function visibleLine(cells: readonly string[]): string {
  const [only = '', ...more] = cells;
  return (more.length === 0 ? only.split('\t') : cells).map(visible).join('\t');
}

/** A text of several lines of ours. */
export function visibleLines(text: string): string {
  return text
    .split('\n')
    .map((line) => visibleLine([line]))
    .join('\n');
}
