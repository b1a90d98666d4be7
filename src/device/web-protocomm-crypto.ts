import type { Bytes } from '../../core/bytes.ts';
import { ecdsaToFixed, parseSpki } from '../../core/spki.ts';
import { DeviceError } from '../ports/device.ts';
import type { AgreementKey, KeyStream, ProtocommCrypto, SealingKey } from './protocols/protocomm/crypto.ts';

/** protocomm's cryptography by WebCrypto. */
export function webProtocommCrypto(): ProtocommCrypto {
  return {
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    sha256: (data) => digest('SHA-256', data),
    sha512: (data) => digest('SHA-512', data),
    x25519,
    aesCtr,
    aesGcm,
    verify,
  };
}

async function digest(algorithm: string, data: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(algorithm, data.slice()));
}

async function x25519(): Promise<AgreementKey> {
  let pair: CryptoKeyPair;
  try {
    pair = (await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits'])) as CryptoKeyPair;
  } catch (cause) {
    // Chrome has it since 133.
    throw new DeviceError('unsupported_here', 'X25519', { cause });
  }
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return {
    publicKey,
    async agree(other) {
      try {
        const theirs = await crypto.subtle.importKey('raw', other.slice(), { name: 'X25519' }, false, []);
        return new Uint8Array(
          await crypto.subtle.deriveBits({ name: 'X25519', public: theirs }, pair.privateKey, 256),
        );
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * WebCrypto's counter mode begins each call at a block. To go on inside a block, as many zeros as the last call used of
 * it are put before the data, and what becomes of them is cut off.
 */
async function aesCtr(key: Uint8Array, counter: Uint8Array): Promise<KeyStream> {
  const imported = await crypto.subtle.importKey('raw', key.slice(), 'AES-CTR', false, ['encrypt']);
  let used = 0;
  return {
    async next(data) {
      const skip = used % 16;
      const at = counterAt(counter, Math.floor(used / 16));
      used += data.length;
      const padded = new Uint8Array(skip + data.length);
      padded.set(data, skip);
      const out = await crypto.subtle.encrypt(
        { name: 'AES-CTR', counter: at, length: 128 },
        imported,
        padded,
      );
      return new Uint8Array(out).slice(skip);
    },
  };
}

/** The counter block so many blocks on: one big-endian number of 128 bits, as in mbedTLS. */
function counterAt(first: Uint8Array, blocks: number): Bytes {
  const out = new Uint8Array(first);
  let carry = blocks;
  for (let i = out.length - 1; i >= 0 && carry > 0; i--) {
    const sum = (out[i] ?? 0) + carry;
    out[i] = sum & 0xff;
    carry = Math.floor(sum / 256);
  }
  return out;
}

async function aesGcm(key: Uint8Array): Promise<SealingKey> {
  const imported = await crypto.subtle.importKey('raw', key.slice(), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ]);
  const by = (nonce: Uint8Array) => ({ name: 'AES-GCM', iv: nonce.slice() });
  return {
    async seal(nonce, plain) {
      return new Uint8Array(await crypto.subtle.encrypt(by(nonce), imported, plain.slice()));
    },
    async open(nonce, sealed) {
      try {
        return new Uint8Array(await crypto.subtle.decrypt(by(nonce), imported, sealed.slice()));
      } catch {
        return undefined;
      }
    },
  };
}

const KINDS = {
  'ecdsa-p256': {
    key: { name: 'ECDSA', namedCurve: 'P-256' },
    use: { name: 'ECDSA', hash: 'SHA-256' },
  },
  // mbedTLS takes the longest salt up to the hash's own length.
  'rsa-pss': { key: { name: 'RSA-PSS', hash: 'SHA-256' }, use: { name: 'RSA-PSS', saltLength: 32 } },
} as const;

async function verify(
  kind: keyof typeof KINDS,
  spki: Uint8Array,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  try {
    const fixed = kind === 'rsa-pss' ? signature : ecdsaToFixed(signature, parseSpki(spki).bits);
    const key = await crypto.subtle.importKey('spki', spki.slice(), KINDS[kind].key, false, ['verify']);
    return await crypto.subtle.verify(KINDS[kind].use, key, fixed.slice(), data.slice());
  } catch {
    return false;
  }
}
