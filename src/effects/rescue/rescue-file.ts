import { MAX_BATCH_RECORDS } from '../../../contract/envelope.ts';
import { parse } from '../../../contract/parse.ts';
import type { PublicJwk } from '../../../contract/public-jwk.ts';
import {
  MAX_PART_RECORDS_LENGTH,
  RESCUE_FILE,
  RescueContent,
  RescueKey,
  RescuePart,
} from '../../../contract/rescue.ts';
import { concat, toBase64Url, utf8 } from '../../../core/bytes.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { type StatementKeys, verifyStatement } from '../../../core/statement.ts';

/** The installation's key out of its signed statement; undefined if nobody known signed it for this installation. */
export async function rescueKeyOf(
  statement: string,
  aud: string,
  keys: StatementKeys,
  crypto: CryptoPort,
): Promise<PublicJwk | undefined> {
  const verified = await verifyStatement(statement, 'rescue-key+jws', keys, crypto);
  const said = verified.ok ? parse(RescueKey, verified.payload) : undefined;
  return said?.aud === aud ? said.jwk : undefined;
}

/** The file: a first line that says what it is, then a sealed part a line. */
export async function writeRescueFile(records: readonly string[], key: PublicJwk): Promise<string> {
  const lines: string[] = [RESCUE_FILE];
  for (const part of partsOf(records)) lines.push(await seal(JSON.stringify({ records: part }), key));
  return `${lines.join('\n')}\n`;
}

/** Its parts, or undefined if this is no rescue file. */
export function readRescueFile(text: string): readonly string[] | undefined {
  const [first, ...lines] = text.split('\n').map((line) => line.trim());
  const parts = lines.filter((line) => line !== '');
  if (first !== RESCUE_FILE || parts.length === 0) return undefined;
  return parts.every((part) => parse(RescuePart, { part }) !== undefined) ? parts : undefined;
}

function partsOf(records: readonly string[]): string[][] {
  const parts: string[][] = [];
  let length = Infinity;
  for (const jws of records) {
    const last = parts.at(-1);
    if (
      last === undefined ||
      last.length === MAX_BATCH_RECORDS ||
      length + jws.length > MAX_PART_RECORDS_LENGTH
    ) {
      parts.push([jws]);
      length = jws.length;
    } else {
      last.push(jws);
      length += jws.length;
    }
  }
  return parts.filter((part) => parse(RescueContent, { records: part }) !== undefined);
}

const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const;

/** JWE compact serialisation, ECDH-ES and A256GCM (RFC 7516; RFC 7518 sections 4.6 and 5.3). */
async function seal(text: string, to: PublicJwk): Promise<string> {
  const { subtle } = globalThis.crypto;
  const theirs = await subtle.importKey('jwk', { ...to }, CURVE, false, []);
  const ours = await subtle.generateKey(CURVE, false, ['deriveBits']);
  const shared = await subtle.deriveBits({ name: 'ECDH', public: theirs }, ours.privateKey, 256);
  const { x = '', y = '' } = await subtle.exportKey('jwk', ours.publicKey);
  const epk = { kty: 'EC', crv: 'P-256', x, y };
  const header = toBase64Url(utf8(JSON.stringify({ alg: 'ECDH-ES', enc: 'A256GCM', epk })));
  const derived = await subtle.digest('SHA-256', concatInput(new Uint8Array(shared), 'A256GCM'));
  const key = await subtle.importKey('raw', derived, 'AES-GCM', false, ['encrypt']);
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(12));
  const sealed = new Uint8Array(
    await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(header) }, key, utf8(text)),
  );
  const body = sealed.subarray(0, -16);
  return [header, '', toBase64Url(iv), toBase64Url(body), toBase64Url(sealed.subarray(-16))].join('.');
}

/** One round of the Concat KDF is enough for 256 bits; no party names. */
function concatInput(shared: Uint8Array, algorithm: string) {
  const number = (value: number) => Uint8Array.of(0, 0, value >> 8, value & 255);
  return concat(
    number(1),
    shared,
    number(algorithm.length),
    utf8(algorithm),
    number(0),
    number(0),
    number(256),
  );
}
