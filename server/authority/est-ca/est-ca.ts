import { backOff } from '../../../core/back-off.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import { type Intent, SignatureDelayed, type SignedCertificate } from '../../ports/certificate-authority.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { sha256Hex } from '../../x509/node-crypto.ts';
import { type AskParts, type AskResult, askOnce } from './ask-once.ts';
import type { EstCaFiles } from './est-ca-files.ts';
import { estClient } from './est-client.ts';
import { isWayFault } from './est-faults.ts';

/** Most concurrent requests, each on a connection of its own. */
const CONNECTIONS = 8;
/** Time limit of one answer, milliseconds. */
const PATIENCE = 15_000;
/**
 * Longer than one request takes. Another process that finds the lease leaves the work to the first one. After a
 * certificate came, the lease is kept until its row has surely been written.
 */
const LEASE = 60_000;
/**
 * Delay after a refusal or an unacceptable answer. Its cause is how the CA is set up, and each try may make the CA
 * issue a certificate.
 */
const NEXT_DAY = 24 * 3_600_000;
/** Most intents whose state this process remembers; for a forgotten one the CA is asked anew. */
const MOST = 20_000;

/** Whether a wait is over. One that is longer than any was reckoned by a clock that was ahead. */
function isOver(until: number, now: number): boolean {
  return now >= until || until - now > NEXT_DAY + LEASE;
}

export interface EstCaParts extends AskParts {
  readonly stores: Needs<'records' | 'certificates' | 'lineage' | 'intents' | 'leases'>;
  readonly transact: Transact<'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** Name of this process, as owner of its leases. */
  readonly writer: string;
}

/** Who is told about answers. Without a listener nothing is asked: commands have none, since they sign nothing. */
export interface EstCaListener {
  /** The certificate for this record's binding came, and `sign` returns it from now on. */
  readonly onAnswer: (record: string) => void;
  readonly onFault: (error: unknown) => void;
}

/**
 * A third party's CA, reached over EST. `sign` never waits: while there is no certificate it throws SignatureDelayed,
 * so the record stays undecided with its intent open, as after a crash, and is decided again when the answer comes.
 *
 * The guarantee is at-least-once: for one intent only one answer is kept and becomes a certificate here. If a process
 * ends between the third party's signature and our row, the CA is asked again and may sign a second time; the trail
 * names every request and every certificate that came.
 */
export interface EstCa {
  readonly files: EstCaFiles;
  sign(intent: Intent): SignedCertificate;
  start(listener: EstCaListener): void;
  /** Aborts the requests under way. */
  close(): Promise<void>;
}

interface AskState {
  readonly asking: boolean;
  readonly signed: SignedCertificate | undefined;
  readonly nextAt: number;
}

export function estCa(files: EstCaFiles, parts: EstCaParts): EstCa {
  const { stores, clock, crypto, writer } = parts;
  const client = estClient(files.access, { connections: CONNECTIONS, patience: PATIENCE });
  const ending = new AbortController();
  const states = new Map<string, AskState>();
  const underWay = new Set<Promise<void>>();
  const waiting: (() => void)[] = [];
  const leaseTimers = new Map<string, NodeJS.Timeout>();
  let listener: EstCaListener | undefined;
  let running = 0;
  /** Backoff of the connection to the CA: until `nextAt` no certificate is asked for, whatever device it is for. */
  let way = { tries: 0, nextAt: 0 };

  function start(intent: Intent): void {
    states.set(intent.serial, { asking: true, signed: undefined, nextAt: 0 });
    const ask = inTurn(() => attempt(intent)).catch((error: unknown) => {
      states.set(intent.serial, { asking: false, signed: undefined, nextAt: clock.now() + LEASE });
      if (!ending.signal.aborted) listener?.onFault(error);
    });
    underWay.add(ask);
    void ask.finally(() => underWay.delete(ask));
    const [oldest] = states;
    if (states.size > MOST && oldest?.[1].asking === false) states.delete(oldest[0]);
  }

  async function inTurn(work: () => Promise<void>): Promise<void> {
    if (running >= CONNECTIONS) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  async function attempt(intent: Intent): Promise<void> {
    const { serial } = intent;
    const now = clock.now();
    const lease = { name: `est-ca ${serial}`, owner: writer };
    const until = toInstant(now + LEASE);
    let nextAt = isOver(way.nextAt, now) ? now : way.nextAt;
    if (!ending.signal.aborted && isOver(way.nextAt, now)) {
      nextAt = now + LEASE;
      if (await stores.leases.take({ ...lease, now: toInstant(now), until })) {
        const result = await askOnce(intent, { client, files, signal: ending.signal }, parts);
        if (result.kind === 'signed') {
          leaseTimers.set(lease.name, setTimeout(() => void leave(lease.name), LEASE / 2).unref());
          return keep(intent, result);
        }
        nextAt = nextAfter(result, now);
        await stores.leases.leave(lease.name, writer);
      }
    }
    states.set(serial, { asking: false, signed: undefined, nextAt });
  }

  async function leave(name: string): Promise<void> {
    clearTimeout(leaseTimers.get(name));
    leaseTimers.delete(name);
    await stores.leases.leave(name, writer).catch((error: unknown) => listener?.onFault(error));
  }

  function keep({ serial }: Intent, { der, validity, record }: Extract<AskResult, { kind: 'signed' }>): void {
    way = { tries: 0, nextAt: 0 };
    const signed = { der, validity, fingerprint: sha256Hex(der) };
    states.set(serial, { asking: false, signed, nextAt: 0 });
    if (!ending.signal.aborted) listener?.onAnswer(record);
  }

  /**
   * The earliest time of the next try. `began`: when the request was sent. Concurrent requests that fail at the same
   * moment count as one failure of the connection.
   */
  function nextAfter(result: Exclude<AskResult, { kind: 'signed' }>, began: number): number {
    const now = clock.now();
    // Nothing was sent, so nothing is known about the connection.
    if (result.kind === 'gone' || (result.kind === 'fault' && result.fault === 'request_missing'))
      return now + NEXT_DAY;
    if (result.kind === 'fault' && isWayFault(result.fault)) {
      if (began < way.nextAt) return way.nextAt;
      const tries = way.tries + 1;
      way = { tries, nextAt: now + Math.max(backOff(tries, crypto), result.after ?? 0) };
      return way.nextAt;
    }
    way = { tries: 0, nextAt: 0 };
    return result.kind === 'wait' ? now + result.after : now + NEXT_DAY;
  }

  return {
    files,
    sign(intent) {
      const state = states.get(intent.serial);
      if (state?.signed !== undefined) return state.signed;
      const now = clock.now();
      const isDue = state === undefined || (!state.asking && isOver(state.nextAt, now));
      if (listener !== undefined && !ending.signal.aborted && isDue && isOver(way.nextAt, now)) start(intent);
      throw new SignatureDelayed(`${intent.issuer} has not answered yet`);
    },
    start(who) {
      listener = who;
    },
    async close() {
      ending.abort();
      await Promise.all(underWay);
      await Promise.all([...leaseTimers.keys()].map(leave));
      client.close();
    },
  };
}
