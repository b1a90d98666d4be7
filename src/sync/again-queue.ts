import type { SendAgain } from '../ports/again.ts';
import type { LeaseTerms, Outbox, QueuedRecord, Settlement } from '../ports/outbox.ts';
import { isUnreceiptableCode } from './judge-results.ts';
import type { SendQueue } from './send.ts';

interface AgainPorts {
  readonly outbox: Pick<Outbox, 'head' | 'summary'>;
  readonly again: Pick<SendAgain, 'papers' | 'settleAgain'>;
}

/**
 * Records that the backend had signed for and lost, sent by the same table as those in the outbox. Their rows stay as they
 * are. A crash forgets this list: the backend then names what it still has not got.
 */
export class AgainQueue implements SendQueue {
  readonly #ports: AgainPorts;
  readonly #left: Map<string, QueuedRecord>;
  /** Devices of which one could not be sent: what came after it waits for another day, since order counts. */
  readonly #stopped = new Set<string>();

  constructor(ports: AgainPorts, rows: readonly QueuedRecord[], refusedAt: number | null) {
    this.#ports = ports;
    // Refused together once, they are not tried together again.
    const fault = refusedAt === null ? null : ({ code: 'answer_invalid', at: refusedAt } as const);
    this.#left = new Map(rows.map((row) => [row.id, { ...row, fault }]));
  }

  head(kid: string) {
    return this.#ports.outbox.head(kid);
  }

  async summary() {
    const summary = await this.#ports.outbox.summary();
    return { ...summary, unsent: summary.unsent + this.#left.size };
  }

  async lease({ limit, besides }: LeaseTerms) {
    const rows: QueuedRecord[] = [];
    for (const row of this.#left.values()) {
      if (rows.length === limit) break;
      if (besides?.has(row.id) !== true && !this.#stopped.has(row.udid)) rows.push(row);
    }
    const papers = await this.#ports.again.papers(rows.map(({ id }) => id));
    return rows.flatMap((row) => {
      const jws = papers.get(row.id)?.jws;
      return jws === undefined ? [] : [{ row, jws }];
    });
  }

  async settle(results: readonly Settlement[]): Promise<void> {
    for (const result of results) {
      const row = this.#left.get(result.id);
      this.#left.delete(result.id);
      if (result.kind === 'not_sent' && row !== undefined) this.#stopped.add(row.udid);
    }
    // That a record cannot be read is not signed, so it says nothing of one that has its receipt.
    const signed = results.filter(
      (result) =>
        result.kind === 'received' || (result.kind === 'rejected' && !isUnreceiptableCode(result.code)),
    );
    if (signed.length > 0) await this.#ports.again.settleAgain(signed);
  }
}
