import { lookup } from 'node:dns/promises';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { get as plainGet } from 'node:http';
import { get as tlsGet } from 'node:https';
import { createServer, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { rootCertificates, type TLSSocket } from 'node:tls';

/** What was found of one thing. `look`: it may be right, and only whoever runs the server knows. */
export interface Finding {
  readonly about: string;
  readonly state: 'ok' | 'look' | 'fails';
  /** A sentence; where it fails, with what to do. Never a secret. */
  readonly says: string;
}

const PATIENCE = 10_000;
const MINUTE = 60_000;
/** A device's certificate begins an hour before it is signed; what is farther off is not believed by verifiers. */
const FARTHEST = 2 * MINUTE;
/** Room for a busy week, and for the copy that an upgrade makes. */
const LEAST_FREE = 2 ** 30;

const ok = (about: string, says: string): Finding => ({ about, state: 'ok', says });
const look = (about: string, says: string): Finding => ({ about, state: 'look', says });
const fails = (about: string, says: string): Finding => ({ about, state: 'fails', says });

/** Whether the address is one that phones can work with. */
export function checkName(publicUrl: string): Finding {
  const { hostname, protocol } = new URL(publicUrl);
  const about = 'name';
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0)
    return fails(about, `${hostname} is a bare address, so nobody can make a passkey: use a name`);
  if (hostname === 'localhost') return look(about, 'localhost is this machine only: no phone reaches it');
  if (protocol !== 'https:')
    return fails(
      about,
      `${publicUrl} has no TLS, so phones have no camera, cable, Bluetooth or offline work`,
    );
  return ok(about, `${hostname}, which is the passkeys’ name for ever`);
}

/** Whether the name leads to this machine. Elsewhere may be right as well: a router or a proxy hands on. */
export async function checkDns(publicUrl: string, own = ownAddresses()): Promise<Finding> {
  const { hostname } = new URL(publicUrl);
  try {
    const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true });
    const says = `${hostname} is ${found.map(({ address }) => address).join(', ')}`;
    return found.some(({ address }) => own.includes(address))
      ? ok('dns', says)
      : look(
          'dns',
          `${says}, and none of these is this machine’s: right only where a router or proxy there hands on to it`,
        );
  } catch {
    return fails('dns', `${hostname} does not resolve here: add an A or AAAA record that names this machine`);
  }
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((some = []) => some.map(({ address }) => address));
}

/** Whether this process could listen there. */
export async function checkPorts(ports: readonly number[]): Promise<Finding> {
  const taken: string[] = [];
  for (const port of ports) {
    const fault = await tryToListen(port);
    if (fault === 'EADDRINUSE') taken.push(`${port} is in use by another program: end that one`);
    else if (fault === 'EACCES') taken.push(`${port} needs root, or the unit that was written`);
    else if (fault !== undefined) taken.push(`${port}: ${fault}`);
  }
  return taken.length === 0
    ? ok('ports', `${ports.join(' and ')} are free`)
    : fails('ports', taken.join('; '));
}

async function tryToListen(port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const probe = createServer();
  probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'cannot be listened on'));
  probe.listen(port, () => probe.close(() => resolve(undefined)));
  return promise;
}

/** Whether the service's user, who is nobody special, can read these files, and pass through each folder above. */
export function checkReadable(files: readonly string[]): Finding {
  const has = (path: string, bit: number) => existsSync(path) && (statSync(path).mode & bit) !== 0;
  const shut = files.flatMap((file) => {
    if (!has(file, 0o004)) return [file];
    for (let place = dirname(file); dirname(place) !== place; place = dirname(place))
      if (!has(place, 0o001)) return [place];
    return [];
  });
  return shut.length === 0
    ? ok('program', 'can be read by the user of the service')
    : fails(
        'program',
        `${[...new Set(shut)].join(', ')} is closed to others: install it in a folder like /opt/fieldbind`,
      );
}

/** This machine's clock against that of a server elsewhere, by its header `Date` alone: nothing else of its answer is believed. */
export async function checkClock(elsewhere: string, now = Date.now): Promise<Finding> {
  const about = 'clock';
  const answer = await ask(elsewhere, { rejectUnauthorized: false });
  const there = Date.parse(answer.date ?? '');
  if (Number.isNaN(there))
    return look(about, `cannot be compared: ${new URL(elsewhere).host} does not answer`);
  const off = Math.round((now() - there) / 1000);
  return Math.abs(off) * 1000 <= FARTHEST
    ? ok(about, `agrees with ${new URL(elsewhere).host}`)
    : fails(about, `is ${Math.abs(off)} seconds ${off > 0 ? 'ahead' : 'behind'}: let it be set by NTP`);
}

/** Room on the disk of a folder that need not be there yet. */
export async function checkDisk(folder: string, least = LEAST_FREE): Promise<Finding> {
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const says = `${Math.floor(free / 2 ** 20)} MiB free at ${folder}`;
  return free >= least
    ? ok('disk', says)
    : fails('disk', `${says}: make room for ${Math.ceil(least / 2 ** 20)} MiB`);
}

/** Files and folders that others must not read: secrets, and the data folder with its keys. */
export function checkModes(secrets: readonly string[], data: string): Finding {
  const keys = join(data, 'keys');
  const inKeys = existsSync(keys) ? readdirSync(keys).map((name) => join(keys, name)) : [];
  const there = [...secrets, data, keys, ...inKeys].filter((path) => existsSync(path));
  const open = there.filter((path) => (statSync(path).mode & 0o077) !== 0);
  return open.length === 0
    ? ok('files', `${there.length} are closed to others`)
    : fails('files', `others may read ${open.join(', ')}: chmod go= on each`);
}

/** Whether the address leads to a server of ours that is well, and by which certificate. */
export async function checkServer(
  publicUrl: string,
  trust?: string,
  now = Date.now,
): Promise<readonly Finding[]> {
  const about = 'server';
  const url = new URL('/healthz', publicUrl);
  const answer = await ask(url.href, trust === undefined ? {} : { ca: [...rootCertificates, trust] });
  if (answer.fault !== undefined) return [fails(about, `${url.host} ${answer.fault}`)];
  const body = answer.body ?? '';
  const { status, causes = [] } = parsed(body);
  const found =
    answer.status === 200 && status === 'ok'
      ? ok(about, `${url.host} answers and is well`)
      : status === undefined
        ? fails(about, `${url.host} is answered by something else (${answer.status}): look at DNS and proxy`)
        : fails(
            about,
            `${url.host} is not well: ${causes.join(', ') || status} (docs/operations.md, "Watching")`,
          );
  return answer.certificate === undefined ? [found] : [found, certificateFinding(answer.certificate, now())];
}

/** A name that no file, token or CA has: that it is not there is said by our server in its own words. */
const NOWHERE = 'nothing-of-this-name';

/** Whether CRLs, OCSP answers and CA certificates can be fetched where certificates say, without TLS being asked for instead. */
export async function checkVerifiers(verifierUrl: string, trust?: string): Promise<Finding> {
  const about = 'verifiers';
  const fault = await faultAt(`${verifierUrl}/crl/${NOWHERE}.crl`, trust);
  return fault === undefined
    ? ok(about, `${verifierUrl} gives CRLs, OCSP answers and CA certificates`)
    : fails(about, `${fault}, so nobody can fetch whether a certificate is revoked`);
}

/**
 * Whether the CA could see by http-01 that the name is ours: it comes to port 80 (RFC 8555 section 8.3). `isOnly`: there is no
 * other challenge to answer.
 */
export async function checkHttp01(publicUrl: string, isOnly: boolean, port = 80): Promise<Finding> {
  const { hostname } = new URL(publicUrl);
  const where = `http://${hostname}${port === 80 ? '' : `:${port}`}`;
  const fault = await faultAt(`${where}/.well-known/acme-challenge/${NOWHERE}`);
  if (fault === undefined) return ok('http-01', `${where} answers the CA`);
  return isOnly
    ? fails('http-01', `${fault}, so the CA cannot renew the certificate`)
    : look('http-01', `${fault}, so the CA is answered by tls-alpn-01 alone, on port 443`);
}

/** Why our server does not answer there, as a sentence without its end; undefined if it does. */
async function faultAt(address: string, trust?: string): Promise<string | undefined> {
  const { host, pathname } = new URL(address);
  const answer = await ask(address, trust === undefined ? {} : { ca: [...rootCertificates, trust] });
  if (answer.fault !== undefined) return `${host} ${answer.fault}`;
  const { status = 0, body = '' } = answer;
  const path = pathname.replace(/[^/]*$/, '');
  if (status >= 300 && status < 400)
    return `${host}${path} is sent elsewhere (${status}): let the proxy hand it on as it is`;
  return status === 404 && parsed(body).code === 'not_found'
    ? undefined
    : `${host}${path} is answered by something else (${status}): look at DNS and proxy`;
}

interface Life {
  readonly from: number;
  readonly to: number;
}

/** Less than a quarter of its life left means that renewals have failed for some time, however long that life is. */
function certificateFinding({ from, to }: Life, now: number): Finding {
  const days = Math.floor((to - now) / (24 * 60 * MINUTE));
  return (to - now) * 4 >= to - from
    ? ok('certificate', `good for ${days} more days`)
    : fails(
        'certificate',
        `good for ${days} more days only: it should have been renewed, so look at the log`,
      );
}

interface Parsed {
  readonly status?: string;
  readonly code?: string;
  readonly causes?: readonly string[];
}

function parsed(body: string): Parsed {
  try {
    const value = JSON.parse(body) as { status?: unknown; code?: unknown; causes?: unknown };
    const { status, code, causes } = value;
    return {
      ...(typeof code === 'string' ? { code: code.slice(0, 40) } : {}),
      ...(typeof status === 'string' ? { status: status.slice(0, 40) } : {}),
      ...(Array.isArray(causes)
        ? { causes: causes.map((one) => String(one).slice(0, 40)).slice(0, 10) }
        : {}),
    };
  } catch {
    return {};
  }
}

interface Answer {
  readonly fault?: string;
  readonly status?: number;
  readonly date?: string | undefined;
  readonly body?: string;
  readonly certificate?: Life | undefined;
}

const MOST_BODY = 4096;

/** Gets an address, and says in words why there is no answer. */
async function ask(
  address: string,
  tls: { readonly ca?: string[]; readonly rejectUnauthorized?: boolean },
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const get = address.startsWith('https:') ? tlsGet : plainGet;
  const request = get(
    address,
    { ...tls, agent: false, signal: AbortSignal.timeout(PATIENCE) },
    (response) => {
      const { statusCode = 0, headers } = response;
      const certificate = lifeOf(response.socket as TLSSocket);
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > MOST_BODY) response.destroy();
      });
      response.once('close', () =>
        resolve({ status: statusCode, date: headers.date, body: body.slice(0, MOST_BODY), certificate }),
      );
    },
  );
  request.once('error', (error: NodeJS.ErrnoException) => resolve({ fault: wordsFor(error) }));
  return promise;
}

function lifeOf(socket: TLSSocket): Life | undefined {
  if (typeof socket.getPeerCertificate !== 'function') return undefined;
  const { valid_from: from, valid_to: to } = socket.getPeerCertificate();
  return from === undefined ? undefined : { from: Date.parse(from), to: Date.parse(to) };
}

function wordsFor({ code = '', name }: NodeJS.ErrnoException): string {
  if (name === 'TimeoutError' || name === 'AbortError' || code === 'ETIMEDOUT')
    return 'does not answer in time: look at firewall and router';
  if (code === 'ECONNREFUSED')
    return 'refuses connections: start the server, and look at firewall and router';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'is not found: look at DNS';
  if (code === 'CERT_HAS_EXPIRED')
    return 'shows a certificate that has ended: look at its renewal in the log';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'shows a certificate for another name';
  if (/^(?:UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_)/.test(code))
    return 'shows a certificate that leads to no root that this machine trusts: is the chain complete?';
  return `cannot be asked (${code || name})`;
}
