let said: number | undefined;

/** Notes what an answer of our own backend says of the time (RFC 9110 section 6.6.1). */
export function noteAnswerTime(headers: Headers): void {
  const at = Date.parse(headers.get('date') ?? '');
  if (!Number.isNaN(at)) said = at;
}

/** What the newest answer since the last call said of the time, milliseconds since 1970; undefined if there was none. */
export function takeAnswerTime(): number | undefined {
  const at = said;
  said = undefined;
  return at;
}
