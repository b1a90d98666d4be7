import { RecordHeader } from '../../contract/envelope.ts';
import { type HandBack, MAX_HAND_BACK } from '../../contract/era.ts';
import { Credential } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import { CompactJws, Pem } from '../../contract/scalars.ts';
import { parseJws } from '../../core/jws.ts';
import type { RecordPapers } from '../ports/again.ts';
import type { BackendFailure } from '../ports/backend.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import type { DrainPorts } from './drain-ports.ts';

const Statement = CompactJws(8192);
const Certificate = Pem(8192);
const LONGEST_PACK = 3 * 1024 * 1024;
/** Rows whose papers are in memory at a time. */
const CHUNK = 100;

/** What keeps the next request from being answered either. A refusal is of this one only. */
export function standsInTheWay(failure: BackendFailure): boolean {
  return failure.kind !== 'refused' && failure.kind !== 'not_our_backend';
}

/**
 * Tells the backend what it signed itself. Each item proves itself by its signature, so nothing is lost by handing it back
 * for nothing, and nothing is gained by a backend that asks for it.
 */
export class HandingBack {
  readonly #ports: DrainPorts;
  readonly #aud: string;
  readonly #signal: AbortSignal;
  readonly #isRetry: boolean;
  readonly #seen = new Set<string>();
  readonly #statements: string[] = [];
  readonly #certificates: string[] = [];

  /** `isRetry`: a request had failed at the backend's end, so what it chokes on is sought. */
  constructor(ports: DrainPorts, aud: string, isRetry: boolean, signal: AbortSignal) {
    this.#ports = ports;
    this.#isRetry = isRetry;
    this.#aud = aud;
    this.#signal = signal;
  }

  /** What leads to the statement keys, and the credentials of these operator keys. */
  async keys(ofKey: (kid: string) => boolean): Promise<BackendFailure | undefined> {
    const { kept } = this.#ports;
    const credentials = (await kept.credentials()).filter((jws) => {
      const said = parse(Credential, parseJws(jws)?.payload);
      return said?.aud === this.#aud && ofKey(said.kid);
    });
    this.#add(this.#statements, [...(await kept.statementChain()), ...credentials]);
    return this.flush();
  }

  /** CRL and tombstones are in them. A longer one is left out: another phone's may be shorter. */
  async packs(): Promise<BackendFailure | undefined> {
    for (const jws of await this.#ports.kept.packTexts()) {
      const said = parseJws(jws)?.payload as { aud?: unknown } | undefined;
      if (jws.length > LONGEST_PACK || said?.aud !== this.#aud) continue;
      const failure = await this.#post({ statements: [], certificates: [], packs: [jws] });
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** Receipts, certificates and the anchors that they name. Gives the rows that are of this installation. */
  async records(
    rows: readonly QueuedRecord[],
  ): Promise<{ readonly ours: readonly QueuedRecord[]; readonly failure?: BackendFailure }> {
    const ours: QueuedRecord[] = [];
    for (let at = 0; at < rows.length; at += CHUNK) {
      const chunk = rows.slice(at, at + CHUNK);
      const papers = await this.#ports.again.papers(chunk.map(({ id }) => id));
      const named = new Set<string>();
      for (const row of chunk) {
        const paper = papers.get(row.id);
        const anchor = paper && this.#anchorOf(paper);
        if (paper === undefined || anchor === undefined) continue;
        ours.push(row);
        named.add(anchor);
        this.#add(this.#statements, paper.receipts);
        if (row.certificate !== null) this.#add(this.#certificates, [row.certificate.leafPem]);
      }
      this.#add(this.#statements, await this.#ports.kept.anchors([...named]));
      const failure = await this.#full();
      if (failure !== undefined) return { ours, failure };
    }
    const failure = await this.flush();
    return failure === undefined ? { ours } : { ours, failure };
  }

  async flush(): Promise<BackendFailure | undefined> {
    while (this.#statements.length + this.#certificates.length > 0) {
      const failure = await this.#page();
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  async #full(): Promise<BackendFailure | undefined> {
    while (Math.max(this.#statements.length, this.#certificates.length) >= MAX_HAND_BACK) {
      const failure = await this.#page();
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  #page(): Promise<BackendFailure | undefined> {
    return this.#post({
      statements: this.#statements.splice(0, MAX_HAND_BACK),
      certificates: this.#certificates.splice(0, MAX_HAND_BACK),
      packs: [],
    });
  }

  /** Each once a round, and nothing that would have the whole page refused. */
  #add(to: string[], texts: readonly string[]): void {
    const fits = to === this.#certificates ? Certificate : Statement;
    for (const text of texts) {
      if (this.#seen.has(text) || parse(fits, text) === undefined) continue;
      this.#seen.add(text);
      to.push(text);
    }
  }

  /** The statement that a record names; undefined for another installation's record. */
  #anchorOf({ jws }: RecordPapers): string | undefined {
    const header = parse(RecordHeader, parseJws(jws)?.header);
    return header?.aud === this.#aud ? header.anchor : undefined;
  }

  /**
   * Records must not go before what proves them, so a backend that fails at it is asked again by the next drain. What it
   * refuses, or fails at once more, is left out, item by item: the rest counts.
   */
  async #post(what: HandBack): Promise<BackendFailure | undefined> {
    const answer = await this.#ports.backend.handBack(what, this.#signal);
    if (answer.ok) return undefined;
    const { failure } = answer;
    if (standsInTheWay(failure) || (isFault(failure) && !this.#isRetry)) return failure;
    const { statements, certificates, packs } = what;
    const isOne = statements.length + certificates.length + packs.length === 1;
    if (isOne || !isByContent(failure)) return undefined;
    const half = (list: readonly string[]) => Math.ceil(list.length / 2);
    const [some, few] = [half(statements), half(certificates)];
    // Two lists of one each are apart after this.
    const parts = [
      { statements: statements.slice(0, some), certificates: certificates.slice(few), packs },
      { statements: statements.slice(some), certificates: certificates.slice(0, few), packs: [] },
    ];
    for (const part of parts) {
      if (part.statements.length + part.certificates.length + part.packs.length === 0) continue;
      const failed = await this.#post(part);
      if (failed !== undefined) return failed;
    }
    return undefined;
  }
}

export function isFault(failure: BackendFailure): boolean {
  return failure.kind === 'refused' && failure.code === 'internal';
}

function isByContent(failure: BackendFailure): boolean {
  return (
    isFault(failure) ||
    (failure.kind === 'refused' && ['request_invalid', 'too_large'].includes(failure.code))
  );
}
