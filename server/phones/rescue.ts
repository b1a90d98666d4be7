import {
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { parse } from '../../contract/parse.ts';
import type { PublicJwk } from '../../contract/public-jwk.ts';
import { RescueContent, RescueHeader } from '../../contract/rescue.ts';
import { concat, fromBase64Url, fromUtf8, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { Needs } from '../ports/stores.ts';
import type { StatementKeys } from '../trail/statement-keys.ts';

export interface RescueParts {
  readonly stores: Needs<'settings'>;
  readonly statementKeys: StatementKeys;
  readonly clock: Clock;
  readonly aud: string;
}

export interface Rescue {
  /** The public key to seal to, signed by the statement key. */
  key(): Promise<string>;
  /** The records in one part; undefined if the part was not sealed to this installation. */
  open(part: string): Promise<readonly string[] | undefined>;
}

/**
 * The rescue key is stored in the database, so that every process of an installation has the same one. That is where
 * the records that it protects on their way will be as well.
 */
export function rescue({ stores, statementKeys, clock, aud }: RescueParts): Rescue {
  let opened: Promise<KeyObject> | undefined;
  const privateKey = () => {
    opened ??= stores.settings.settle('rescue-key', newKey()).then((pem) => createPrivateKey(pem));
    return opened;
  };
  return {
    async key() {
      const jwk = createPublicKey(await privateKey()).export({ format: 'jwk' });
      const { kty, crv, x, y } = jwk as PublicJwk;
      const signer = await statementKeys.active();
      const payload = { aud, jwk: { kty, crv, x, y }, at: toInstant(clock.now()) };
      return (await signer.sign('rescue-key+jws', payload)).jws;
    },
    async open(part) {
      const text = decrypt(part, await privateKey());
      const content = text === undefined ? undefined : parse(RescueContent, parseJson(text));
      return content?.records;
    },
  };
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
}

/** JWE compact serialisation, direct key agreement (RFC 7518 section 4.6). */
function decrypt(jwe: string, key: KeyObject): string | undefined {
  const [head = '', , iv, body, tag] = jwe.split('.').map((part) => fromBase64Url(part));
  const protectedHeader = jwe.slice(0, jwe.indexOf('.'));
  if (!(head instanceof Uint8Array) || iv?.length !== 12 || body === undefined || tag?.length !== 16)
    return undefined;
  const header = parse(RescueHeader, parseJson(fromUtf8(head) ?? ''));
  if (header === undefined) return undefined;
  try {
    const publicKey = createPublicKey({ key: { ...header.epk }, format: 'jwk' });
    const shared = diffieHellman({ privateKey: key, publicKey });
    const decipher = createDecipheriv('aes-256-gcm', concatKdf(shared, header.enc), iv);
    decipher.setAAD(utf8(protectedHeader));
    decipher.setAuthTag(tag);
    return fromUtf8(concat(decipher.update(body), decipher.final()));
  } catch {
    // A point off the curve, another installation's key or a changed byte: the part was not sealed to this key.
    return undefined;
  }
}

/** One round of the Concat KDF gives the 256 bits of A256GCM; no party names. */
function concatKdf(shared: Uint8Array, algorithm: string): Uint8Array {
  const number = (value: number) => Uint8Array.of(0, 0, value >> 8, value & 255);
  const info = concat(number(algorithm.length), utf8(algorithm), number(0), number(0), number(256));
  return createHash('sha256')
    .update(concat(number(1), shared, info))
    .digest();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
