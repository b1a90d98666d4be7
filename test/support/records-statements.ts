import type { StatementKey, StatementKeyEnd, StatementType } from '../../contract/statement.ts';
import { jwsDigest, signJws } from '../../core/jws.ts';
import type { StatementKeys } from '../../core/statement.ts';
import { AUD, crypto, makeKey, type TestKey } from './records.ts';

/** The backend's statement keys: the newest signs, each new one is vouched for by the one before. */
export class TestStatements {
  readonly keys: TestKey[] = [];
  /** The published chain, first key first. */
  readonly chain: string[] = [];

  static async create(): Promise<TestStatements> {
    const statements = new TestStatements();
    await statements.rotate();
    return statements;
  }

  async rotate(): Promise<TestKey> {
    const key = await makeKey();
    const signer = this.keys.at(-1) ?? key;
    this.chain.push(await statementKeyJws(key, signer));
    this.keys.push(key);
    return key;
  }

  /** Ends a key by the newest one, or by another; the end is published with the keys. */
  async end(key: TestKey, by = this.active, over: Partial<StatementKeyEnd> = {}): Promise<string> {
    const seal = { n: 1, digest: 'A'.repeat(43) };
    const payload = { aud: AUD, kid: key.signer.kid, end: '2026-01-02T00:00:00.000Z', seal, ...over };
    const jws = await this.sign('statement-key-end+jws', payload, by);
    this.chain.push(jws);
    return jws;
  }

  get active(): TestKey {
    return keyAt(this.keys, this.keys.length - 1);
  }

  /** What a phone knows that was enrolled when `count` keys had been made. */
  known(count = this.keys.length): StatementKeys {
    return new Map(this.keys.slice(0, count).map((key) => [key.signer.kid, key.spki]));
  }

  sign(typ: StatementType, payload: object, by = this.active): Promise<string> {
    return signJws({ alg: 'ES256', typ, v: 1, kid: by.signer.kid }, payload, by.signer);
  }
}

export function keyAt(keys: readonly TestKey[], at: number): TestKey {
  const key = keys[at];
  if (key === undefined) throw new Error(`no key ${at}`);
  return key;
}

export async function statementKeyJws(
  key: TestKey,
  by: TestKey,
  over: Partial<StatementKey> = {},
): Promise<string> {
  const payload: StatementKey = {
    aud: AUD,
    kid: key.signer.kid,
    jwk: key.jwk,
    from: '2026-01-01T00:00:00.000Z',
    ...over,
  };
  return signJws({ alg: 'ES256', typ: 'statement-key+jws', v: 1, kid: by.signer.kid }, payload, by.signer);
}

export function digestOfJws(jws: string): Promise<string> {
  return jwsDigest(jws.slice(0, jws.lastIndexOf('.')), crypto);
}
