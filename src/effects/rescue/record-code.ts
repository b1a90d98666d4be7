import { MAX_RECORD_LENGTH } from '../../../contract/envelope.ts';
import { fromBase45, toBase45 } from '../../../core/base45.ts';
import { type Bytes, concat, fromBase64Url, toBase64Url } from '../../../core/bytes.ts';

/**
 * One signed record as the text of one QR code: base64url taken off, deflated (RFC 1951), and in the code's own letters.
 * The same bytes come out again, so the author's signature still holds.
 */
const PREFIX = 'FIELDBIND1:';
/** Alphanumeric characters of the largest QR code, version 40 with error correction L (ISO/IEC 18004, table 7). */
const MOST_LETTERS = 4_296;
const SIGNATURE = 64;

/** Undefined for a record that no single code holds. */
export async function recordCode(jws: string): Promise<string | undefined> {
  const [header, payload, signature] = jws.split('.').map((part) => fromBase64Url(part));
  if (header === undefined || payload === undefined || signature?.length !== SIGNATURE) return undefined;
  if (header.length > 0xffff) return undefined;
  const length = Uint8Array.of(header.length >> 8, header.length & 255);
  const packed = await through(
    concat(signature, length, header, payload),
    new CompressionStream('deflate-raw'),
  );
  const text = packed && PREFIX + toBase45(packed);
  return text !== undefined && text.length <= MOST_LETTERS ? text : undefined;
}

/** The record of a code; undefined if it is none of ours. Whether it was signed by anybody only the backend can tell. */
export async function recordOfCode(text: string): Promise<string | undefined> {
  if (!text.startsWith(PREFIX) || text.length > MOST_LETTERS) return undefined;
  const packed = fromBase45(text.slice(PREFIX.length));
  const bytes = packed && (await through(packed, new DecompressionStream('deflate-raw')));
  if (bytes === undefined || bytes.length < SIGNATURE + 2) return undefined;
  const body = SIGNATURE + 2;
  const split = body + (bytes[SIGNATURE] ?? 0) * 256 + (bytes[SIGNATURE + 1] ?? 0);
  if (split > bytes.length) return undefined;
  const parts = [bytes.subarray(body, split), bytes.subarray(split), bytes.subarray(0, SIGNATURE)];
  return parts.map((part) => toBase64Url(part)).join('.');
}

/** Bounded while it grows: a few bytes can inflate to very many. */
async function through(bytes: Bytes, stream: GenericTransformStream): Promise<Bytes | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  try {
    for (;;) {
      const { done, value } = (await reader.read()) as ReadableStreamReadResult<Uint8Array>;
      if (done) return concat(...chunks);
      length += value.length;
      if (length > MAX_RECORD_LENGTH) return undefined;
      chunks.push(value);
    }
  } catch {
    return undefined; // not deflated, or cut short
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
