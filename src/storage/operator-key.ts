import { Credential } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import type { PublicJwk } from '../../contract/public-jwk.ts';
import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import type { CryptoPort, Signer } from '../../core/crypto.ts';
import { jwkThumbprint } from '../../core/jwk.ts';
import type { StatementKeys } from '../../core/statement.ts';
import type { Enrolment } from '../ports/work.ts';
import { type DatabaseHandle, writeStrictly } from './database.ts';
import { StorageError } from './error.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
/** In `keys`: the statements that led to the statement keys, as they were signed. */
export const CHAIN = 'statement-chain';
const SIGN = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** In `meta`, by digest: capture credentials as they were signed. They stay when another key takes the place of theirs. */
export const CREDENTIALS = 'credential:';

/** A new operator key. Its private half is not extractable: it signs here or nowhere. */
export interface OperatorKey {
  readonly signer: Signer;
  readonly jwk: PublicJwk;
  readonly pair: CryptoKeyPair;
}

export async function makeOperatorKey(crypto: CryptoPort): Promise<OperatorKey> {
  const pair = await globalThis.crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  const exported = await globalThis.crypto.subtle.exportKey('jwk', pair.publicKey);
  const jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x: exported.x ?? '', y: exported.y ?? '' };
  return { pair, jwk, signer: signerOf(pair.privateKey, await jwkThumbprint(jwk, crypto)) };
}

function signerOf(privateKey: CryptoKey, kid: string): Signer {
  return {
    kid,
    sign: async (data) =>
      new Uint8Array(await globalThis.crypto.subtle.sign(SIGN, privateKey, Uint8Array.from(data))),
  };
}

interface StoredOperator {
  readonly privateKey: CryptoKey;
  readonly credential: unknown;
  readonly credentialDigest: string;
}

/** Keeps the enrolled operator key, its capture credential and the statement keys pinned with it. */
export class OperatorKeyStore {
  readonly #db: DatabaseHandle;
  /** Where IndexedDB refuses a key (private mode, lockdown) it lives here until the page closes. */
  #session: StoredOperator | undefined;

  constructor(db: DatabaseHandle) {
    this.#db = db;
  }

  /** Stores and reads back; false if this browser cannot keep the key beyond the session. */
  save(key: OperatorKey, credential: Credential, credentialDigest: string, jws: string): Promise<boolean> {
    return this.#save({ privateKey: key.pair.privateKey, credential, credentialDigest }, credential.kid, jws);
  }

  /** Another credential for the key that is here. */
  async renew(credential: Credential, credentialDigest: string, jws: string): Promise<void> {
    const stored = this.#session ?? (await this.#read());
    const { kid } = parse(Credential, stored?.credential) ?? {};
    if (stored === undefined || kid !== credential.kid) return; // another tab has enrolled another one
    const { privateKey } = stored;
    await this.#save({ privateKey, credential, credentialDigest }, kid, jws);
  }

  async #save(stored: StoredOperator, kid: string, jws: string): Promise<boolean> {
    const { privateKey, credentialDigest } = stored;
    try {
      await this.#db.use((db) =>
        writeStrictly(db, ['keys', 'meta'], async (tx) => {
          await tx.objectStore('keys').put(stored, 'operator');
          // The newest thing the backend signed for this phone: records that follow prove by it that they came later.
          await tx.objectStore('meta').put(credentialDigest, 'statement');
          await tx.objectStore('meta').put(jws, `${CREDENTIALS}${credentialDigest}`);
        }),
      );
      const back = await this.#read();
      await signerOf(back?.privateKey ?? privateKey, kid).sign(new Uint8Array(1));
      this.#session = back === undefined ? stored : undefined;
      return back !== undefined;
    } catch (error) {
      if (error instanceof StorageError && error.code === 'phone_storage_full') throw error;
      this.#session = stored;
      return false;
    }
  }

  async enrolment(): Promise<Enrolment | undefined> {
    const stored = this.#session ?? (await this.#read());
    const credential = stored && parse(Credential, stored.credential);
    if (stored === undefined || credential === undefined) return undefined;
    return {
      credential,
      credentialDigest: stored.credentialDigest,
      signer: signerOf(stored.privateKey, credential.kid),
      epoch: await this.epoch(),
      persistent: this.#session === undefined,
    };
  }

  /** The epoch of what is stored, if anything ever was; makes none. */
  knownEpoch(): Promise<string | undefined> {
    return this.#db.use(async (db) => {
      const found = await db.get('meta', 'epoch');
      return typeof found === 'string' ? found : undefined;
    });
  }

  /** Names this storage: made once, gone if the browser wipes it, so that a wipe shows. */
  epoch(): Promise<string> {
    return this.#db.use((db) =>
      writeStrictly(db, ['meta'], async (tx) => {
        const meta = tx.objectStore('meta');
        const found = await meta.get('epoch');
        if (typeof found === 'string') return found;
        const epoch = globalThis.crypto.randomUUID();
        await meta.put(epoch, 'epoch');
        return epoch;
      }),
    );
  }

  statementKeys(): Promise<StatementKeys> {
    return this.#db.use(async (db) => {
      const stored = await db.get('keys', 'statement');
      const keys = new Map<string, Uint8Array>();
      if (typeof stored !== 'object' || stored === null) return keys;
      for (const [kid, spki] of Object.entries(stored)) {
        const bytes = typeof spki === 'string' ? fromBase64Url(spki) : undefined;
        if (bytes !== undefined) keys.set(kid, bytes);
      }
      return keys;
    });
  }

  async saveStatementKeys(keys: StatementKeys, chain?: readonly string[]): Promise<void> {
    const stored = Object.fromEntries(Array.from(keys, ([kid, spki]) => [kid, toBase64Url(spki)]));
    await this.#db.use((db) =>
      writeStrictly(db, ['keys'], async (tx) => {
        await tx.objectStore('keys').put(stored, 'statement');
        if (chain !== undefined) await tx.objectStore('keys').put(chain, CHAIN);
      }),
    );
  }

  /** Forgets key, credential and pinned statement keys: this phone is enrolled nowhere afterwards. */
  async forget(): Promise<void> {
    this.#session = undefined;
    await this.#db.use(async (db) => {
      const tx = db.transaction(['keys', 'meta'], 'readwrite', { durability: 'strict' });
      await tx.objectStore('keys').clear();
      await tx.objectStore('meta').delete('statement');
      await tx.done;
    });
  }

  #read(): Promise<StoredOperator | undefined> {
    return this.#db.use(async (db) => {
      const value = await db.get('keys', 'operator');
      return isStored(value) ? value : undefined;
    });
  }
}

function isStored(value: unknown): value is StoredOperator {
  if (typeof value !== 'object' || value === null) return false;
  const { privateKey, credentialDigest } = value as Partial<StoredOperator>;
  return privateKey instanceof CryptoKey && typeof credentialDigest === 'string';
}
