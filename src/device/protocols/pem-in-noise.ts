import { type Bytes, fromBase64 } from '../../../core/bytes.ts';

/** Zephyr's log prefix: `[00:00:01.234,567] <inf> module: ` (subsys/logging/log_output.c). */
const LOG_LINE = /\[\d\d:\d\d:\d\d\.\d{3},\d{3}\] <(?:inf|wrn|err|dbg)> [^\r\n]*(?:\r\n?|\n)/g;
const LOG_PREFIX = /\[\d\d:\d\d:\d\d\.\d{3},\d{3}\] <(?:inf|wrn|err|dbg)> [\w.-]{1,64}: /g;
/** RFC 7468 section 2: 64 characters a line, the last one shorter. */
const FULL_LINE = /^[A-Za-z0-9+/]{64}$/;
const LAST_LINE = /^[A-Za-z0-9+/]{1,64}={0,2}$/;
/** A shell prompt that a log line left standing before the text that follows. */
const PROMPT_PREFIX = /^(?:[\w:~./@-]{1,32}[$#>] )+/;
const MAX_BLOCK = 16_384;

/**
 * The newest block of this kind in a console's text, as DER: the last one wins, because a device that restarted
 * printed it again. Log lines between or even within the lines of a block are passed over, and so are lines that are
 * not base64. What is found must be one whole DER value, or it is not found.
 *
 * @param kind for example `CERTIFICATE REQUEST` (RFC 7468 section 7)
 */
export function lastPem(text: string, kind: string): Bytes | undefined {
  // Two readings: log lines that cut into the text, or a block that was itself printed through the log.
  return newest(withoutLogLines(text), kind) ?? newest(text.replace(LOG_PREFIX, ''), kind);
}

/** Whether a block of this kind has begun and its end has not come yet. */
export function pemUnderWay(text: string, kind: string): boolean {
  return text.lastIndexOf(`-----BEGIN ${kind}-----`) > text.lastIndexOf(`-----END ${kind}-----`);
}

/** What stands after the last line's end is left as it is: looking there for an end that never comes is work squared. */
function withoutLogLines(text: string): string {
  const whole = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
  return text.slice(0, whole).replace(LOG_LINE, '') + text.slice(whole);
}

function newest(text: string, kind: string): Bytes | undefined {
  for (const [from, to] of blocksIn(text, kind).reverse()) {
    const der = to - from <= MAX_BLOCK ? derOf(text.slice(from, to)) : undefined;
    if (der !== undefined) return der;
  }
  return undefined;
}

/** Each BEGIN with the first END after it. No two overlap, so that a device cannot make us read one text many times. */
function blocksIn(text: string, kind: string): [from: number, to: number][] {
  const [begin, end] = [`-----BEGIN ${kind}-----`, `-----END ${kind}-----`];
  const blocks: [number, number][] = [];
  for (let to = text.indexOf(end), past = 0; to >= 0; past = to + end.length, to = text.indexOf(end, past)) {
    const from = text.slice(past, to).lastIndexOf(begin);
    if (from >= 0) blocks.push([past + from + begin.length, to]);
  }
  return blocks;
}

function derOf(body: string): Bytes | undefined {
  const lines = body.split(/[\r\n]+/).map((line) => line.replace(PROMPT_PREFIX, '').trim());
  const kept = lines.filter((line) => FULL_LINE.test(line));
  const last = lines.findLast((line) => line !== '' && LAST_LINE.test(line) && !FULL_LINE.test(line));
  for (const text of [kept.join('') + (last ?? ''), kept.join('')]) {
    const der = fromBase64(text);
    if (der !== undefined && isOneDerSequence(der)) return der;
  }
  return undefined;
}

/** One SEQUENCE whose length octets (X.690 section 10.1, minimal form) cover the rest exactly. */
export function isOneDerSequence(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30 || bytes.length < 2) return false;
  const first = bytes[1] ?? 0;
  if (first < 0x80) return bytes.length === 2 + first;
  const octets = first & 0x7f;
  if (octets === 0 || octets > 2 || bytes.length < 2 + octets) return false;
  const length = octets === 1 ? (bytes[2] ?? 0) : ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  return length >= (octets === 1 ? 0x80 : 0x100) && bytes.length === 2 + octets + length;
}
