import type { Bytes } from '../../../../core/bytes.ts';
import type { Handshake, SecureChannel } from './security.ts';
import { decodeSession, encodeSession } from './session-data.ts';

/** No encryption: the handshake only says so (components/protocomm/src/security/security0.c). */
export async function openSecurity0(handshake: Handshake): Promise<SecureChannel> {
  const answer = await handshake(encodeSession({ version: 0, message: 0, field: 20 }, new Uint8Array(0)));
  decodeSession(answer, { version: 0, message: 1, field: 21 }, 'security 0');
  const plain = async (data: Uint8Array) => data.slice() as Bytes;
  return { seal: plain, open: plain };
}
