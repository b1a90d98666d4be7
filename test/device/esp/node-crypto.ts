import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  verify,
} from 'node:crypto';
import type { ProtocommCrypto } from '../../../src/device/protocols/protocomm/crypto.ts';

const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const bytes = (buffer: Uint8Array) => new Uint8Array(buffer);

/**
 * The drivers' cryptography by node:crypto, done at once: a fake clock must not run while a thread pool computes. Its
 * counter mode is OpenSSL's own stream, so it also checks what the page's adapter makes of WebCrypto's.
 *
 * @param fixed a private X25519 key and random bytes, where a vector prescribes them
 */
export function nodeProtocommCrypto(
  fixed: { x25519?: Uint8Array; random?: Uint8Array } = {},
): ProtocommCrypto {
  return {
    random: (length) => bytes(fixed.random ?? randomBytes(length)),
    sha256: async (data) => bytes(createHash('sha256').update(data).digest()),
    sha512: async (data) => bytes(createHash('sha512').update(data).digest()),
    async x25519() {
      const key =
        fixed.x25519 === undefined ? generateKeyPairSync('x25519').privateKey : privateOf(fixed.x25519);
      const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
      return {
        publicKey: bytes(spki.subarray(X25519_SPKI.length)),
        async agree(other) {
          const der = Buffer.concat([X25519_SPKI, other]);
          const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
          try {
            return bytes(diffieHellman({ privateKey: key, publicKey }));
          } catch {
            return undefined;
          }
        },
      };
    },
    async aesCtr(key, counter) {
      const cipher = createCipheriv('aes-256-ctr', key, counter);
      return { next: async (data) => bytes(cipher.update(data)) };
    },
    async aesGcm(key) {
      return {
        async seal(nonce, plain) {
          const cipher = createCipheriv('aes-256-gcm', key, nonce);
          return bytes(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
        },
        async open(nonce, sealed) {
          if (sealed.length < 16) return undefined;
          const cipher = createDecipheriv('aes-256-gcm', key, nonce);
          cipher.setAuthTag(sealed.subarray(-16));
          try {
            return bytes(Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]));
          } catch {
            return undefined;
          }
        },
      };
    },
    async verify(kind, spki, signature, data) {
      const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
      const how =
        kind === 'rsa-pss' ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : { key };
      return verify('sha256', data, how, signature);
    },
  };
}

function privateOf(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([X25519_PKCS8, raw]), format: 'der', type: 'pkcs8' });
}
