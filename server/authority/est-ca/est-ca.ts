import { backOff } from '../../../core/back-off.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import { type Intent, SignatureDelayed, type SignedCertificate } from '../../ports/certificate-authority.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { sha256Hex } from '../../x509/node-crypto.ts';
import { type Ask, type AskParts, askOnce } from './ask-once.ts';
import type { EstCaFiles } from './est-ca-files.ts';
import { estClient } from './est-client.ts';
import { isWayFault } from './est-faults.ts';

/** Asked at once, over as many connections. */
const CONNECTIONS = 8;
/** Milliseconds for one answer. */
const PATIENCE = 15_000;
/**
 * Longer than one ask takes. Another process that meets it lets the first one go on; where a certificate came it is kept
 * until its row has long been written.
 */
const LEASE = 60_000;
/** What was refused, or is not taken, is so because of how the CA is set up: each try may leave a certificate there. */
const NEXT_DAY = 24 * 3_600_000;
/** Asks that this process remembers; those it forgets are asked anew. */
const MOST = 20_000;

export interface EstCaParts extends AskParts {
  readonly stores: Needs<'records' | 'certificates' | 'lineage' | 'intents' | 'leases'>;
  readonly transact: Transact<'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** This process. */
  readonly writer: string;
}

/** Who is told; until then nothing is asked, as in commands, which sign nothing. */
export interface EstCaListener {
  /** The certificate of this record's binding came: `sign` gives it now. */
  readonly onAnswer: (record: string) => void;
  readonly onFault: (error: unknown) => void;
}

/**
 * A third party's CA, asked by EST. `sign` never waits for it: what is not there yet throws SignatureDelayed, so that the
 * record stays undecided with its intent open, as after a crash, and is taken up again when the answer comes.
 *
 * What can and cannot hold: of one intent one answer is kept, and only that becomes a certificate here. A process that
 * ends between their signature and our row asks again, and they may sign a second time; the trail names every ask and
 * every certificate that came.
 */
export interface EstCa {
  readonly files: EstCaFiles;
  sign(intent: Intent): SignedCertificate;
  start(listener: EstCaListener): void;
  /** Ends what is under way. */
  close(): Promise<void>;
}

interface State {
  readonly asking: boolean;
  readonly signed: SignedCertificate | undefined;
  readonly nextAt: number;
}

export function estCa(files: EstCaFiles, parts: EstCaParts): EstCa {
  const { stores, clock, crypto, writer } = parts;
  const client = estClient(files.access, { connections: CONNECTIONS, patience: PATIENCE });
  const ending = new AbortController();
  const states = new Map<string, State>();
  const underWay = new Set<Promise<void>>();
  const waiting: (() => void)[] = [];
  const kept = new Map<string, NodeJS.Timeout>();
  let listener: EstCaListener | undefined;
  let running = 0;
  /** Of the way to the CA: no certificate is asked for before, whosever it is. */
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
    let nextAt = Math.max(way.nextAt, now);
    if (!ending.signal.aborted && now >= way.nextAt) {
      nextAt = now + LEASE;
      if (await stores.leases.take({ ...lease, now: toInstant(now), until })) {
        const said = await askOnce(intent, { client, files, signal: ending.signal }, parts);
        if (said.kind === 'signed') {
          kept.set(lease.name, setTimeout(() => void leave(lease.name), LEASE / 2).unref());
          return keep(intent, said);
        }
        nextAt = nextAfter(said, now);
        await stores.leases.leave(lease.name, writer);
      }
    }
    states.set(serial, { asking: false, signed: undefined, nextAt });
  }

  async function leave(name: string): Promise<void> {
    clearTimeout(kept.get(name));
    kept.delete(name);
    await stores.leases.leave(name, writer).catch((error: unknown) => listener?.onFault(error));
  }

  function keep({ serial }: Intent, { der, validity, record }: Extract<Ask, { kind: 'signed' }>): void {
    way = { tries: 0, nextAt: 0 };
    const signed = { der, validity, fingerprint: sha256Hex(der) };
    states.set(serial, { asking: false, signed, nextAt: 0 });
    if (!ending.signal.aborted) listener?.onAnswer(record);
  }

  /** `began`: when it was asked. Asks side by side that fail of the same moment are one failure of the way. */
  function nextAfter(said: Exclude<Ask, { kind: 'signed' }>, began: number): number {
    const now = clock.now();
    // Nobody was asked, so nothing is known of the way.
    if (said.kind === 'gone' || (said.kind === 'fault' && said.fault === 'request_missing'))
      return now + NEXT_DAY;
    if (said.kind === 'fault' && isWayFault(said.fault)) {
      if (began < way.nextAt) return way.nextAt;
      const tries = way.tries + 1;
      way = { tries, nextAt: now + Math.max(backOff(tries, crypto), said.after ?? 0) };
      return way.nextAt;
    }
    way = { tries: 0, nextAt: 0 };
    return said.kind === 'wait' ? now + said.after : now + NEXT_DAY;
  }

  return {
    files,
    sign(intent) {
      const there = states.get(intent.serial);
      if (there?.signed !== undefined) return there.signed;
      const now = clock.now();
      const isDue = there === undefined || (!there.asking && now >= there.nextAt);
      if (listener !== undefined && !ending.signal.aborted && isDue && now >= way.nextAt) start(intent);
      throw new SignatureDelayed(`${intent.issuer} has not answered yet`);
    },
    start(who) {
      listener = who;
    },
    async close() {
      ending.abort();
      await Promise.all(underWay);
      await Promise.all([...kept.keys()].map(leave));
      client.close();
    },
  };
}
