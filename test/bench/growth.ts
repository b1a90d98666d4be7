import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openssl } from '../support/openssl.ts';
import { loadPhones, makeDevices, rowsOf, sendAll, waitBound } from './field.ts';
import { benchLists, fill } from './growth-lists.ts';
import type { Report } from './report.ts';
import { type Served, serve } from './served.ts';

const SIZES = [1e4, 1e5, 1e6, 1e7] as const;
/** Devices with real keys that are registered at each size. */
const SAMPLE = 1000;

/** What a registration, a CRL, an OCSP answer and a phone's list cost as the maker's list grows, on SQLite. `words`: the largest power of ten, 7 if left out. */
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
      fill(served.data, 'bulk', rows, size - rows);
      rows = size;
      registration.push(Math.round(await register()));
      crl.push(Math.round(await microsecondsOfCrl(served)));
      ocsp.push(Math.round(await microsecondsOfOcsp(served, bound)));
      memory.push(Math.round(served.residentMib()));
    }
  } finally {
    await served.close();
  }
  const lists = await benchLists(largest);
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
      list: { ...lists },
    },
  };
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
