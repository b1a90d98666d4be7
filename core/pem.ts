import { type Bytes, fromBase64, toBase64 } from './bytes.ts';

/** PEM text (RFC 7468) with 64 characters a line and a line feed at the end. */
export function toPem(label: string, der: Uint8Array): string {
  const body = toBase64(der);
  let lines = '';
  for (let at = 0; at < body.length; at += 64) lines += `${body.slice(at, at + 64)}\n`;
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

/** Contents of every block called `label`, in order; blocks that do not decode are left out. Text is at most 256 KiB. */
export function fromPem(label: string, text: string): Bytes[] {
  if (text.length > 256 * 1024) return [];
  const blocks = text.matchAll(
    new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`, 'g'),
  );
  return Array.from(blocks, (m) => fromBase64((m[1] ?? '').replace(/\s+/g, ''))).filter(
    (der) => der !== undefined,
  );
}
