import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../contract/change.ts';
import { fakeTimeLibrary } from '../../tools/parts.ts';
import { openssl } from '../support/openssl.ts';
import { fieldbind, HANNA } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';
import { signInAs } from '../support/server-operator.ts';
import { type ServerProcess, startProcess } from '../support/server-process.ts';

/** A whole server under libfaketime, which sets what its system calls say of the time: the wall clock alone. */
let folder: string;
let data: string;
let environment: Record<string, string>;
let server: ServerProcess;
const at = (name: string) => join(folder, name);
const jump = (by: string) => writeFileSync(at('stamp'), `${by}\n`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-faketime-'));
  data = at('data');
  const library = fakeTimeLibrary();
  if (library === undefined) throw new Error('libfaketime is not installed (Debian: libfaketime)');
  environment = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: at('stamp'),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function health(): Promise<number> {
  return (await fetch(`${server.url}/healthz`)).status;
}

async function file(name: string, path: string): Promise<void> {
  writeFileSync(at(name), await (await fetch(`${server.url}${path}`)).bytes());
}

it('believes no clock that jumps, for a moment or over a restart, and goes on by itself when it is right', async () => {
  jump('+0');
  server = await startProcess(data, 'none', environment);
  const hanna = await signInAs(server.url, 'hanna');
  const device = await makeDevice();
  const row = rowOf(device);
  writeFileSync(at('list.json'), JSON.stringify([row]));
  expect(
    await fieldbind(data, [
      'list',
      'import',
      at('list.json'),
      '--org',
      'hanna-home',
      '--maker',
      'acme',
      '--by',
      'sam',
    ]),
  ).toMatchObject({ code: 0 });
  const bound = await hanna.submit('registration+jws', registrationOf(device, HANNA), 'hanna-home');
  writeFileSync(at('leaf.pem'), (bound.certificate as IssuedCertificate).leafPem);
  const { issuedAt } = await hanna.pack('hanna-home');

  for (const by of ['+2d', '+400d', '-400d']) {
    jump(by);
    expect(await health()).toBe(503);
    expect(await hanna.get('/api/session')).toMatchObject({ status: 503 });
    expect(await hanna.get('/api/work-pack?org=hanna-home')).toMatchObject({ status: 503 });
    jump('+0');
    expect(await health()).toBe(200);
    expect((await hanna.pack('hanna-home')).issuedAt).toBe(issuedAt);
    await file('bundle.pem', '/ca/hanna-home/bundle.pem');
    await file('crls.pem', '/ca/hanna-home/crls.pem');
    const verified = await openssl(
      ...['verify', '-crl_check', '-CAfile', at('bundle.pem'), '-CRLfile', at('crls.pem'), at('leaf.pem')],
    );
    expect(verified.out).toContain('leaf.pem: OK');
    const asked = await openssl(
      ...['ocsp', '-issuer', at('bundle.pem'), '-CAfile', at('bundle.pem'), '-no_nonce'],
      ...['-cert', at('leaf.pem'), '-url', `${server.url}/ocsp`],
    );
    expect(asked.out).toMatch(/leaf\.pem: good/);
  }

  await server.stop();
  for (const by of ['+2d', '+400d', '-2d']) {
    jump(by);
    await expect(startProcess(data, 'none', environment)).rejects.toThrow('did not start');
  }
  jump('+0');
  server = await startProcess(data, 'none', environment);
  expect(await health()).toBe(200);
  expect((await signInAs(server.url, 'hanna')).session.operator).toBe('hanna');
});
