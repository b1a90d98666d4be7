import { type Bytes, fromBase64Url, fromUtf8, toBase64Url, utf8 } from './bytes.ts';
import type { CryptoPort, Signer } from './crypto.ts';

/**
 * Compact JWS (RFC 7515 section 7.1), ES256 only. The bytes that were signed are the bytes kept and sent: nothing is
 * ever serialised a second time, so no canonical form is needed.
 */
export interface Jws {
  readonly header: unknown;
  readonly payload: unknown;
  /** `base64url(header).base64url(payload)`: what the signature and the digest are over. */
  readonly signingInput: string;
  /** The same as bytes. */
  readonly signed: Bytes;
  readonly signature: Bytes;
}

/** Splits and decodes; undefined for anything that is not strictly base64url of JSON objects with a 64-byte signature. */
export function parseJws(text: string): Jws | undefined {
  const parts = text.split('.');
  const [head, body, tail] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || tail === undefined) return undefined;
  const header = parseJson(head);
  const payload = parseJson(body);
  const signature = fromBase64Url(tail);
  if (header === undefined || payload === undefined || signature?.length !== 64) return undefined;
  const signingInput = text.slice(0, head.length + 1 + body.length);
  return { header, payload, signingInput, signed: utf8(signingInput), signature };
}

/** Its header alone, however long the rest is. */
export function headerOf(text: string): unknown {
  return parseJson(text.slice(0, Math.max(0, text.indexOf('.'))));
}

function parseJson(part: string): unknown {
  const bytes = fromBase64Url(part);
  const text = bytes === undefined ? undefined : fromUtf8(bytes);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Signs header and payload, each serialised once, here. */
export async function signJws(header: object, payload: object, signer: Signer): Promise<string> {
  const signingInput = inputOf(header, payload);
  return `${signingInput}.${toBase64Url(await signer.sign(utf8(signingInput)))}`;
}

/** Signs like {@link signJws} and gives the digest too. The signing input is turned into bytes once. */
export async function sealJws(
  header: object,
  payload: object,
  signer: Signer,
  crypto: CryptoPort,
): Promise<{ readonly jws: string; readonly digest: string }> {
  const signingInput = inputOf(header, payload);
  const signed = utf8(signingInput);
  const signature = toBase64Url(await signer.sign(signed));
  return { jws: `${signingInput}.${signature}`, digest: await crypto.digest(signed) };
}

function inputOf(header: object, payload: object): string {
  return `${part(header)}.${part(payload)}`;
}

function part(value: object): string {
  return toBase64Url(utf8(JSON.stringify(value)));
}

/** Whether the signature is by the P-256 key `spki` (DER). */
export async function verifyJws(jws: Jws, spki: Uint8Array, crypto: CryptoPort): Promise<boolean> {
  return (await crypto.verify('ES256', spki, jws.signature, jws.signed)) === 'valid';
}

/** The digest used everywhere: SHA-256 of the signing input, base64url. */
export async function jwsDigest(signingInput: string | Uint8Array, crypto: CryptoPort): Promise<string> {
  const bytes = typeof signingInput === 'string' ? utf8(signingInput) : signingInput;
  return await crypto.digest(bytes);
}
