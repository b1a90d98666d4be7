import { Integer, Literal, Object as Obj, Optional } from 'typebox/type';
import { type Credential, EnrolProof } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import { PublicJwk } from '../../contract/public-jwk.ts';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import { jwkThumbprint, jwkToSpki } from '../../core/jwk.ts';
import { parseJws, verifyJws } from '../../core/jws.ts';
import type { SignedInPerson } from '../ports/signed-in-person.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { type StatementKeys, statementChain } from '../trail/statement-keys.ts';
import { STEPS } from '../trail/steps.ts';

const NONCE_LIFE = 5 * 60_000;
const CREDENTIAL_LIFE = 30 * 24 * 3_600_000;
/**
 * How long after signing in a person may enrol a new key. A session alone, which whoever holds an unlocked phone has for days,
 * would else be worth a key for a month.
 */
const NEW_KEY_WITHIN = 3_600_000;
const MAX_OFFLINE_SECONDS = 14 * 24 * 3600;

const ProofHeader = Obj(
  {
    alg: Literal('ES256'),
    typ: Literal('enrol+jws'),
    v: Optional(Integer({ minimum: 1, maximum: 1 })),
    jwk: PublicJwk,
  },
  { additionalProperties: false },
);

export interface EnrolParts {
  readonly stores: Needs<'sessions' | 'operatorKeys' | 'statements' | 'eras'>;
  readonly transact: Transact<'operatorKeys' | 'statements' | 'audit'>;
  readonly statementKeys: StatementKeys;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly aud: string;
}

export type EnrolResult =
  | { readonly ok: true; readonly credential: string; readonly previousKid: string | undefined }
  /**
   * `conflict`: the key belongs to another operator, or is revoked. `unauthenticated`: the sign-in is too long ago for a new key.
   * `confirmation_needed`: the database was put back to a copy, which cannot know whether this person was revoked since; the key
   * is kept, so that its records can be taken and held.
   */
  | {
      readonly ok: false;
      readonly code:
        | 'nonce_unknown'
        | 'proof_invalid'
        | 'conflict'
        | 'unauthenticated'
        | 'confirmation_needed';
    };

export interface Enrolment {
  /** A nonce for one enrolment by this session. */
  challenge(session: SignedInPerson): Promise<{ nonce: string; expiresAt: string }>;
  enrol(session: SignedInPerson, proof: string): Promise<EnrolResult>;
  /** The statement keys, and the ends of those that have ended. */
  statementKeys(): Promise<string[]>;
}

export function enrolment(parts: EnrolParts): Enrolment {
  const { stores, clock, crypto, aud } = parts;
  const hashOf = (nonce: string) => crypto.digest(utf8(`nonce:${nonce}`));

  return {
    statementKeys: () => statementChain(stores),

    async challenge(session) {
      const nonce = toBase64Url(crypto.random(32));
      const expiresAt = toInstant(clock.now() + NONCE_LIFE);
      await stores.sessions.saveNonce(await hashOf(nonce), session.hash, expiresAt);
      return { nonce, expiresAt };
    },

    async enrol(session, text) {
      const jws = parseJws(text);
      const header = jws && parse(ProofHeader, jws.header);
      const proof = jws && parse(EnrolProof, jws.payload);
      if (jws === undefined || header === undefined || proof === undefined || proof.aud !== aud) {
        return { ok: false, code: 'proof_invalid' };
      }
      // The nonce is used up before the signature is checked, since it is good for one attempt only.
      const fresh = await stores.sessions.takeNonce(
        await hashOf(proof.nonce),
        session.hash,
        toInstant(clock.now()),
      );
      if (!fresh) return { ok: false, code: 'nonce_unknown' };
      // The signature proves that whoever holds this session can use the key's private half now. It does not prove
      // that the key cannot leave the phone.
      const spki = jwkToSpki(header.jwk);
      if (spki === undefined || !(await verifyJws(jws, spki, crypto))) {
        return { ok: false, code: 'proof_invalid' };
      }
      const kid = await jwkThumbprint(header.jwk, crypto);
      const known = await stores.operatorKeys.key(kid);
      if (known !== undefined && (known.operator !== session.operator || known.revokedAt !== null)) {
        return { ok: false, code: 'conflict' };
      }
      const age = clock.now() - fromInstant(session.begunAt);
      if (known === undefined && Math.abs(age) > NEW_KEY_WITHIN)
        return { ok: false, code: 'unauthenticated' };
      if (await stores.eras.unconfirmed(session.operator)) {
        await keepKey(parts, session, kid, header.jwk);
        return { ok: false, code: 'confirmation_needed' };
      }
      const credential = await credit(parts, session, kid, header.jwk);
      return { ok: true, credential, previousKid: await stores.operatorKeys.previous(session.operator, kid) };
    },
  };
}

async function keepKey(
  { transact, clock }: EnrolParts,
  { operator }: SignedInPerson,
  kid: string,
  jwk: PublicJwk,
): Promise<void> {
  const at = toInstant(clock.now());
  await transact(async (tx) => {
    if ((await tx.operatorKeys.key(kid)) !== undefined) return;
    await tx.operatorKeys.saveKey({ kid, operator, jwk, enrolledAt: at });
    await audit(tx.audit, {
      at,
      step: STEPS.prepare,
      event: 'operator key waits for confirmation',
      actor: operator,
      org: null,
      subject: kid,
    });
  });
}

/** Signs and records the capture credential; records the key too if it is new. */
async function credit(
  parts: EnrolParts,
  session: SignedInPerson,
  kid: string,
  jwk: PublicJwk,
): Promise<string> {
  const now = parts.clock.now();
  const at = toInstant(now);
  const payload: Credential = {
    aud: parts.aud,
    kid,
    jwk,
    operator: session.operator,
    name: session.name,
    memberships: [...session.memberships],
    notBefore: at,
    notAfter: toInstant(now + CREDENTIAL_LIFE),
    maxOfflineSeconds: MAX_OFFLINE_SECONDS,
    at,
  };
  const signer = await parts.statementKeys.active();
  const { jws, digest } = await signer.sign('credential+jws', payload);
  const { notBefore, notAfter, maxOfflineSeconds } = payload;
  await parts.transact(async (tx) => {
    await tx.operatorKeys.saveKey({ kid, operator: session.operator, jwk, enrolledAt: at });
    await tx.operatorKeys.saveCredential(digest, { kid, notBefore, notAfter, maxOfflineSeconds });
    await tx.statements.log(digest, 'credential+jws', at);
    await audit(tx.audit, {
      at,
      step: STEPS.prepare,
      event: 'capture credential issued',
      actor: session.operator,
      org: null,
      subject: kid,
      detail: `until ${notAfter}`,
    });
  });
  return jws;
}
