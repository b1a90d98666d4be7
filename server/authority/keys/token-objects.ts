import { createHash, randomBytes } from 'node:crypto';
import { toHex } from '../../../core/bytes.ts';
import { enterDer, TAG } from '../../../core/der.ts';
import { ecdsaToDer } from '../../../core/spki.ts';
import { VaultError } from '../../ports/signer.ts';
import { bits, oid, sequence } from '../../x509/der-writer.ts';
import type { Token } from './token.ts';

type Handle = Parameters<Token['lib']['C_DestroyObject']>[1];
type Session = Parameters<Token['lib']['C_DestroyObject']>[0];

const EC_PUBLIC_KEY = oid('1.2.840.10045.2.1');
export const CURVES = {
  'P-256': { oid: oid('1.2.840.10045.3.1.7'), algorithm: 'ES256', hash: 'sha256', bits: 256 },
  'P-384': { oid: oid('1.3.132.0.34'), algorithm: 'ES384', hash: 'sha384', bits: 384 },
} as const;
type CurveFacts = (typeof CURVES)[keyof typeof CURVES];

/** A key in a token. Its handle is valid as long as the login. */
export interface TokenKey {
  readonly handle: Handle;
  readonly facts: CurveFacts;
  readonly spki: Uint8Array;
}

const label = (name: string) => `fieldbind/${name}`;

function search(
  token: Token,
  session: Session,
  template: readonly { type: number; value: AttributeValue }[],
): Handle[] {
  const { lib } = token;
  lib.C_FindObjectsInit(session, [...template]);
  try {
    return lib.C_FindObjects(session, 3);
  } finally {
    lib.C_FindObjectsFinal(session);
  }
}
type AttributeValue = number | string | Buffer;

/** The key called `name`; undefined if it does not exist. */
export function lookUp(token: Token, session: Session, name: string): TokenKey | undefined {
  const { lib, constants: c } = token;
  const called = { type: c.CKA_LABEL, value: label(name) };
  const [handle, ...more] = search(token, session, [{ type: c.CKA_CLASS, value: c.CKO_PRIVATE_KEY }, called]);
  if (handle === undefined) return undefined;
  if (more.length > 0) throw new VaultError(`the token holds two keys called ${label(name)}`);
  const read = (object: Handle, ...types: number[]) =>
    lib
      .C_GetAttributeValue(
        session,
        object,
        types.map((type) => ({ type })),
      )
      .map(({ value }) => new Uint8Array(value as Buffer));
  const [extractable, id = new Uint8Array()] = read(handle, c.CKA_EXTRACTABLE, c.CKA_ID);
  if (extractable?.[0] !== 0)
    throw new VaultError(`the key ${label(name)} can be taken out of the token, so it protects nothing`);
  const [other] = search(token, session, [
    { type: c.CKA_CLASS, value: c.CKO_PUBLIC_KEY },
    called,
    { type: c.CKA_ID, value: Buffer.from(id) },
  ]);
  if (other === undefined) throw new VaultError(`the token holds no public key ${label(name)}`);
  const [parameters, point] = read(other, c.CKA_EC_PARAMS, c.CKA_EC_POINT);
  const facts = Object.values(CURVES).find((one) => toHex(one.oid) === toHex(parameters ?? new Uint8Array()));
  if (facts === undefined) throw new VaultError(`the key ${label(name)} is neither P-256 nor P-384`);
  const spki = sequence(sequence(EC_PUBLIC_KEY, facts.oid), bits(pointOf(point ?? new Uint8Array(), facts)));
  return { handle, facts, spki };
}

/** An uncompressed point: in an OCTET STRING, as PKCS#11 2.40 section 2.3.3 says, or bare, as some tokens return it. */
function pointOf(value: Uint8Array, facts: CurveFacts): Uint8Array {
  const length = facts.bits / 4 + 1;
  const point = value.length === length ? value : enterPoint(value);
  if (point.length !== length || point[0] !== 4)
    throw new VaultError('the token gives a point of no known form');
  return point;
}

function enterPoint(value: Uint8Array): Uint8Array {
  const outer = enterDer(sequence(value), TAG.sequence);
  const point = outer.next(TAG.octetString).content;
  outer.end();
  return point;
}

/** Generates a key that never leaves the token. */
export async function generate(
  token: Token,
  session: Session,
  name: string,
  curve: Uint8Array,
): Promise<void> {
  const { lib, constants: c } = token;
  const same = [
    { type: c.CKA_TOKEN, value: true },
    { type: c.CKA_LABEL, value: label(name) },
    { type: c.CKA_ID, value: randomBytes(16) },
  ];
  await lib.C_GenerateKeyPairAsync(
    session,
    { mechanism: c.CKM_EC_KEY_PAIR_GEN },
    [...same, { type: c.CKA_VERIFY, value: true }, { type: c.CKA_EC_PARAMS, value: Buffer.from(curve) }],
    [
      ...same,
      { type: c.CKA_PRIVATE, value: true },
      { type: c.CKA_SENSITIVE, value: true },
      { type: c.CKA_EXTRACTABLE, value: false },
      { type: c.CKA_SIGN, value: true },
      { type: c.CKA_DECRYPT, value: false },
      { type: c.CKA_DERIVE, value: false },
    ],
  );
}

/** CKM_ECDSA takes the digest and returns r‖s (PKCS#11 2.40, mechanisms, section 2.3.6). */
export async function signWith(
  token: Token,
  { handle, facts }: TokenKey,
  data: Uint8Array,
): Promise<Uint8Array> {
  const { lib, constants: c } = token;
  const digest = createHash(facts.hash).update(data).digest();
  const fixed = await token.use((session) => {
    lib.C_SignInit(session, { mechanism: c.CKM_ECDSA }, handle);
    return lib.C_SignAsync(session, digest, Buffer.alloc(facts.bits / 4));
  });
  const der = ecdsaToDer(new Uint8Array(fixed), facts.bits);
  if (der === undefined) throw new VaultError('the token gives a signature of another length');
  return der;
}
