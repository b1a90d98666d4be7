import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerifyAnswer } from '../../contract/verify.ts';
import { fromPem, toPem } from '../../core/pem.ts';
import { HANNA, HARBOUR, OAK_STREET, PRACTICE, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';

const now = { at: Date.now() };
let server: TestServer;
let ines: TestOperator;
let sam: TestOperator;
beforeAll(async () => {
  server = await startTestServer({ clock: { now: () => now.at } });
  ines = await server.signIn('ines');
  sam = await server.signIn('sam');
});
afterAll(() => closeFaultless(server));

async function bound(domain = OAK_STREET): Promise<{ device: TestDevice; leafPem: string }> {
  const device = await server.listedDevice();
  const registration = registrationOf(device, domain, { capturedAt: new Date(now.at).toISOString() });
  const change = await ines.submit('registration+jws', registration, 'northfield');
  return { device, leafPem: change.certificate?.leafPem ?? '' };
}

/** Asks as another machine would: no session, no page. */
async function ask(body: object): Promise<Response> {
  return fetch(`${server.url}/api/verify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Which checks did not pass, and why. */
async function said(certificate: string, domain: string = OAK_STREET, udid?: string) {
  const response = await ask({ certificate, domain, ...(udid === undefined ? {} : { udid }) });
  expect(response.status).toBe(200);
  const { verdict, checks } = (await response.json()) as VerifyAnswer;
  return {
    verdict,
    ...Object.fromEntries(checks.flatMap(({ check, code }) => (code ? [[check, code]] : []))),
  };
}

const act = ({ maker, udid }: TestDevice, body: object) =>
  sam.post(`/api/devices/${maker}/${udid}?org=northfield`, { because: 'seen', ...body });

describe('the endpoint', () => {
  it('trusts a device that is bound, in its own domain, and nowhere else', async () => {
    const { device, leafPem } = await bound();
    expect(await said(leafPem)).toEqual({ verdict: 'trusted' });
    expect(await said(leafPem, OAK_STREET, device.udid)).toEqual({ verdict: 'trusted' });
    expect(await said(leafPem, OAK_STREET, 'acme-9')).toEqual({ verdict: 'refused', name: 'name_mismatch' });
    expect(await said(leafPem, HARBOUR)).toEqual({
      verdict: 'refused',
      name: 'name_mismatch',
      grant: 'not_granted',
    });
  });

  it('says the same of a domain that nobody has and of one that is another organisation’s', async () => {
    const { leafPem } = await bound();
    const elsewhere = {
      verdict: 'refused',
      signature: 'issuer_unknown',
      chain: 'issuer_unknown',
      revocation: 'issuer_unknown',
      name: 'name_mismatch',
      grant: 'not_granted',
    };
    expect(await said(leafPem, 'nobody.example.org')).toEqual(elsewhere);
    expect(await said(leafPem, HANNA)).toEqual(elsewhere);
  });

  it('sees a changed bit', async () => {
    const { leafPem } = await bound();
    const [der = new Uint8Array()] = fromPem('CERTIFICATE', leafPem);
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    expect(await said(toPem('CERTIFICATE', der))).toEqual({
      verdict: 'refused',
      signature: 'signature_invalid',
      grant: 'not_granted',
    });
  });

  it('follows a device through its life', async () => {
    const { device, leafPem } = await bound();
    await act(device, { act: 'suspend', reason: 'maintenance' });
    expect(await said(leafPem)).toEqual({
      verdict: 'refused',
      revocation: 'certificate_on_hold',
      grant: 'grant_suspended',
    });
    await act(device, { act: 'resume' });
    expect(await said(leafPem)).toEqual({ verdict: 'trusted' });
    await act(device, { act: 'retire' });
    expect(await said(leafPem)).toEqual({
      verdict: 'refused',
      revocation: 'certificate_revoked',
      grant: 'grant_ended',
    });
  });

  it('refuses the old certificate of a device that went to somebody else, and takes the new one', async () => {
    const { device, leafPem } = await bound();
    const hanna = await server.signIn('hanna');
    const claim = registrationOf(device, HANNA);
    await hanna.submit('registration+jws', claim, 'hanna-home');
    const { transfers } = (await sam.get('/api/transfers?org=northfield')).body as {
      transfers: { id: string; udid: string }[];
    };
    const id = transfers.find(({ udid }) => udid === device.udid)?.id;
    for (const who of [sam, await server.signIn('ada')])
      await who.post(`/api/transfers/${id}?org=northfield`, { decision: 'give_up', because: 'sold' });
    expect(await said(leafPem)).toMatchObject({ revocation: 'certificate_revoked', grant: 'grant_ended' });
    const change = await hanna.outcome(claim.id, 'hanna-home');
    expect(await said(change.certificate?.leafPem ?? '', HANNA)).toEqual({ verdict: 'trusted' });
    expect(await said(change.certificate?.leafPem ?? '')).toMatchObject({ verdict: 'refused' });
  });

  it('trusts nothing that was made for practice', async () => {
    const device = await server.listedDevice({ org: 'training' });
    const registration = registrationOf(device, PRACTICE, { device: { link: 'simulated' } });
    const change = await ines.submit('registration+jws', registration, 'training');
    expect(await said(change.certificate?.leafPem ?? '', PRACTICE)).toEqual({
      verdict: 'refused',
      grant: 'practice_only',
    });
  });

  it('takes one certificate, and says no more than that it does not fit', async () => {
    const { leafPem } = await bound();
    for (const body of [
      {},
      { certificate: leafPem },
      { certificate: leafPem + leafPem, domain: OAK_STREET },
      { certificate: 'x', domain: OAK_STREET },
      { certificate: leafPem, domain: OAK_STREET, org: 'northfield' },
    ])
      expect((await ask(body)).status).toBe(400);
    const junk = toPem('CERTIFICATE', Uint8Array.of(1, 2, 3));
    expect(await said(junk)).toMatchObject({ verdict: 'refused', signature: 'certificate_malformed' });
  });
});

it('is answered by the command line without a network, from files alone', async () => {
  const { device, leafPem } = await bound();
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-verify-'));
  const at = (name: string) => join(folder, name);
  const get = async (path: string) => (await fetch(server.url + path)).text();
  writeFileSync(at('leaf.pem'), leafPem);
  writeFileSync(at('bundle.pem'), await get('/ca/northfield/bundle.pem'));
  writeFileSync(at('crls.pem'), await get('/ca/northfield/crls.pem'));
  const run = (domain: string) =>
    server.fieldbind(
      ...['verify', at('leaf.pem'), '--bundle', at('bundle.pem')],
      ...['--crl', at('crls.pem'), '--domain', domain],
    );
  const good = await run(OAK_STREET);
  expect(good.out).toContain('grant\tnot_checkable\tgrant_not_asked\nundecided');
  expect(good.code).toBe(0);
  expect(await run(HARBOUR)).toMatchObject({ code: 1, out: expect.stringContaining('name_mismatch') });
  await act(device, { act: 'retire' });
  writeFileSync(at('crls.pem'), await get('/ca/northfield/crls.pem'));
  expect(await run(OAK_STREET)).toMatchObject({
    code: 1,
    out: expect.stringContaining('certificate_revoked'),
  });
  // By the list of another CA nothing is known of it, nor by an old one: neither is a yes.
  writeFileSync(at('crls.pem'), await get('/ca/hanna-home/crls.pem'));
  expect(await run(OAK_STREET)).toMatchObject({ code: 3, out: expect.stringContaining('status_unknown') });
  writeFileSync(at('leaf.pem'), 'nothing');
  expect((await run(OAK_STREET)).code).toBe(2);
  rmSync(folder, { recursive: true });
});

it('answers no question about an organisation that is not there', async () => {
  for (const words of [
    ['devices', '--org', 'nowhere'],
    ['due', '--org', 'nowhere'],
    ['policy', 'show', '--org', 'nowhere'],
    ['maker-key', 'list', '--org', 'nowhere'],
    ['list', 'export', '--org', 'nowhere'],
    ['list', 'stale', '--org', 'nowhere', '--older-than', '1'],
  ])
    expect(await server.fieldbind(...words)).toMatchObject({
      code: 2,
      out: expect.stringContaining('organisation'),
    });
});

// Last: they use up what the others need.
describe('too many requests', () => {
  it('are refused by device, with the time to wait', async () => {
    const { device } = await bound();
    let reply = await act(device, { act: 'resume' });
    for (let calls = 1; reply.status === 409 && calls < 100; calls++)
      reply = await act(device, { act: 'resume' });
    expect(reply.body).toMatchObject({ status: 429, code: 'rate_limited' });
    const seconds = Number(reply.headers.get('retry-after'));
    expect(seconds > 0 && seconds <= 60).toBe(true);
    // Another device is another matter; and after that time so is this one.
    expect((await act((await bound()).device, { act: 'resume' })).status).toBe(409);
    now.at += seconds * 1000;
    expect((await act(device, { act: 'resume' })).status).toBe(409);
  });

  it('are refused by address to whoever is not signed in', async () => {
    let response = await ask({});
    for (let calls = 1; response.status === 400 && calls < 2000; calls++) response = await ask({});
    expect(await response.json()).toMatchObject({ code: 'rate_limited' });
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await sam.get('/api/session')).status).toBe(200);
  });
});
