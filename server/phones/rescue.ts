import { createDecipheriv, createHash } from 'node:crypto';
import { parse } from '../../contract/parse.ts';
import { RescueContent, RescueHeader } from '../../contract/rescue.ts';
import { concat, fromBase64Url, fromUtf8, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { RescueKeys } from '../ports/rescue-keys.ts';
import type { StatementKeys } from '../trail/statement-keys.ts';

export interface RescueParts {
  readonly rescueKeys: RescueKeys;
  readonly statementKeys: StatementKeys;
  readonly clock: Clock;
  readonly aud: string;
}

export interface Rescue {
  /** The public key to seal to, signed by the statement key; undefined if what is sealed to it could not be opened here. */
  key(): Promise<string | undefined>;
  /** The records in one part; undefined if the part was not sealed to this installation. */
  open(part: string): Promise<readonly string[] | undefined>;
}

/** Rescue files are sealed to the newest rescue key, and opened by whichever they were sealed to. */
export function rescue({ rescueKeys, statementKeys, clock, aud }: RescueParts): Rescue {
  return {
    async key() {
      const jwk = await rescueKeys.current();
      if (jwk === undefined) return undefined;
      const signer = await statementKeys.active();
      const payload = { aud, jwk, at: toInstant(clock.now()) };
      return (await signer.sign('rescue-key+jws', payload)).jws;
    },
    async open(part) {
      const text = await decrypt(part, rescueKeys);
      const content = text === undefined ? undefined : parse(RescueContent, parseJson(text));
      return content?.records;
    },
  };
}

/** JWE compact serialisation, direct key agreement (RFC 7518 section 4.6). */
async function decrypt(jwe: string, keys: RescueKeys): Promise<string | undefined> {
  const [head = '', , iv, body, tag] = jwe.split('.').map((part) => fromBase64Url(part));
  const protectedHeader = jwe.slice(0, jwe.indexOf('.'));
  if (!(head instanceof Uint8Array) || iv?.length !== 12 || body === undefined || tag?.length !== 16)
    return undefined;
  const header = parse(RescueHeader, parseJson(fromUtf8(head) ?? ''));
  if (header === undefined) return undefined;
  // The part does not say which key it was sealed to; only the right one fits its tag.
  for (const shared of await keys.agree(header.epk)) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', concatKdf(shared, header.enc), iv);
      decipher.setAAD(utf8(protectedHeader));
      decipher.setAuthTag(tag);
      return fromUtf8(concat(decipher.update(body), decipher.final()));
    } catch {
      // Another key's, another installation's, or a changed byte.
    }
  }
  return undefined;
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
