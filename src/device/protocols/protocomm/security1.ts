import { type Bytes, equalBytes, utf8 } from '../../../../core/bytes.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { ProtocommCrypto } from './crypto.ts';
import { presenceRefusal } from './presence.ts';
import { protoBytes } from './protobuf.ts';
import type { Handshake, SecureChannel } from './security.ts';
import { decodeSession, encodeSession, sized } from './session-data.ts';

/**
 * Security 1 (components/protocomm/src/security/security1.c): X25519, the secret masked with SHA-256 of the label's
 * secret, then AES-256-CTR in one key stream for both directions, in the order of the calls. Nothing authenticates a
 * payload, so what is read from it stays as hostile as every other byte.
 *
 * @param secret undefined where the firmware was built without one (`no_pop`)
 */
export async function openSecurity1(
  handshake: Handshake,
  crypto: ProtocommCrypto,
  secret: string | undefined,
): Promise<SecureChannel> {
  const own = await crypto.x25519();
  const command0 = encodeSession({ version: 1, message: 0, field: 20 }, protoBytes([1, own.publicKey]));
  const first = decodeSession(await handshake(command0), { version: 1, message: 1, field: 21 }, 'security 1');
  const devicePublic = sized(first.bytes(2), 32, 32, 'security 1 key');
  const counter = sized(first.bytes(3), 16, 16, 'security 1 random');
  const shared = await own.agree(devicePublic);
  if (shared === undefined) throw new DeviceError('device_garbage', 'security 1 key');
  const stream = await crypto.aesCtr(await maskedKey(shared, crypto, secret), counter);

  const proof = await stream.next(devicePublic);
  const command1 = encodeSession({ version: 1, message: 2, field: 22 }, protoBytes([2, proof]));
  const answer = await handshake(command1).catch(presenceRefusal('security 1 proof'));
  const second = decodeSession(answer, { version: 1, message: 3, field: 23 }, 'security 1 proof');
  const theirs = await stream.next(sized(second.bytes(3), 32, 32, 'security 1 proof'));
  // It took our proof and cannot give its own: whoever answers does not know the label's secret.
  if (!equalBytes(theirs, own.publicKey)) throw new DeviceError('device_garbage', 'security 1 device proof');
  return { seal: (plain) => stream.next(plain), open: (sealed) => stream.next(sealed) };
}

async function maskedKey(shared: Bytes, crypto: ProtocommCrypto, secret: string | undefined): Promise<Bytes> {
  if (secret === undefined || secret === '') return shared;
  const mask = await crypto.sha256(utf8(secret));
  return shared.map((byte, i) => byte ^ (mask[i] ?? 0));
}
