import type { RecordResult } from '../../contract/batch.ts';
import type { Change, Changes } from '../../contract/change.ts';
import type { ChainsAnswer, ChainsRequest, Era, HandBack, HandedBack } from '../../contract/era.ts';
import { Credential } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import { openRecord } from '../../core/envelope.ts';
import { toInstant } from '../../core/instant.ts';
import { parseJws } from '../../core/jws.ts';
import { verifyStatement } from '../../core/statement.ts';
import type { BackendResult } from '../../src/ports/backend.ts';
import { AUD, crypto, digest } from './records.ts';
import { ScriptedBackend } from './records-backend.ts';
import { digestOfJws, type TestStatements } from './records-statements.ts';

interface Place {
  readonly kid: string;
  readonly seq: number;
  readonly result: RecordResult;
}

interface Copy {
  readonly places: ReadonlyMap<string, Place>;
  readonly keys: ReadonlySet<string>;
  readonly statements: ReadonlySet<string>;
  readonly changes: ReadonlyMap<string, readonly Change[]>;
}

const COPY_AT = '2026-01-01T06:00:00.000Z';

/** A backend with a memory that can be put back to an older copy, as far as phones can tell. */
export class PutBackBackend extends ScriptedBackend {
  /** What it has, by digest, in the order in which it came. */
  readonly places = new Map<string, Place>();
  readonly keys = new Set<string>();
  readonly signed = new Set<string>();
  /** Numbers of records that named a statement it does not know, in the order in which they came. */
  readonly unanchored: number[] = [];
  readonly handedBack: HandBack[] = [];
  readonly asked: ChainsRequest['chains'][] = [];
  eras = 0;
  anchors = 0;
  era: Era | undefined;
  eraText: string | undefined;
  /** How many stretches one answer names. */
  most = 200;

  constructor(statements: TestStatements, kids: readonly string[]) {
    super(statements);
    for (const kid of kids) this.keys.add(kid);
  }

  copy(): Copy {
    return {
      places: new Map(this.places),
      keys: new Set(this.keys),
      statements: new Set(this.signed),
      changes: new Map(Array.from(this.changesByOrg, ([org, changes]) => [org, [...changes]])),
    };
  }

  async putBack(copy: Copy): Promise<void> {
    for (const [mine, theirs] of [
      [this.places, copy.places],
      [this.changesByOrg, copy.changes],
    ] as const) {
      mine.clear();
      for (const [key, value] of theirs) (mine as Map<string, unknown>).set(key, value);
    }
    for (const [mine, theirs] of [
      [this.keys, copy.keys],
      [this.signed, copy.statements],
    ] as const) {
      mine.clear();
      for (const one of theirs) mine.add(one);
    }
    await this.beginEra();
  }

  async beginEra(): Promise<void> {
    const before = this.era?.era ?? null;
    this.eras += 1;
    const era = `era-${String(this.eras).padStart(18, '0')}`;
    this.era = { aud: AUD, era, before, copyAt: COPY_AT, at: '2026-01-03T00:00:00.000Z' };
    this.eraText = await this.statements.sign('era+jws', this.era);
  }

  override async take(jws: string): Promise<RecordResult> {
    const opened = await openRecord(jws, crypto);
    if (!opened.ok) return { digest: opened.digest, status: 'rejected', code: opened.code };
    const { kid, seq, anchor } = opened.header;
    if (!this.keys.has(kid))
      return { digest: opened.digest, status: 'rejected', code: 'operator_key_unknown' };
    const before = this.places.get(opened.digest);
    if (before !== undefined) return { ...before.result, status: 'duplicate' };
    if (!this.signed.has(anchor)) this.unanchored.push(seq);
    this.taken.delete(opened.digest);
    const result = await super.take(jws);
    this.places.set(opened.digest, { kid, seq, result });
    if (result.receipt !== undefined) this.signed.add(await digestOfJws(result.receipt));
    return result;
  }

  override async chains(chains: ChainsRequest['chains']): Promise<BackendResult<ChainsAnswer>> {
    this.asked.push(chains);
    const answers = chains.map(({ kid, seq }) => {
      const has = new Set([...this.places.values()].filter((one) => one.kid === kid).map((one) => one.seq));
      const missing: { from: number; to: number }[] = [];
      for (let n = 1; n <= seq; n++) {
        if (has.has(n)) continue;
        const last = missing.at(-1);
        if (last?.to === n - 1) last.to = n;
        else missing.push({ from: n, to: n });
      }
      const [known, more] = [this.keys.has(kid), missing.length > this.most];
      return { kid, known, missing: missing.slice(0, this.most), more };
    });
    const era = this.eraText === undefined ? {} : { era: this.eraText };
    return { ok: true, value: { nonce: digest(2), chains: answers, ...era } };
  }

  override async handBack(what: HandBack): Promise<BackendResult<HandedBack>> {
    this.handedBack.push(what);
    let statements = 0;
    for (const jws of what.statements) {
      const typ = (parseJws(jws)?.header as { typ?: unknown } | undefined)?.typ;
      if (typ !== 'credential+jws' && typ !== 'receipt+jws' && typ !== 'anchor+jws') continue;
      const result = await verifyStatement(jws, typ, this.statements.known(), crypto);
      if (!result.ok) continue;
      statements += 1;
      this.signed.add(result.digest);
      const credential = typ === 'credential+jws' ? parse(Credential, result.payload) : undefined;
      if (credential !== undefined) this.keys.add(credential.kid);
    }
    return { ok: true, value: { statements, certificates: what.certificates.length, holds: 0 } };
  }

  override async changes(org: string, after: string): Promise<BackendResult<Changes>> {
    // A cursor of another era begins anew.
    const tag = `${this.era?.era ?? 'first'}:`;
    const answer = await super.changes(org, after.startsWith(tag) ? after.slice(tag.length) : '');
    if (!answer.ok) return answer;
    return {
      ok: true,
      value: {
        ...answer.value,
        cursor: tag + answer.value.cursor,
        ...(this.era === undefined ? {} : { era: this.era.era }),
        anchor: await this.anchor(),
      },
    };
  }

  /** Another one each time. */
  async anchor(): Promise<string> {
    const at = toInstant(Date.UTC(2026, 0, 3) + this.anchors++);
    const jws = await this.statements.sign('anchor+jws', { aud: AUD, at });
    this.signed.add(await digestOfJws(jws));
    return jws;
  }
}
