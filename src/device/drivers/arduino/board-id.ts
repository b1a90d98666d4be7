import { type Bytes, toHex, utf8 } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { parseJws } from '../../../../core/jws.ts';
import { fromPem } from '../../../../core/pem.ts';
import { parseSpki } from '../../../../core/spki.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { BcpClient } from '../../protocols/bcp/bcp-client.ts';
import { type BcpMessage, COMMAND } from '../../protocols/bcp/bcp-message.ts';

/** What GetID gives, in three messages in any order. */
export interface BoardId {
  /** The unique hardware id, 64 hexadecimal digits. */
  readonly uhwid: string;
  readonly publicKey: Bytes;
  readonly jwt: string;
}

/** Asks for the id. The board wants the time first: it stands in the token that it signs. */
export async function readBoardId(client: BcpClient, now: number, signal: AbortSignal): Promise<BoardId> {
  await client.tellTime(Math.floor(now / 1000), signal);
  const { uhwid, pem, jwt } = await client.ask(COMMAND.getId, allThree, signal);
  const [publicKey, more] = fromPem('PUBLIC KEY', pem);
  if (publicKey === undefined || more !== undefined || !isP256(publicKey))
    throw new DeviceError('device_garbage', 'board key');
  return { uhwid: toHex(uhwid), publicKey, jwt };
}

function allThree(messages: readonly BcpMessage[]) {
  const uhwid = messages.find((message) => message.is === 'uhwid');
  const key = messages.find((message) => message.is === 'public-key');
  const jwt = messages.find((message) => message.is === 'jwt');
  if (uhwid === undefined || key === undefined || jwt === undefined) return undefined;
  return { uhwid: uhwid.bytes, pem: key.pem, jwt: jwt.text };
}

/**
 * Throws `proof_failed` unless the token is signed (ES256) by the key the board gave. It shows that this board's key signed
 * once; the time in it was told by us but could be guessed, so it is no challenge.
 */
export async function verifyBoardToken(
  { jwt, publicKey }: BoardId,
  verify: CryptoPort['verify'],
): Promise<void> {
  const token = parseJws(jwt);
  const header = token?.header;
  const isEs256 = typeof header === 'object' && header !== null && 'alg' in header && header.alg === 'ES256';
  if (token === undefined || !isEs256) throw new DeviceError('device_garbage', 'board token');
  const verdict = await verify('ES256', publicKey, token.signature, utf8(token.signingInput));
  if (verdict !== 'valid') throw new DeviceError('proof_failed', 'board token');
}

function isP256(spki: Uint8Array): boolean {
  try {
    return parseSpki(spki).type === 'P-256';
  } catch {
    return false; // said as device_garbage
  }
}
