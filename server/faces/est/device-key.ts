import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { DeviceKey } from '../../authority/ra/contact/device-contact.ts';
import { sha256Hex } from '../../x509/node-crypto.ts';

/**
 * The key that the client has just used in its handshake; undefined if it showed no certificate. A resumed session
 * does not prove that the client has the key now, so it counts as none. A proxy's header is never used, since TLS
 * ends in this process.
 */
export function deviceKeyOf({
  raw,
}: FastifyRequest): (DeviceKey & { readonly certificate: Uint8Array }) | undefined {
  const { socket } = raw;
  if (!(socket instanceof TLSSocket) || socket.isSessionReused()) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return {
    spki: new Uint8Array(spki),
    fingerprint: sha256Hex(certificate.raw),
    certificate: new Uint8Array(certificate.raw),
  };
}
