import { equalBytes, utf8 } from '../../../../core/bytes.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { ProtocommCrypto, SealingKey } from './crypto.ts';
import { presenceRefusal } from './presence.ts';
import { protoBytes } from './protobuf.ts';
import type { Handshake, SecureChannel } from './security.ts';
import { decodeSession, encodeSession, sized } from './session-data.ts';
import { SRP_BYTES, srpProof, srpPublic } from './srp6a.ts';

export interface Login {
  readonly user: string;
  readonly secret: string;
}

/**
 * Security 2 (components/protocomm/src/security/security2.c): SRP-6a, then AES-256-GCM.
 *
 * A first refusal starts one fresh session before the secret is called wrong: Espressif's own client strips leading
 * zero bytes that others keep (srp6a.py), so that about 1 session in 128 can fail between honest sides.
 *
 * @param patch `sec_patch_ver` of proto-ver
 */
export async function openSecurity2(
  handshake: Handshake,
  crypto: ProtocommCrypto,
  login: Login,
  patch: number,
): Promise<SecureChannel> {
  try {
    return await attempt(handshake, crypto, login, patch);
  } catch (error) {
    if (!(error instanceof DeviceError) || error.code !== 'presence_wrong') throw error;
    return attempt(handshake, crypto, login, patch);
  }
}

async function attempt(
  handshake: Handshake,
  crypto: ProtocommCrypto,
  login: Login,
  patch: number,
): Promise<SecureChannel> {
  const a = crypto.random(32);
  const command0 = protoBytes([1, utf8(login.user)], [2, srpPublic(a)]);
  const answer0 = await handshake(encodeSession({ version: 2, message: 0, field: 20 }, command0));
  const first = decodeSession(answer0, { version: 2, message: 1, field: 21 }, 'security 2');
  const publicKey = sized(first.bytes(2), 1, SRP_BYTES, 'security 2 key');
  const salt = sized(first.bytes(3), 1, 64, 'security 2 salt');
  const proof = await srpProof((data) => crypto.sha512(data), a, login, { salt, publicKey });
  if (proof === undefined) throw new DeviceError('device_garbage', 'security 2 key');

  const command1 = encodeSession({ version: 2, message: 2, field: 22 }, protoBytes([1, proof.clientProof]));
  const answer1 = await handshake(command1).catch(presenceRefusal('security 2 proof'));
  const second = decodeSession(answer1, { version: 2, message: 3, field: 23 }, 'security 2 proof');
  if (!equalBytes(sized(second.bytes(2), 64, 64, 'security 2 proof'), proof.deviceProof))
    throw new DeviceError('presence_wrong', 'security 2 device proof');
  // 12 bytes since the patched version, 16 before it (AES_GCM_IV_SIZE in security2.c at 810133a).
  const nonce = sized(second.bytes(3), 12, 16, 'security 2 nonce');
  return new GcmChannel(await crypto.aesGcm(proof.sessionKey.subarray(0, 32)), nonce, patch >= 1);
}

class GcmChannel implements SecureChannel {
  readonly #key: SealingKey;
  readonly #nonce: Uint8Array;
  readonly #counts: boolean;

  constructor(key: SealingKey, nonce: Uint8Array, counts: boolean) {
    this.#key = key;
    this.#nonce = nonce;
    this.#counts = counts;
  }

  seal(plain: Uint8Array) {
    return this.#key.seal(this.#next(), plain);
  }

  async open(sealed: Uint8Array) {
    const plain = await this.#key.open(this.#next(), sealed);
    if (plain === undefined) throw new DeviceError('device_garbage', 'security 2 tag');
    return plain;
  }

  /** The nonce of this call; after every call its last four bytes count on, big-endian (sec_patch_ver 1). */
  #next(): Uint8Array {
    const now = this.#nonce.slice();
    if (!this.#counts) return now;
    for (let i = this.#nonce.length - 1; i >= this.#nonce.length - 4; i--) {
      const byte = ((this.#nonce[i] ?? 0) + 1) & 0xff;
      this.#nonce[i] = byte;
      if (byte !== 0) break;
    }
    return now;
  }
}
