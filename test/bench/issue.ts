import { type CfsslRates, cfsslRates, cfsslVersion } from './cfssl.ts';
import { cryptoRates } from './crypto-limit.ts';
import { loadPhones, makeDevices, rowsOf, sendAll, waitBound } from './field.ts';
import type { Report } from './report.ts';
import { type EngineName, serve } from './served.ts';

const COUNT = 3000;
/** Sent before anything is counted, so that the program runs as it does after its first minute. */
const WARM = 2000;

/**
 * Whole registrations per CPU-second of server and database: HTTP, the operator's signature, request, list, decision,
 * certificate, durable rows, audit trail. Beside it what OpenSSL alone needs for the same two verifications (operator,
 * request) and two signatures (receipt, certificate), and what cfssl needs for the same number of certificates.
 */
export async function benchIssue(): Promise<Report> {
  // Before, between and after: what else runs on this machine then bears on both sides.
  const rates = [cryptoRates()];
  const sqlite = await registrationsPerCpuSecond('sqlite');
  rates.push(cryptoRates());
  const postgres = await registrationsPerCpuSecond('postgres');
  rates.push(cryptoRates());
  const cfssl = await measureCfssl();
  const signs = mean(rates.map(({ signsPerSecond }) => signsPerSecond));
  const verifies = mean(rates.map(({ verifiesPerSecond }) => verifiesPerSecond));
  const limit = 1 / (2 / signs + 2 / verifies);
  return {
    name: 'issue',
    ratios: {
      sqlite_vs_crypto_limit: round(sqlite.perCpuSecond / limit),
      postgres_vs_crypto_limit: round(postgres.perCpuSecond / limit),
      // Null where cfssl is not installed.
      sqlite_vs_cfssl: against(sqlite, cfssl?.alone),
      postgres_vs_cfssl_postgres: against(postgres, cfssl?.postgres),
    },
    figures: {
      sqlite_per_cpu_second: Math.round(sqlite.perCpuSecond),
      postgres_per_cpu_second: Math.round(postgres.perCpuSecond),
      crypto_limit_per_cpu_second: Math.round(limit),
      openssl_signs_per_cpu_second: Math.round(signs),
      openssl_verifies_per_cpu_second: Math.round(verifies),
      // Where it goes, microseconds a registration: the arithmetic itself, this server with it, PostgreSQL's own processes.
      crypto_limit_us: Math.round(1e6 / limit),
      sqlite_server_us: Math.round(sqlite.serverUs),
      postgres_server_us: Math.round(postgres.serverUs),
      postgres_database_us: Math.round(postgres.databaseUs),
      registrations: COUNT,
      ...(cfssl === undefined
        ? {}
        : {
            cfssl_per_cpu_second: Math.round(cfssl.alone.best.perCpuSecond),
            cfssl_postgres_per_cpu_second: Math.round(cfssl.postgres.best.perCpuSecond),
            cfssl_postgres_as_many_connections_per_cpu_second: Math.round(cfssl.postgres.asOurs.perCpuSecond),
            cfssl_postgres_server_us: Math.round(cfssl.postgres.best.serverUs),
            cfssl_postgres_database_us: Math.round(cfssl.postgres.best.databaseUs),
          }),
    },
    notes: [`cfssl: ${cfssl?.version ?? 'not installed'}`],
  };
}

interface Cfssl {
  readonly version: string;
  readonly alone: CfsslRates;
  readonly postgres: CfsslRates;
}

async function measureCfssl(): Promise<Cfssl | undefined> {
  const version = cfsslVersion();
  if (version === undefined) return undefined;
  const csrs = (await makeDevices(COUNT)).map(({ csr }) => csr);
  return { version, alone: await cfsslRates(csrs, false), postgres: await cfsslRates(csrs, true) };
}

function against(ours: Spent, theirs: CfsslRates | undefined): number | null {
  return theirs === undefined ? null : round(ours.perCpuSecond / theirs.best.perCpuSecond);
}

interface Spent {
  readonly perCpuSecond: number;
  readonly serverUs: number;
  readonly databaseUs: number;
}

async function registrationsPerCpuSecond(engine: EngineName): Promise<Spent> {
  const served = await serve(engine);
  try {
    const devices = await makeDevices(WARM + COUNT);
    await served.importList(rowsOf(devices));
    const shape = { phones: 8, batch: 50 };
    const warm = await loadPhones(served.urls, devices.slice(0, WARM), shape);
    const measured = await loadPhones(served.urls, devices.slice(WARM), shape);
    await sendAll(warm);
    await waitBound(served.desk, WARM);
    const [start, databaseStart] = [served.cpuSeconds(), served.databaseCpuSeconds()];
    await sendAll(measured);
    await waitBound(served.desk, WARM + COUNT);
    const seconds = served.cpuSeconds() - start;
    const database = served.databaseCpuSeconds() - databaseStart;
    return {
      perCpuSecond: COUNT / seconds,
      serverUs: ((seconds - database) / COUNT) * 1e6,
      databaseUs: (database / COUNT) * 1e6,
    };
  } finally {
    await served.close();
  }
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function round(ratio: number): number {
  return Number(ratio.toFixed(3));
}
