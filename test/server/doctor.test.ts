import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../server/command-line.ts';
import {
  checkDisk,
  checkDns,
  checkHttp01,
  checkName,
  checkPorts,
  checkReadable,
  checkServer,
  checkVerifiers,
} from '../../server/deployment/checks.ts';
import { fieldbindProcess } from '../support/command-process.ts';
import { freePort } from '../support/free-port.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { serverCertificate } from '../support/server-certificate.ts';
import { closeFaultless } from '../support/server-faults.ts';

const DAY = 24 * 3_600_000;
const PASSPHRASE = 'correct horse battery staple';

let folder: string;
let server: TestServer;
let plainPort: number;
/** A server elsewhere with the right time, and what it answers now. */
let elsewhere: Awaited<ReturnType<typeof startOther>>;
const at = (name: string) => join(folder, name);

async function startOther(answer: RequestListener) {
  let listener = answer;
  const other = createServer((request, response) => listener(request, response)).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    answer(next: RequestListener) {
      listener = next;
    },
    async close() {
      other.closeAllConnections();
      other.close();
      await once(other, 'close');
    },
  };
}
const fine: RequestListener = (_, response) => response.end('{}');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-doctor-'));
  await serverCertificate(folder);
  plainPort = await freePort();
  server = await startTestServer({
    ...{ demo: false, caPassphrase: PASSPHRASE, httpPort: plainPort },
    tls: { certificateFile: at('server.pem'), keyFile: at('server.key') },
  });
  chmodSync(server.data, 0o700);
  elsewhere = await startOther(fine);
  mkdirSync(at('credentials'), { mode: 0o700 });
  writeFileSync(at('credentials/fieldbind-ca-passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
  writeFileSync(at('credentials/fieldbind-smtp-password'), 'mail secret\n', { mode: 0o600 });
});
afterAll(async () => {
  await closeFaultless(server);
  await elsewhere.close();
  rmSync(folder, { recursive: true });
});

/** Writes settings like those that "setup" writes, and gives the words of the command. */
function wordsFor(
  changes: Readonly<Record<string, string>>,
  trust: string | undefined,
  clock = elsewhere.url,
): string[] {
  const settings = {
    ...{ FIELDBIND_PUBLIC_URL: server.url, FIELDBIND_DEMO: 'off', FIELDBIND_DATA: server.data },
    ...{ FIELDBIND_TLS_CERT: at('server.pem'), FIELDBIND_TLS_KEY: at('server.key') },
    FIELDBIND_VERIFIER_URL: `http://localhost:${plainPort}`,
    // A mail server has a password in this installation only where a test names one.
    ...(changes.FIELDBIND_SMTP_URL === undefined ? { CREDENTIALS_DIRECTORY: at('none') } : {}),
    ...changes,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(at('fieldbind.env'), lines.join(''), { mode: 0o600 });
  return [
    'doctor',
    '--env',
    at('fieldbind.env'),
    '--clock',
    clock,
    ...(trust === undefined ? [] : ['--trust', trust]),
  ];
}

/** What it says of each thing, and its exit code. */
async function examine(
  changes: Readonly<Record<string, string>> = {},
  trust: string | undefined = at('server-ca.pem'),
  clock?: string,
) {
  const printed: string[] = [];
  const code = await runCommandLine(wordsFor(changes, trust === '' ? undefined : trust, clock), {
    env: {},
    print: (line) => printed.push(line),
    complain: (line) => printed.push(line),
  });
  for (const secret of [PASSPHRASE, 'mail secret', 'db secret', 'db%20secret'])
    expect(printed.join('\n')).not.toContain(secret);
  const found = printed.map((line) => line.split('\t'));
  const failing = found.flatMap(([state, about, says]) => (state === 'FAILS' ? [`${about}: ${says}`] : []));
  return { code, found: found.map(([state, about]) => `${state} ${about}`), failing };
}

describe('the doctor', () => {
  it('finds a running server well, a line each', async () => {
    expect(await examine()).toEqual({
      ...{ code: 0, failing: [] },
      found: [
        ...['look name', 'ok dns', 'ok server', 'ok certificate', 'ok verifiers', 'ok demo'],
        ...['ok clock', 'ok disk', 'ok files', 'look mail'],
      ],
    });
  });

  it('says which setting does not fit, and what it can do without the rest', async () => {
    const { code, failing } = await examine({ FIELDBIND_SMTP_URL: 'smtp://u:db%20secret@mail.example.org' });
    expect([code, failing]).toEqual([1, [expect.stringContaining('settings: FIELDBIND_SMTP_URL')]]);
  });

  it('says when the address is no name, or does not resolve', async () => {
    const bare = await examine({ FIELDBIND_PUBLIC_URL: server.url.replace('localhost', '127.0.0.1') });
    expect([bare.code, bare.failing]).toEqual([
      1,
      [expect.stringContaining('name: 127.0.0.1 is a bare address')],
    ]);
    const lost = await examine({ FIELDBIND_PUBLIC_URL: 'https://no-such-host.invalid' });
    expect([lost.code, lost.failing]).toEqual([
      1,
      [
        expect.stringContaining('dns: no-such-host.invalid does not resolve'),
        expect.stringMatching(/^server: no-such-host.invalid is not found/),
      ],
    ]);
  });

  it('says when nobody answers, or somebody else, or a server that is not well', async () => {
    const gone = await examine({ FIELDBIND_PUBLIC_URL: 'https://localhost:1' });
    expect([gone.code, gone.failing]).toEqual([1, [expect.stringContaining('server: localhost:1 refuses')]]);
    const other = await startOther((_, response) => response.writeHead(404).end('<html>'));
    const url = other.url.replace('127.0.0.1', 'localhost');
    expect(await checkServer(url)).toMatchObject([
      { state: 'fails', says: expect.stringContaining('answered by something else (404)') },
    ]);
    other.answer((_, response) =>
      response.writeHead(503).end('{"status":"failing","causes":["disk_low","crl_due"]}'),
    );
    expect(await checkServer(url)).toMatchObject([
      { state: 'fails', says: expect.stringContaining('is not well: disk_low, crl_due') },
    ]);
    // Whatever an answer holds, it ends.
    other.answer((_, response) => response.end('x'.repeat(1_000_000)));
    expect(await checkServer(url)).toMatchObject([{ state: 'fails' }]);
    await other.close();
  });

  it('says when verifiers cannot fetch, or the CA cannot look by http-01', async () => {
    const closed = await examine({ FIELDBIND_VERIFIER_URL: `http://localhost:${await freePort()}` });
    expect([closed.code, closed.failing]).toEqual([
      1,
      [expect.stringMatching(/^verifiers: localhost:\d+ refuses .*nobody can fetch/)],
    ]);
    expect(await checkHttp01('https://localhost', true, plainPort)).toMatchObject({ state: 'ok' });
    const shut = await freePort();
    expect(await checkHttp01('https://localhost', true, shut)).toMatchObject({
      ...{ state: 'fails', says: expect.stringContaining('cannot renew') },
    });
    expect(await checkHttp01('https://localhost', false, shut)).toMatchObject({
      ...{ state: 'look', says: expect.stringContaining('tls-alpn-01') },
    });
    // A proxy that sends all to HTTPS, one that answers by itself, and one that says 404 in its own words.
    const other = await startOther((_, response) => response.writeHead(301, { location: '/' }).end());
    const verifiers = () => checkVerifiers(other.url);
    expect(await verifiers()).toMatchObject({
      ...{ state: 'fails', says: expect.stringContaining('/crl/ is sent elsewhere (301)') },
    });
    for (const status of [200, 404]) {
      other.answer((_, response) => response.writeHead(status).end('<html>'));
      expect(await verifiers()).toMatchObject({
        ...{ state: 'fails', says: expect.stringContaining(`something else (${status})`) },
      });
    }
    await other.close();
  });

  it('says when the certificate is not believed, is for another name, or ends soon', async () => {
    const { code, failing } = await examine({}, '');
    expect([code, failing]).toEqual([
      1,
      [expect.stringContaining('leads to no root that this machine trusts')],
    ]);
    const ca = readFileSync(at('server-ca.pem'), 'utf8');
    expect(await checkServer(server.url, ca)).toMatchObject([{ state: 'ok' }, { state: 'ok' }]);
    // Of its two days more than a quarter is left in a day, and less in 40 hours.
    const later = (ms: number) => checkServer(server.url, ca, () => Date.now() + ms);
    expect(await later(DAY)).toMatchObject([{ state: 'ok' }, { state: 'ok' }]);
    expect(await later(DAY * 1.7)).toMatchObject([{ state: 'ok' }, { about: 'certificate', state: 'fails' }]);
  });

  it('says when the clock is wrong, and that it cannot know where nobody answers', async () => {
    const off = (ms: number) =>
      elsewhere.answer((_, response) =>
        response.writeHead(200, { date: new Date(Date.now() + ms).toUTCString() }).end(),
      );
    off(3_600_000);
    const slow = await examine();
    expect([slow.code, slow.failing]).toEqual([
      1,
      [expect.stringMatching(/^clock: is 3\d{3} seconds behind/)],
    ]);
    off(-3_600_000);
    expect((await examine()).failing).toEqual([expect.stringMatching(/^clock: is 3\d{3} seconds ahead/)]);
    elsewhere.answer(fine);
    const silent = await examine({}, undefined, 'http://127.0.0.1:1');
    expect([silent.code, silent.found]).toEqual([0, expect.arrayContaining(['look clock'])]);
  });

  it('says when others may read keys, data, settings or secrets', async () => {
    for (const [path, mode] of [
      [join(server.data, 'keys'), 0o700],
      [join(server.data, 'keys/statement-1.key.pem'), 0o600],
      [server.data, 0o700],
      [at('credentials/fieldbind-ca-passphrase'), 0o600],
    ] as const) {
      chmodSync(path, mode | 0o044);
      const { code, failing } = await examine();
      chmodSync(path, mode);
      expect([path, code, failing]).toEqual([path, 1, [`files: others may read ${path}: chmod go= on each`]]);
    }
  });

  it('says when no mail can be sent', async () => {
    const { code, failing } = await examine({
      ...{ FIELDBIND_SMTP_URL: 'smtp://u@127.0.0.1:1', FIELDBIND_MAIL_FROM: 'field@example.org' },
    });
    expect([code, failing]).toEqual([1, [expect.stringContaining('mail: 127.0.0.1:1 cannot be reached')]]);
  });

  it('says that demo people sign in without a password', async () => {
    const { code, found } = await examine({ FIELDBIND_DEMO: 'on' });
    expect([code, found]).toEqual([0, expect.arrayContaining(['look demo'])]);
  });

  it('takes a file of settings only', async () => {
    writeFileSync(at('other'), 'rm -rf /\n');
    const ran = await fieldbindProcess(['doctor', '--env', at('other')], {});
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('is not a file of lines NAME=value')]);
  });

  it('ends with 0 where all is well and with 1 where not, as a process', async () => {
    const good = await fieldbindProcess(wordsFor({}, at('server-ca.pem')), {});
    expect([good.code, good.stdout.trim().split('\n').length]).toEqual([0, 10]);
    const bad = await fieldbindProcess(wordsFor({}, undefined), {});
    expect([bad.code, bad.stdout]).toEqual([1, expect.stringContaining('FAILS\tserver\t')]);
  });
});

describe('a check', () => {
  it('of DNS looks at whether the name leads to this machine', async () => {
    expect(await checkDns('https://localhost')).toMatchObject({ state: 'ok' });
    expect(await checkDns('https://localhost', ['192.0.2.7'])).toMatchObject({
      ...{ state: 'look', says: expect.stringContaining('none of these is this machine’s') },
    });
  });

  it('of the disk looks at where the folder will be', async () => {
    expect(await checkDisk(at('not/there/yet'))).toMatchObject({ state: 'ok' });
    expect(await checkDisk(folder, Number.MAX_SAFE_INTEGER)).toMatchObject({
      ...{ state: 'fails', says: expect.stringContaining('make room') },
    });
  });

  it('of ports finds the one that is taken', async () => {
    const port = server.running.port;
    expect(await checkPorts([port])).toMatchObject({
      state: 'fails',
      says: expect.stringContaining(`${port}`),
    });
    expect(await checkPorts([0])).toMatchObject({ state: 'ok' });
  });

  it('of the program finds the folder that is closed', () => {
    writeFileSync(at('program'), '');
    expect(checkReadable([at('program')])).toMatchObject({
      ...{ state: 'fails', says: expect.stringContaining(`${folder} is closed`) },
    });
    expect(checkReadable(['/bin/sh'])).toMatchObject({ state: 'ok' });
  });

  it('of the name takes what phones can work with', () => {
    expect(['https://field.example.org', 'https://localhost', 'https://[::1]'].map(checkName)).toMatchObject([
      ...[{ state: 'ok' }, { state: 'look' }, { state: 'fails' }],
    ]);
    expect(checkName('http://field.example.org')).toMatchObject({ state: 'fails' });
  });
});
