import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openssl } from '../support/csr.ts';
import { query, startPostgres } from '../support/postgres.ts';
import { cpuOf } from '../support/process-use.ts';

/** As many as our phones have; and two, as many as cfssl keeps open to its database: with eight it opens new ones all the time. */
const CONNECTIONS = { asOurs: 8, asItsOwn: 2 } as const;
/** Of each run, before anything is counted. */
const WARM = 200;

export interface CfsslRate {
  readonly perCpuSecond: number;
  readonly serverUs: number;
  readonly databaseUs: number;
}

export interface CfsslRates {
  /** With as many connections as our own phones have. */
  readonly asOurs: CfsslRate;
  /** The better one: this is what we are held against. */
  readonly best: CfsslRate;
}

/** The columns that cfssl writes and reads (its certdb, PostgreSQL), all that it needs for signing. */
const TABLE = `create table certificates (
  serial_number bytea not null, authority_key_identifier bytea not null, ca_label bytea, status bytea not null,
  reason int, expiry timestamptz, revoked_at timestamptz, pem bytea not null, issued_at timestamptz,
  not_before timestamptz, metadata jsonb, sans jsonb, common_name text,
  primary key (serial_number, authority_key_identifier))`;

/** What it is and says of itself; undefined where it is not installed (Debian: golang-cfssl). */
export function cfsslVersion(): string | undefined {
  try {
    const said = execFileSync('cfssl', ['version'], { encoding: 'utf8' });
    return said.trim().replace(/\s*\n\s*/g, ', ');
  } catch {
    return undefined;
  }
}

/**
 * Certificates per CPU-second of `cfssl serve` with a P-256 CA, and of PostgreSQL where it records them: for each one an HTTP
 * request with a device's request, of which it checks the signature, and a certificate with the same names as ours. It has
 * no batches, no operator, no list and no trail.
 */
export async function cfsslRates(csrs: readonly Uint8Array[], withPostgres: boolean): Promise<CfsslRates> {
  const bodies = csrs.map(signOrder);
  const asOurs = await rateOf(bodies, CONNECTIONS.asOurs, withPostgres);
  const asItsOwn = await rateOf(bodies, CONNECTIONS.asItsOwn, withPostgres);
  return { asOurs, best: asOurs.perCpuSecond > asItsOwn.perCpuSecond ? asOurs : asItsOwn };
}

async function rateOf(
  bodies: readonly string[],
  connections: number,
  withPostgres: boolean,
): Promise<CfsslRate> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-cfssl-'));
  const postgres = withPostgres ? await startPostgres({ durable: true }) : undefined;
  let cfssl: ChildProcess | undefined;
  try {
    const database = await postgres?.database();
    if (database !== undefined) await query(database, TABLE);
    const port = await freePort();
    cfssl = spawn('cfssl', ['serve', ...(await serveWords(folder, port, database))], { stdio: 'ignore' });
    const { pid = 0 } = cfssl;
    const url = `http://127.0.0.1:${port}/api/v1/cfssl/sign`;
    await listening(cfssl, url);
    await signAll(url, bodies.slice(0, WARM), connections);
    const [start, databaseStart] = [cpuOf(pid), postgres?.cpuSeconds() ?? 0];
    await signAll(url, bodies, connections);
    const server = cpuOf(pid) - start;
    const databaseUsed = (postgres?.cpuSeconds() ?? 0) - databaseStart;
    if (database !== undefined) await checkRows(database, WARM + bodies.length);
    return {
      perCpuSecond: bodies.length / (server + databaseUsed),
      serverUs: (server / bodies.length) * 1e6,
      databaseUs: (databaseUsed / bodies.length) * 1e6,
    };
  } finally {
    if (cfssl?.exitCode === null) {
      const ended = new Promise((resolve) => cfssl?.once('exit', resolve));
      cfssl.kill('SIGTERM');
      await ended;
    }
    await postgres?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The words after `cfssl serve`: a CA made by OpenSSL, a year for each certificate, errors only in the log. */
async function serveWords(folder: string, port: number, database: string | undefined): Promise<string[]> {
  const at = (name: string) => join(folder, name);
  const usages = ['signing', 'client auth', 'server auth'];
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('ca.key'));
  openssl(
    ...['req', '-x509', '-new', '-key', at('ca.key'), '-subj', '/CN=cfssl', '-days', '3650'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-out', at('ca.pem')],
  );
  writeFileSync(at('config.json'), JSON.stringify({ signing: { default: { usages, expiry: '8760h' } } }));
  const words = ['-address=127.0.0.1', `-port=${port}`, '-loglevel=4', `-config=${at('config.json')}`];
  words.push(`-ca=${at('ca.pem')}`, `-ca-key=${at('ca.key')}`);
  if (database === undefined) return words;
  const { pathname, searchParams } = new URL(database);
  const source = {
    host: searchParams.get('host'),
    user: searchParams.get('user'),
    dbname: pathname.slice(1),
    sslmode: 'disable',
  };
  const dataSource = Object.entries(source).map(([name, value]) => `${name}=${value}`);
  writeFileSync(at('db.json'), JSON.stringify({ driver: 'postgres', data_source: dataSource.join(' ') }));
  return [...words, `-db-config=${at('db.json')}`];
}

function signOrder(csr: Uint8Array, n: number): string {
  const pem = Buffer.from(csr)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n');
  const domain = 'oak-street.northfield.fieldbind.internal';
  return JSON.stringify({
    certificate_request: `-----BEGIN CERTIFICATE REQUEST-----\n${pem}-----END CERTIFICATE REQUEST-----\n`,
    subject: { CN: `acme-${n}`, names: [{ O: domain }] },
    hosts: [`acme-${n}.d.${domain}`],
  });
}

/** Each connection one request after another. */
async function signAll(url: string, bodies: readonly string[], connections: number): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        const answer = await fetch(url, { method: 'POST', body });
        const said = await answer.text();
        if (!answer.ok || !said.includes('BEGIN CERTIFICATE')) throw new Error(`cfssl refused: ${said}`);
      }
    }),
  );
}

/** What it says it signed must be in its database, or the comparison is with something else. */
async function checkRows(database: string, count: number): Promise<void> {
  const [row] = await query(database, 'select count(*)::int as n from certificates');
  if (row?.n !== count) throw new Error(`cfssl recorded ${row?.n} of ${count} certificates`);
}

async function listening(cfssl: ChildProcess, url: string): Promise<void> {
  const ended = new Promise<never>((_, reject) => {
    cfssl.once('exit', (code) => reject(new Error(`cfssl ended with ${code}`)));
    cfssl.once('error', reject);
  });
  ended.catch(() => undefined);
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  while (!(await Promise.race([ended, answers()])));
}

/** It takes no port 0. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
