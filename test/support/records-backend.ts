import type { BatchRequest, BatchResponse, RecordResult } from '../../contract/batch.ts';
import type { Change, Changes } from '../../contract/change.ts';
import type { ChainsAnswer, ChainsRequest, HandBack, HandedBack } from '../../contract/era.ts';
import type { ListRow } from '../../contract/list-row.ts';
import type { Receipt } from '../../contract/statement.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { openRecord } from '../../core/envelope.ts';
import type { StatementKeys } from '../../core/statement.ts';
import type { AccordBackend, BackendFailure, BackendResult, SyncBackend } from '../../src/ports/backend.ts';
import type {
  Enrolment,
  KeptStatements,
  ListPart,
  NewestStatement,
  PackList,
  SignedAnchor,
  StoredPack,
  WorkStore,
} from '../../src/ports/work.ts';
import type { MemoryStorage } from './memory-outbox.ts';
import { AUD, credential, crypto, digest, EPOCH, type TestKey } from './records.ts';
import type { TestStatements } from './records-statements.ts';

export type BatchStep = (
  request: BatchRequest,
  honest: () => Promise<BatchResponse>,
) => Promise<BackendResult<BatchResponse>>;

/** Honest unless the script says otherwise: one step of `script` answers one batch, then it is honest again. */
export class ScriptedBackend implements SyncBackend, AccordBackend {
  readonly statements: TestStatements;
  readonly script: BatchStep[] = [];
  readonly batches: BatchRequest[] = [];
  /** Digests taken, with the id and the first answer. */
  readonly taken = new Map<string, RecordResult>();
  readonly changesByOrg = new Map<string, Change[]>();
  readonly calls: string[] = [];
  changesFailure: BackendFailure | undefined;
  keysFailure: BackendFailure | undefined;

  constructor(statements: TestStatements) {
    this.statements = statements;
  }

  async postBatch(request: BatchRequest): Promise<BackendResult<BatchResponse>> {
    this.calls.push('records');
    this.batches.push(request);
    const honest = () => this.answer(request);
    const step = this.script.shift();
    return step === undefined ? { ok: true, value: await honest() } : step(request, honest);
  }

  async answer(request: BatchRequest): Promise<BatchResponse> {
    const results: RecordResult[] = [];
    for (const jws of request.records) results.push(await this.take(jws));
    return { batch: request.batch, nonce: request.nonce, at: '2026-01-02T00:00:00.000Z', results };
  }

  async take(jws: string): Promise<RecordResult> {
    const opened = await openRecord(jws, crypto);
    if (!opened.ok) return { digest: opened.digest, status: 'rejected', code: opened.code };
    const before = this.taken.get(opened.digest);
    if (before !== undefined) return { ...before, status: 'duplicate' };
    const result: RecordResult = {
      digest: opened.digest,
      status: 'received',
      receipt: await this.statements.sign('receipt+jws', receiptFor(opened)),
    };
    this.taken.set(opened.digest, result);
    return result;
  }

  /** Has everything, unless a test says otherwise. */
  async chains(chains: ChainsRequest['chains']): Promise<BackendResult<ChainsAnswer>> {
    const answers = chains.map(({ kid }) => ({ kid, known: true, missing: [], more: false }));
    return { ok: true, value: { nonce: digest(2), chains: answers } };
  }

  async handBack(what: HandBack): Promise<BackendResult<HandedBack>> {
    const { statements, certificates } = what;
    return {
      ok: true,
      value: { statements: statements.length, certificates: certificates.length, holds: 0 },
    };
  }

  async changes(org: string, after: string): Promise<BackendResult<Changes>> {
    this.calls.push(`changes ${org} ${after}`);
    if (this.changesFailure !== undefined) return { ok: false, failure: this.changesFailure } as const;
    const all = this.changesByOrg.get(org) ?? [];
    const from = after === '' ? 0 : Number(after);
    // Two at a time, so that `more` matters.
    const changes = all.slice(from, from + 2);
    const cursor = all.length === 0 ? after : String(from + changes.length);
    return {
      ok: true,
      value: { nonce: digest(1), cursor, more: from + changes.length < all.length, changes },
    } as const;
  }

  async statementKeys(): Promise<BackendResult<readonly string[]>> {
    this.calls.push('statement-keys');
    return this.keysFailure === undefined
      ? { ok: true, value: this.statements.chain }
      : { ok: false, failure: this.keysFailure };
  }

  async probe(): Promise<BackendResult<null>> {
    return { ok: true, value: null };
  }
}

export function receiptFor(
  { header, jws, digest }: Extract<Awaited<ReturnType<typeof openRecord>>, { ok: true }>,
  over: Partial<Receipt> = {},
): Receipt {
  const { id } = jws.payload as { id: string };
  return {
    aud: AUD,
    id,
    digest,
    kid: header.kid,
    seq: header.seq,
    status: 'received',
    at: '2026-01-02T00:00:00.000Z',
    ...over,
  };
}

/** What the phone carries, in memory; anchors that records named lie with the records. */
export class MemoryWork implements WorkStore, KeptStatements {
  enrolled: Enrolment | undefined;
  keys: StatementKeys;
  readonly stored: StoredPack[] = [];
  readonly lists = new Map<
    string,
    PackList & { readonly digests: Set<string>; readonly plain: Map<string, ListRow> }
  >();
  readonly texts = new Map<string, string>();
  readonly credentialTexts: string[] = [];
  chain: readonly string[] = [];
  newest: string | undefined;
  anchor: SignedAnchor | undefined;
  readonly #named: Pick<MemoryStorage, 'anchors'>;

  constructor(
    keys: StatementKeys = new Map(),
    enrolled?: Enrolment,
    named: Pick<MemoryStorage, 'anchors'> = { anchors: new Map() },
  ) {
    this.keys = keys;
    this.enrolled = enrolled;
    this.#named = named;
  }

  async enrolment() {
    return this.enrolled;
  }
  async packs() {
    return this.stored.map((stored) => {
      const list = this.lists.get(stored.pack.org);
      return list === undefined ? stored : { ...stored, list };
    });
  }
  async saveList({ org, changes, digests: bytes, etag }: ListPart) {
    const before = changes.after === '' ? undefined : this.lists.get(org);
    // In place: a copy of a million for each answer would be what is measured.
    const [digests, plain] = [
      before?.digests ?? new Set<string>(),
      before?.plain ?? new Map<string, ListRow>(),
    ];
    const split = (text: string) => text.match(/.{16}/g) ?? [];
    for (const digest of split(toBase64Url(bytes))) digests.add(digest);
    for (const digest of split(changes.gone)) digests.delete(digest);
    for (const digest of [...split(changes.gone), ...split(changes.moved)]) plain.delete(digest);
    for (const { digest, row } of changes.rows) plain.set(digest, row);
    this.lists.set(org, {
      ...{ digests, plain, etag, cursor: changes.to, salt: changes.salt },
      ...{ whole: changes.whole && !changes.more, size: digests.size, rows: [...plain.values()] },
      has: async (digest) => digests.has(digest),
    });
  }
  async savePack(jws: string, pack: StoredPack, anchor?: SignedAnchor) {
    const at = this.stored.findIndex((one) => one.pack.org === pack.pack.org);
    this.stored.splice(at < 0 ? this.stored.length : at, at < 0 ? 0 : 1, pack);
    this.texts.set(pack.pack.org, jws);
    if (anchor !== undefined) this.anchor = anchor;
    this.newest = anchor?.digest ?? pack.digest;
  }
  async keepPacksOf(orgs: readonly string[]) {
    for (const one of [...this.stored])
      if (!orgs.includes(one.pack.org)) this.stored.splice(this.stored.indexOf(one), 1);
  }
  async statementKeys() {
    return this.keys;
  }
  async saveStatementKeys(keys: StatementKeys, chain?: readonly string[]) {
    this.keys = keys;
    if (chain !== undefined) this.chain = chain;
  }
  async newestStatement(): Promise<NewestStatement | undefined> {
    if (this.newest === undefined) return undefined;
    return this.anchor?.digest === this.newest ? this.anchor : { digest: this.newest };
  }
  async saveAnchor(anchor: SignedAnchor) {
    if (this.anchor?.digest === anchor.digest) return;
    this.anchor = anchor;
    this.newest = anchor.digest;
  }
  async anchors(digests: readonly string[]) {
    return digests.flatMap((one) => this.#named.anchors.get(one) ?? []);
  }
  async credentials() {
    return this.credentialTexts;
  }
  async statementChain() {
    return this.chain;
  }
  async packTexts() {
    return [...this.texts.values()];
  }
}

export function enrolmentOf(key: TestKey, over: Partial<Enrolment> = {}): Enrolment {
  return {
    credential: credential(key),
    credentialDigest: digest(77),
    signer: key.signer,
    epoch: EPOCH,
    persistent: true,
    ...over,
  };
}
