import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { BatchResponse } from '../../contract/batch.ts';
import { openInstallation } from '../../server/installation.ts';
import { importRows } from '../../server/organisations/lists/import-rows.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { ensureForeign } from '../../tools/foreign/install.ts';
import { FOR_FAILOVER } from '../../tools/foreign/programs.ts';
import { ensureParts, FAILOVER_PARTS } from '../../tools/parts.ts';
import { query } from '../support/postgres.ts';
import { OAK_STREET } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { signInAs, type TestOperator } from '../support/server-operator.ts';
import { Cluster, type Machine } from './failover-cluster.ts';
import { makeDevices, rowsOf } from './field.ts';
import type { Report } from './report.ts';

const FAULTS = 20;
const PHONES = 4;
const BATCH = 3;
/** Bar: seconds from a primary that takes writes to a server that says it is well. */
const BAR = 5;
/** Acknowledged records between two faults, so that each meets a busy server. */
const BETWEEN = 60;

const CHILD = join(import.meta.dirname, '../support/server-crash-child.ts');

/**
 * `failover`: our own server before three machines of Patroni, etcd and PostgreSQL, while phones send. By turns the primary's
 * cable is cut and everything that it runs is killed; `--faults N` of them. Lost is what a phone holds a receipt for and the
 * database does not have afterwards.
 */
export async function benchFailover(words: readonly string[]): Promise<Report> {
  needWhatItNeeds();
  const at = words.indexOf('--faults');
  const faults = at < 0 ? FAULTS : Number(words[at + 1]);
  const data = mkdtempSync(join(tmpdir(), 'fieldbind-bench-'));
  const cluster = await Cluster.open();
  let child: ChildProcess | undefined;
  try {
    await cluster.until('the machines have come together', () => cluster.isWhole());
    // It ends with this process as the machines do, however that ends.
    child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, CHILD, data, 'none'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, FIELDBIND_DATABASE_URL: cluster.url },
    });
    const url = await firstLine(child);
    const devices = await makeDevices(40);
    const desk = {
      data,
      databaseUrl: cluster.url,
      publicUrl: 'http://localhost',
      suffix: 'fieldbind.internal',
    };
    const office = await openInstallation(desk);
    const org = await office.stores.orgs.org('northfield');
    if (org === undefined) throw new Error('the demo organisation is missing');
    await importRows(rowsOf(devices), org, 'bench', office);
    await office.close();
    const field = new Field(url, devices);
    await field.start();
    const healthAfter: number[] = [];
    const writableAfter: number[] = [];
    for (let n = 0; n < faults; n++) {
      const how = n % 2 === 0 ? 'cut' : 'kill';
      const before = field.acknowledged.size;
      await cluster.until('phones are answered', async () => field.acknowledged.size >= before + BETWEEN);
      const victim = await cluster.writable();
      if (victim === undefined) throw new Error('no machine takes writes');
      const measured = await fail(cluster, url, victim, how);
      healthAfter.push(measured.healthAfter);
      writableAfter.push(measured.writableAfter);
      console.log(
        `fault ${n + 1} of ${faults}: ${how} of machine ${victim}; another took writes after ${measured.writableAfter.toFixed(1)} s, the server was well ${measured.healthAfter.toFixed(1)} s later`,
      );
      const during = field.acknowledged.size;
      await cluster.until('phones are answered', async () => field.acknowledged.size >= during + BETWEEN);
      if (how === 'cut') cluster.heal(victim);
      else cluster.start(victim);
      await cluster.until('all three machines run again', () => cluster.isWhole());
    }
    await field.stop();
    const rows = await query(cluster.url, 'select digest from envelopes');
    const there = new Set(rows.map(({ digest }) => digest));
    const lost = [...field.acknowledged].filter((digest) => !there.has(digest)).length;
    const after = await openInstallation(desk);
    const trail = await verifyAudit(after);
    await after.close();
    const worst = Math.max(...healthAfter);
    return {
      name: 'failover',
      ratios: {},
      figures: {
        faults,
        acknowledged: field.acknowledged.size,
        lost,
        sent_again: field.sentAgain,
        longest_without_answer_s: Number(field.longestGap.toFixed(1)),
        writable_after_s: writableAfter.map(tenths),
        well_after_writable_s: healthAfter.map(tenths),
      },
      notes: [
        `acknowledged records lost: ${lost}; the bar is 0: ${lost === 0 ? 'held' : 'MISSED'}`,
        `well ${worst.toFixed(1)} s at most after another machine took writes; the bar is ${BAR} s: ${worst <= BAR ? 'held' : 'MISSED'}`,
        `the audit trail ${trail.ok ? 'verifies' : 'DOES NOT VERIFY'}`,
      ],
    };
  } finally {
    if (child !== undefined) await end(child);
    await cluster.close();
    rmSync(data, { recursive: true, force: true, maxRetries: 5 });
  }
}

const tenths = (seconds: number) => Number(seconds.toFixed(1));

/** Ends the program with a sentence where it cannot run. */
function needWhatItNeeds(): void {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  if (!isRoot)
    console.error('failover makes three machines of network namespaces: run it on Linux, as root.');
  // Each missing program was named by then.
  if (!isRoot || ensureParts(FAILOVER_PARTS).length > 0 || ensureForeign(FOR_FAILOVER).length > 0)
    process.exit(1);
}

/** One fault: seconds until another machine takes writes, and from then on until the server says it is well. */
async function fail(
  cluster: Cluster,
  url: string,
  victim: Machine,
  how: 'cut' | 'kill',
): Promise<{ readonly writableAfter: number; readonly healthAfter: number }> {
  const start = performance.now();
  cluster[how](victim);
  let writable: number | undefined;
  const watching = cluster.until('another machine takes writes', async () => {
    const now = await cluster.writable();
    if (now !== undefined && now !== victim) writable = performance.now();
    return writable !== undefined;
  });
  // Well before that is the answer of before, which is given again for a moment; it counts from the first one after.
  let well: number | undefined;
  await watching;
  const from = writable ?? performance.now();
  await cluster.until('the server is well', async () => {
    if (await isWell(url)) well = performance.now();
    return well !== undefined;
  });
  return { writableAfter: (from - start) / 1000, healthAfter: ((well ?? from) - from) / 1000 };
}

async function isWell(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) })).status === 200;
  } catch {
    return false;
  }
}

/** Phones that send registrations without end, and send again what was not acknowledged. */
class Field {
  readonly acknowledged = new Set<string>();
  sentAgain = 0;
  longestGap = 0;
  readonly #url: string;
  readonly #devices: readonly TestDevice[];
  #over = false;
  #sending: Promise<unknown> = Promise.resolve();
  #last = performance.now();

  constructor(url: string, devices: readonly TestDevice[]) {
    this.#url = url;
    this.#devices = devices;
  }

  async start(): Promise<void> {
    const phones: TestOperator[] = [];
    for (let n = 0; n < PHONES; n++) phones.push(await signInAs(this.#url, 'ines'));
    this.#last = performance.now();
    this.#sending = Promise.all(phones.map((phone, n) => this.#send(phone, n)));
    this.#sending.catch(() => undefined);
  }

  async #send(phone: TestOperator, from: number): Promise<void> {
    let next = from;
    while (!this.#over) {
      const sealed: { jws: string; digest: string }[] = [];
      for (let n = 0; n < BATCH; n++) {
        const device = this.#devices[next++ % this.#devices.length];
        if (device === undefined) throw new Error('no devices');
        sealed.push(await phone.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield'));
      }
      await this.#deliver(
        phone,
        sealed.map(({ jws }) => jws),
      );
    }
  }

  async #deliver(phone: TestOperator, records: readonly string[]): Promise<void> {
    for (;;) {
      const answer = await phone.post('/api/records', phone.batch(records)).catch(() => undefined);
      if (answer?.status === 200) {
        for (const { digest, status, receipt } of (answer.body as BatchResponse).results) {
          if ((status !== 'received' && status !== 'duplicate') || digest === null || receipt == null)
            throw new Error(`a record was not taken: ${status}`);
          this.acknowledged.add(digest);
        }
        const now = performance.now();
        this.longestGap = Math.max(this.longestGap, (now - this.#last) / 1000);
        this.#last = now;
        await setTimeout(50);
        return;
      }
      if (answer !== undefined && answer.status !== 503)
        throw new Error(`a batch was answered ${answer.status}`);
      this.sentAgain++;
      await setTimeout(250);
    }
  }

  /** Every batch that was begun is acknowledged first. */
  async stop(): Promise<void> {
    this.#over = true;
    await this.#sending;
  }
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('no output');
  for await (const line of createInterface(stdout)) return line;
  throw new Error('the server did not start');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
