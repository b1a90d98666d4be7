import type { StatementType } from '../../contract/statement.ts';
import { type Bytes, toBase64Url } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort, Signer } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { jwkThumbprint } from '../../core/jwk.ts';
import { sealJws } from '../../core/jws.ts';
import { ecdsaToFixed } from '../../core/spki.ts';
import { type KeySigner, type KeyVault, VaultError } from '../ports/signer.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from './chain.ts';
import { STEPS } from './steps.ts';

export interface SignedStatement {
  readonly jws: string;
  readonly digest: string;
}

/**
 * Signs with the current statement key. Its signature means "the backend says so", and nothing about devices or
 * operators' keys.
 */
export interface StatementSigner {
  readonly kid: string;
  sign(typ: StatementType, payload: object): Promise<SignedStatement>;
}

export interface StatementKeyParts {
  readonly vault: KeyVault;
  readonly stores: Needs<'statements'>;
  readonly transact: Transact<'statements' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** Identity of the installation, which is the audience of every signature. */
  readonly aud: string;
}

export interface StatementKeys {
  /** The newest key; the first one is created if there is none. */
  active(): Promise<StatementSigner>;
  /** Creates the next key, signed by the current one. Returns its kid. */
  rotate(): Promise<string>;
  /** Takes up the keys that the vault has and the database does not know, since it was put back to a copy. */
  catchUp(): Promise<void>;
}

export function statementKeys(parts: StatementKeyParts): StatementKeys {
  const opened = new Map<string, StatementSigner>();

  async function open(kid: string, place: number): Promise<StatementSigner> {
    const cached = opened.get(kid);
    if (cached !== undefined) return cached;
    const key = await parts.vault.open(fileName(place));
    if (key === undefined) throw new VaultError('a statement key of this installation is missing');
    const signer = statementSigner(kid, key, parts.crypto);
    opened.set(kid, signer);
    return signer;
  }

  async function add(): Promise<string> {
    const before = await parts.stores.statements.keys();
    const last = before.at(-1);
    // The key's name follows from its number, so that a key created just before a crash is reused.
    const key = await parts.vault.ensure(fileName(before.length + 1), 'P-256');
    const { kid, jwk } = await publicPart(key, parts.crypto);
    const from = toInstant(Math.max(parts.clock.now(), last === undefined ? 0 : Date.parse(last.from) + 1));
    const signer =
      last === undefined ? statementSigner(kid, key, parts.crypto) : await open(last.kid, before.length);
    const { jws, digest } = await signer.sign('statement-key+jws', { aud: parts.aud, kid, jwk, from });
    return parts.transact(async (tx) => {
      // Another process created the next key meanwhile, from the same file, and its row stays.
      const others = (await tx.statements.keys()).slice(before.length);
      if (others[0] !== undefined) return others[0].kid;
      await tx.statements.saveKey({ kid, jws, from });
      await tx.statements.log(digest, 'statement-key+jws', from);
      await audit(tx.audit, {
        at: from,
        step: STEPS.admin,
        event: 'statement key made',
        actor: 'server',
        org: null,
        subject: kid,
        detail: last === undefined ? 'the first' : `vouched for by ${last.kid}`,
      });
      return kid;
    });
  }

  return {
    async active() {
      const keys = await parts.stores.statements.keys();
      const last = keys.at(-1);
      if (last === undefined) {
        await add();
        return this.active();
      }
      return open(last.kid, keys.length);
    },
    rotate: add,
    async catchUp() {
      for (;;) {
        const { length } = await parts.stores.statements.keys();
        if (length === 0 || (await parts.vault.open(fileName(length + 1))) === undefined) return;
        await add();
      }
    },
  };
}

function fileName(place: number): string {
  return `statement-${place}`;
}

async function publicPart(key: KeySigner, crypto: CryptoPort) {
  const point = key.spki.subarray(-64);
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: toBase64Url(point.subarray(0, 32)),
    y: toBase64Url(point.subarray(32)),
  } as const;
  return { jwk, kid: await jwkThumbprint(jwk, crypto) };
}

function statementSigner(kid: string, key: KeySigner, crypto: CryptoPort): StatementSigner {
  const signer: Signer = { kid, sign: async (data) => ecdsaToFixed(await key.sign(data), 256) as Bytes };
  return {
    kid,
    sign: (typ, payload) => sealJws({ alg: 'ES256', typ, v: 1, kid }, payload, signer, crypto),
  };
}
