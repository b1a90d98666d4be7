import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { openssl } from '../support/openssl.ts';
import { loadPhones, makeDevices, rowsOf, sendAll, waitBound } from './field.ts';
import type { Report } from './report.ts';
import { type Served, serve } from './served.ts';

const SIZES = [1e4, 1e5, 1e6, 1e7] as const;
/** Devices with real keys that are registered at each size. */
const SAMPLE = 1000;

/** What a registration, a CRL and an OCSP answer cost as the maker's list grows, on SQLite. `words`: the largest power of ten, 7 if left out. */
export async function benchGrowth(words: readonly string[]): Promise<Report> {
  const largest = 10 ** Number(words.find((word) => /^[4-7]$/.test(word)) ?? 7);
  const sizes = SIZES.filter((size) => size <= largest);
  const registration: number[] = [];
  const crl: number[] = [];
  const ocsp: number[] = [];
  const memory: number[] = [];
  const served = await serve('sqlite');
  try {
    let rows = 0;
    let bound = 0;
    const register = async () => {
      const devices = await makeDevices(SAMPLE);
      await served.importList(rowsOf(devices));
      const phones = await loadPhones(served.urls, devices, { phones: 8, batch: 50 });
      const start = served.cpuSeconds();
      await sendAll(phones);
      bound += SAMPLE;
      await waitBound(served.desk, bound);
      return ((served.cpuSeconds() - start) / SAMPLE) * 1e6;
    };
    // The first ones teach the program its own code, and are not counted.
    await register();
    for (const size of sizes) {
      fill(served.data, rows, size);
      rows = size;
      registration.push(Math.round(await register()));
      crl.push(Math.round(await microsecondsOfCrl(served)));
      ocsp.push(Math.round(await microsecondsOfOcsp(served, bound)));
      memory.push(Math.round(served.residentMib()));
    }
  } finally {
    await served.close();
  }
  const [first = 0, last = 0] = [registration[0], registration.at(-1)];
  return {
    name: 'growth',
    // Null where it was not taken to the end.
    ratios: { cost_1e7_vs_1e4: largest === 1e7 ? Number((last / first).toFixed(3)) : null },
    figures: {
      rows: sizes,
      us_per_registration: registration,
      us_per_crl_answer: crl,
      us_per_ocsp_answer: ocsp,
      resident_mib: memory,
    },
  };
}

/** Rows of one transaction: large enough to share its cost, small enough for the log to stay small. */
const AT_ONCE = 250_000;

/** Rows with keys that nobody has: as long as real ones and as scattered. The indexes are those of the migrations, and stay. */
function fill(data: string, from: number, to: number): void {
  const file = new BetterSqlite(join(data, 'fieldbind.sqlite'), { timeout: 60_000 });
  // Scattered keys go to pages all over their index: with SQLite's own 2 MiB each row would read several from the disk.
  file.pragma(`cache_size = -${1024 * 1024}`);
  const insert = file.prepare(
    `with recursive numbers (n) as (select ? union all select n + 1 from numbers where n + 1 < ?)
     insert into list_rows (scope, maker, udid, org, public_key, row, imported_by, imported_at)
     select 'real', 'bulk', 'bulk-' || n, 'northfield', hex(randomblob(62)),
       '{"maker":"bulk","udid":"bulk-' || n || '","aliases":[],"anchor":"key"}', 'bench', '2026-01-01T00:00:00.000Z'
     from numbers`,
  );
  for (let first = from; first < to; first += AT_ONCE) insert.run(first, Math.min(first + AT_ONCE, to));
  file.pragma('wal_checkpoint(truncate)');
  file.close();
}

async function microsecondsOfCrl({ urls, cpuSeconds }: Served): Promise<number> {
  const url = `${urls[0]}/crl/northfield.crl`;
  const count = 500;
  const start = cpuSeconds();
  for (let n = 0; n < count; n++) await (await fetch(url)).arrayBuffer();
  return ((cpuSeconds() - start) / count) * 1e6;
}

/** Of the newest certificates, each asked about once, so that nothing of it is there beforehand. */
async function microsecondsOfOcsp({ urls, desk, cpuSeconds }: Served, bound: number): Promise<number> {
  const count = 200;
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-bench-ocsp-'));
  try {
    const issuer = join(folder, 'issuer.pem');
    writeFileSync(issuer, await (await fetch(`${urls[0]}/ca/northfield/bundle.pem`)).text());
    const questions: Buffer<ArrayBuffer>[] = [];
    for (const { change } of await desk.stores.changes.after('northfield', bound - count, count)) {
      const stored = await desk.stores.certificates.byFingerprint(change.fingerprint ?? '');
      const { serialNumber } = new X509Certificate(stored?.der ?? '');
      const file = join(folder, serialNumber);
      await openssl('ocsp', '-issuer', issuer, '-serial', `0x${serialNumber}`, '-no_nonce', '-reqout', file);
      questions.push(readFileSync(file));
    }
    if (questions.length < count) throw new Error('too few certificates to ask about');
    const start = cpuSeconds();
    for (const body of questions) {
      const headers = { 'content-type': 'application/ocsp-request' };
      const answer = await fetch(`${urls[0]}/ocsp`, { method: 'POST', headers, body });
      // A successful one is never this short; a refusal always is.
      if ((await answer.arrayBuffer()).byteLength < 64) throw new Error('no answer about a certificate');
    }
    return ((cpuSeconds() - start) / count) * 1e6;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
