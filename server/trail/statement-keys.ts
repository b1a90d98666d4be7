import { createPublicKey } from 'node:crypto';
import { parse } from '../../contract/parse.ts';
import { StatementKey, type StatementType } from '../../contract/statement.ts';
import { type Bytes, toBase64Url } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort, Signer } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { jwkThumbprint } from '../../core/jwk.ts';
import { parseJws, sealJws } from '../../core/jws.ts';
import { ecdsaToFixed } from '../../core/spki.ts';
import { type KeySigner, type KeyVault, VaultError } from '../ports/signer.ts';
import type { StatementKeyRow } from '../ports/statement-log.ts';
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
  readonly stores: Needs<'statements' | 'authorities'>;
  readonly transact: Transact<'statements' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** Identity of the installation, which is the audience of every signature. */
  readonly aud: string;
  /** The error when the database no longer knows the key that this process has signed with. */
  takenAway(): Error;
}

export interface StatementKeys {
  /** The newest key; the first one is created if there is none. */
  active(): Promise<StatementSigner>;
  /** Creates the next key, signed by the current one. Returns its kid. */
  rotate(): Promise<string>;
  /** Takes up the keys that the vault has and the database does not know, since it was put back to a copy. */
  catchUp(): Promise<void>;
}

/** Keys and ends that an answer carries at most, and ends among them; apps of any version read so many. */
const MOST = 64;
const MOST_ENDS = 16;

/**
 * What whoever verifies statements needs: each key, signed by the one before, and the ends of those that have ended, in the
 * order in which they came.
 */
export async function statementChain({ statements }: Needs<'statements'>): Promise<string[]> {
  const ends = (await statements.ends()).slice(-MOST_ENDS);
  const keys = (await statements.keys()).filter(isKey).slice(ends.length - MOST);
  return [...keys, ...ends].map(({ jws }) => jws);
}

/**
 * Whether this row is of a key that can sign. An older version took the P-384 key of an organisation called like a statement
 * key for one: half of its point is no point, nothing verifies by it, and nobody could have learned it.
 */
export function isKey({ jws }: StatementKeyRow): boolean {
  const jwk = parse(StatementKey, parseJws(jws)?.payload)?.jwk;
  try {
    return jwk !== undefined && createPublicKey({ key: { ...jwk }, format: 'jwk' }).type === 'public';
  } catch {
    return false;
  }
}

export function statementKeys(parts: StatementKeyParts): StatementKeys {
  const { vault, stores, crypto } = parts;
  const opened = new Map<string, StatementSigner>();
  /** The newest key that was in use, by its place. Keys are only ever added, so the database must go on naming it there. */
  let used: { readonly place: number; readonly kid: string } | undefined;

  /** All rows, and the newest that can sign. */
  async function newest() {
    const rows = await stores.statements.keys();
    const place = rows.findLastIndex(isKey);
    return { rows, place: place + 1, last: rows[place] };
  }

  async function open(kid: string, place: number): Promise<StatementSigner> {
    const cached = opened.get(kid);
    if (cached !== undefined) return cached;
    for (const name of namesOf(place)) {
      const key = await vault.open(name);
      // An organisation of an older version may have a key of this name.
      if (key === undefined || (await publicPart(key, crypto)).kid !== kid) continue;
      const signer = statementSigner(kid, key, crypto);
      opened.set(kid, signer);
      return signer;
    }
    throw new VaultError('a statement key of this installation is missing');
  }

  /** The name of a key that has no row yet. */
  async function nameOf(place: number): Promise<string> {
    const [plain, other] = namesOf(place);
    return (await stores.authorities.authority(plain)) === undefined ? plain : other;
  }

  async function add(): Promise<string> {
    const { rows: before, place, last } = await newest();
    // The key's name follows from its number, so that a key created just before a crash is reused.
    const key = await vault.ensure(await nameOf(before.length + 1), 'P-256');
    const { kid, jwk } = await publicPart(key, crypto);
    const from = toInstant(Math.max(parts.clock.now(), last === undefined ? 0 : Date.parse(last.from) + 1));
    const signer = last === undefined ? statementSigner(kid, key, crypto) : await open(last.kid, place);
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
      const { rows, place, last } = await newest();
      if (used !== undefined && rows[used.place - 1]?.kid !== used.kid) throw parts.takenAway();
      if (last === undefined) {
        await add();
        return this.active();
      }
      const signer = await open(last.kid, place);
      used = { place, kid: last.kid };
      return signer;
    },
    rotate: add,
    async catchUp() {
      for (;;) {
        const { length } = await stores.statements.keys();
        if (length === 0 || (await vault.open(await nameOf(length + 1))) === undefined) return;
        await add();
      }
    },
  };
}

/** Names of the key by its number: the second where an organisation of an older version has the first. */
function namesOf(place: number): readonly [string, string] {
  return [`statement-${place}`, `statement__${place}`];
}

/**
 * Kid of the statement key at this place, counted from 1, as the vault has it: `kid` if it has that one. Undefined if it has none
 * there.
 */
export async function kidInVault(
  place: number,
  kid: string,
  vault: Pick<KeyVault, 'open'>,
  crypto: CryptoPort,
): Promise<string | undefined> {
  const kids: string[] = [];
  for (const name of namesOf(place)) {
    const key = await vault.open(name);
    if (key !== undefined) kids.push((await publicPart(key, crypto)).kid);
  }
  return kids.includes(kid) ? kid : kids[0];
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
