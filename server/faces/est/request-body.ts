import { type Bytes, fromBase64 } from '../../../core/bytes.ts';
import { fromPem } from '../../../core/pem.ts';

/** The longest CSR that our devices make, in base64. */
export const MAX_REQUEST = 16 * 1024;

/**
 * Reads a CSR (PKCS#10) in base64, with line breaks wherever the client put them (RFC 7030 section 4.2.1; RFC 8951
 * section 3.1).
 */
export function readRequestBody(body: unknown): Bytes | undefined {
  if (typeof body !== 'string' || body.length > MAX_REQUEST) return undefined;
  return fromBase64(body.replace(/[\r\n\t ]+/g, ''));
}

/**
 * Reads a CSR that other clients put into a header: base64 of DER or of PEM, or PEM with its line breaks written as `
 * `.
 */
export function readRequestHeader(header: unknown): Bytes | undefined {
  if (typeof header !== 'string' || header.length > MAX_REQUEST) return undefined;
  const text = header.replaceAll('\\n', '\n');
  if (text.startsWith('-----')) return fromPem('CERTIFICATE REQUEST', text)[0];
  const bytes = readRequestBody(text);
  if (bytes === undefined || bytes[0] !== 0x2d) return bytes;
  return fromPem('CERTIFICATE REQUEST', Buffer.from(bytes).toString('latin1'))[0];
}
