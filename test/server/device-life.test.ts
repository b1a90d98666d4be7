import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeldRecord } from '../../contract/approval.ts';
import type { Change } from '../../contract/change.ts';
import type { DeviceState } from '../../contract/device-state.ts';
import { suspendDevice } from '../../server/authority/ra/custody/device-life.ts';
import { openssl } from '../support/openssl.ts';
import { HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { clientToken, sendAsClient } from '../support/server-client.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { trailOf } from '../support/trail.ts';

let server: TestServer;
let ines: TestOperator;
let sam: TestOperator;
let ada: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
  sam = await server.signIn('sam');
  ada = await server.signIn('ada');
});
afterAll(() => closeFaultless(server));

async function bound(
  changes: Parameters<typeof registrationOf>[2] = {},
  domain = OAK_STREET,
): Promise<{ device: TestDevice; change: Change; serial: string }> {
  const device = await server.listedDevice();
  const change = await ines.submit('registration+jws', registrationOf(device, domain, changes), 'northfield');
  const serial = new x509.X509Certificate(change.certificate?.leafPem ?? '').serialNumber.replace(/^00/, '');
  return { device, change, serial };
}

const act = (who: TestOperator, { maker, udid }: TestDevice, body: object) =>
  who.post(`/api/devices/${maker}/${udid}?org=northfield`, { because: 'seen', ...body });

async function stateOf({ udid }: TestDevice): Promise<DeviceState | undefined> {
  const { devices } = (await sam.get('/api/devices?org=northfield')).body as { devices: DeviceState[] };
  return devices.find((device) => device.udid === udid);
}

/** Reason that the CRL everybody fetches gives for a serial. */
async function onCrl(serial: string): Promise<string | undefined> {
  const der = new Uint8Array(await (await fetch(`${server.url}/crl/northfield.crl`)).arrayBuffer());
  const entry = new x509.X509Crl(der).entries.find((one) => one.serialNumber.replace(/^00/, '') === serial);
  return entry && x509.X509CrlReason[entry.reason ?? 0];
}

/** What OpenSSL makes of the OCSP answer about a leaf. */
async function overOcsp(leafPem: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-life-'));
  const [leaf, issuer] = [join(folder, 'leaf.pem'), join(folder, 'issuer.pem')];
  writeFileSync(leaf, leafPem);
  writeFileSync(issuer, await (await fetch(`${server.url}/ca/northfield/bundle.pem`)).text());
  const asked = ['-issuer', issuer, '-cert', leaf, '-CAfile', issuer];
  const { out } = await openssl('ocsp', '-no_nonce', '-url', `${server.url}/ocsp`, ...asked);
  rmSync(folder, { recursive: true });
  return out;
}

describe('suspended', () => {
  it('is on hold at once, on the CRL too, and back again', async () => {
    const { device, change, serial } = await bound();
    expect(await onCrl(serial)).toBeUndefined();
    expect((await act(sam, device, { act: 'suspend', reason: 'maintenance' })).status).toBe(200);
    expect(await onCrl(serial)).toBe('certificateHold');
    const leafPem = change.certificate?.leafPem ?? '';
    expect(await overOcsp(leafPem)).toMatch(/: revoked[\s\S]*Reason: certificateHold/);
    expect(await server.running.installation.stores.certificateStates.status(serial)).toMatchObject({
      revoked: { reason: 'certificateHold' },
    });
    expect(await stateOf(device)).toMatchObject({
      state: 'issued',
      revokedAt: null,
      suspended: { reason: 'maintenance', by: 'sam' },
    });
    const again = await act(sam, device, { act: 'suspend', reason: 'maintenance' });
    expect(again.body).toMatchObject({ code: 'conflict' });
    // Handed out to nobody meanwhile.
    expect((await ines.outcome(change.record, 'northfield')).certificate).toBeUndefined();
    expect((await act(sam, device, { act: 'resume' })).status).toBe(200);
    expect(await onCrl(serial)).toBeUndefined();
    expect(await overOcsp(leafPem)).toMatch(/: good/);
    expect((await stateOf(device))?.suspended).toBeUndefined();
    expect((await ines.outcome(change.record, 'northfield')).certificate).toBeDefined();
    expect((await act(sam, device, { act: 'resume' })).body).toMatchObject({ code: 'conflict' });
  });

  it('is on the CRL though the clock of who suspended it was behind the one that signed it', async () => {
    const [first, second] = [await bound(), await bound()];
    await act(sam, first.device, { act: 'suspend', reason: 'lost' });
    expect(await onCrl(first.serial)).toBe('certificateHold');
    const behind = { ...server.running.installation, clock: { now: () => Date.now() - 60_000 } };
    const { maker, udid } = second.device;
    const word = { by: 'ada', because: 'seen' };
    expect(await suspendDevice({ org: 'northfield', maker, udid }, 'lost', word, behind)).toMatchObject({
      ok: true,
    });
    expect(await onCrl(second.serial)).toBe('certificateHold');
  });

  it('that turns up is held with the place where it was seen, and is nobody’s until it is resumed', async () => {
    const { device, serial } = await bound();
    await act(sam, device, { act: 'suspend', reason: 'lost' });
    const found = registrationOf(device, HARBOUR, {
      place: { site: 'pier', position: 'in a box', photos: [] },
    });
    const change = await ines.submit('registration+jws', found, 'northfield');
    expect(change).toMatchObject({
      outcome: 'held',
      code: 'device_suspended',
      domain: HARBOUR,
      detail: expect.stringMatching(/reported lost since .* seen at .*pier/),
    });
    expect(change.certificate).toBeUndefined();
    const { held } = (await sam.get('/api/approvals?org=northfield')).body as { held: HeldRecord[] };
    expect(held.find(({ record }) => record === found.id)).toMatchObject({
      code: 'device_suspended',
      udid: device.udid,
      domain: HARBOUR,
      site: 'pier',
      position: 'in a box',
    });
    const approve = () =>
      sam.post(`/api/approvals/${found.id}?org=northfield`, { decision: 'approve', reason: 'it is ours' });
    // An approval is not the word of two persons that a lost device may come back.
    expect(await approve()).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await onCrl(serial)).toBe('certificateHold');
    expect((await ines.changes('northfield')).filter(({ record }) => record === found.id)).toHaveLength(1);
    expect((await act(ada, device, { act: 'resume' })).status).toBe(200);
    // It is bound elsewhere, which is now said of it.
    expect(await approve()).toMatchObject({
      status: 200,
      body: { outcome: 'refused', code: 'taken_same_org' },
    });
    const again = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    expect(again).toMatchObject({ outcome: 'bound', code: 'same_install' });
  });

  it('as lost takes four eyes to come back', async () => {
    const { device, serial } = await bound();
    await act(sam, device, { act: 'suspend', reason: 'maintenance' });
    expect((await act(sam, device, { act: 'suspend', reason: 'lost' })).status).toBe(200);
    expect((await act(sam, device, { act: 'suspend', reason: 'maintenance' })).status).toBe(409);
    expect((await act(sam, device, { act: 'resume' })).body).toMatchObject({ code: 'forbidden' });
    expect((await act(ada, device, { act: 'resume', because: 'found in the van' })).status).toBe(200);
    expect(await onCrl(serial)).toBeUndefined();
    const trail = await trailOf(server.running.installation.stores);
    expect(trail.filter(({ subject, event }) => subject === device.udid && /susp|resum/.test(event))).toEqual(
      [
        expect.objectContaining({ event: 'suspended: maintenance', actor: 'sam' }),
        expect.objectContaining({ event: 'suspended: lost', actor: 'sam' }),
        expect.objectContaining({ event: 'resumed', actor: 'ada', detail: 'because: found in the van' }),
      ],
    );
  });

  it('gives way to revoking, for good', async () => {
    const { device, serial } = await bound();
    await act(sam, device, { act: 'suspend', reason: 'lost' });
    expect((await act(sam, device, { act: 'revoke', reason: 'stolen' })).status).toBe(200);
    expect(await onCrl(serial)).toBe('keyCompromise');
    expect((await act(ada, device, { act: 'resume' })).status).toBe(404);
    const again = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    expect(again).toMatchObject({ outcome: 'refused', code: 'tombstoned' });
  });
});

describe('retired and replaced', () => {
  it('ends without a tombstone, and may be bound again', async () => {
    const { device, change, serial } = await bound();
    expect((await act(sam, device, { act: 'retire' })).status).toBe(200);
    expect(await onCrl(serial)).toBe('cessationOfOperation');
    expect(await ines.outcome(change.record, 'northfield')).toMatchObject({
      outcome: 'refused',
      code: 'retired',
    });
    const again = registrationOf(device, HARBOUR);
    expect(await ines.submit('registration+jws', again, 'northfield')).toMatchObject({ outcome: 'bound' });
  });

  it('hands site and position to the new device, which was bound first', async () => {
    const place = { site: 'roof', position: 'Mast 3', photos: [] };
    const old = await bound({ place });
    const fresh = await makeDevice();
    const replace = () =>
      act(sam, old.device, { act: 'replace', with: { maker: fresh.maker, udid: fresh.udid } });
    expect((await replace()).body).toMatchObject({ code: 'conflict' });
    await server.importList('northfield', [rowOf(fresh)]);
    await ines.submit('registration+jws', registrationOf(fresh, OAK_STREET), 'northfield');
    expect((await replace()).status).toBe(200);
    expect(await onCrl(old.serial)).toBe('superseded');
    expect(await stateOf(fresh)).toMatchObject({
      domain: OAK_STREET,
      site: 'roof',
      position: 'Mast 3',
      replaces: old.device.udid,
      revokedAt: null,
    });
    expect(await ines.outcome(old.change.record, 'northfield')).toMatchObject({ code: 'replaced' });
    const elsewhere = await bound({}, HARBOUR);
    const { maker, udid } = elsewhere.device;
    const other = await act(sam, fresh, { act: 'replace', with: { maker, udid } });
    expect(other.body).toMatchObject({ code: 'conflict', detail: expect.stringContaining('another domain') });
  });

  it('lets one device take the place of one other, and says so', async () => {
    const [first, second, fresh] = [await bound(), await bound(), await bound()];
    const { maker, udid } = fresh.device;
    const replace = { act: 'replace', with: { maker, udid } };
    expect((await act(sam, first.device, replace)).status).toBe(200);
    const refused = await act(sam, second.device, replace);
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'conflict', detail: expect.stringContaining('retire') });
    expect(await stateOf(second.device)).toMatchObject({ revokedAt: null });
    expect(await stateOf(fresh.device)).toMatchObject({ replaces: first.device.udid });
  });
});

describe('who may', () => {
  it('is not an installer, nor another organisation, nor anybody without a reason', async () => {
    const { device } = await bound();
    const hanna = await server.signIn('hanna');
    expect((await act(ines, device, { act: 'retire' })).status).toBe(403);
    const path = `/api/devices/${device.maker}/${device.udid}?org=hanna-home`;
    expect((await hanna.post(path, { act: 'retire', because: 'mine' })).status).toBe(404);
    expect((await hanna.post(path, { act: 'revoke', reason: 'stolen', because: 'x' })).status).toBe(404);
    for (const body of [
      { act: 'suspend' },
      { act: 'replace' },
      { act: 'revoke', reason: 'lost' },
      { act: 'retire', because: ' ' },
    ])
      expect((await act(sam, device, body)).status).toBe(400);
    expect(await stateOf(device)).toMatchObject({ state: 'issued', revokedAt: null });
  });

  it('is a machine client, within its rights and its organisation only', async () => {
    const { device, serial } = await bound();
    const token = await clientToken(server, ['suspend']);
    const suspend = { act: 'suspend', reason: 'lost', because: 'reported by phone' };
    expect((await sendAsClient(server, 'fbc_wrong', device, suspend)).status).toBe(401);
    expect(
      (await sendAsClient(server, token, device, { act: 'revoke', reason: 'stolen', because: 'x' })).status,
    ).toBe(403);
    expect((await sendAsClient(server, token, device, { ...suspend, act: 'resume' })).status).toBe(400);
    expect((await sendAsClient(server, token, device, suspend)).status).toBe(200);
    expect(await onCrl(serial)).toBe('certificateHold');
    expect((await stateOf(device))?.suspended?.by).toMatch(/^client crm-/);
    expect((await sendAsClient(server, token, await makeDevice(), suspend)).status).toBe(404);
    // The token opens nothing else, and not beside a cookie from another page.
    const elsewhere = await fetch(`${server.url}/api/devices?org=northfield`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(elsewhere.status).toBe(401);
    const crossSite = await sam.post(
      '/api/sign-out',
      {},
      { origin: 'https://evil.example', authorization: 'Bearer x' },
    );
    expect(crossSite.status).toBe(403);
  });

  it('is whoever has the command line, with names', async () => {
    const { device, serial } = await bound();
    const words = (...more: string[]) => [
      '--udid',
      device.udid,
      '--maker',
      device.maker,
      '--because',
      'call',
      ...more,
    ];
    const run = (verb: string, ...more: string[]) => server.fieldbind('device', verb, ...words(...more));
    expect(await run('suspend', '--reason', 'lost', '--by', 'sam')).toMatchObject({ code: 0 });
    expect(await onCrl(serial)).toBe('certificateHold');
    // Two eyes are two sign-ins: whoever is named here, it is the same shell.
    for (const by of ['sam', 'ada'])
      expect(await run('resume', '--by', by)).toMatchObject({
        code: 1,
        out: expect.stringContaining('signs in and resumes it'),
      });
    const resume = { act: 'resume', because: 'found' } as const;
    const path = `/api/devices/${device.maker}/${device.udid}?org=northfield`;
    expect((await sam.post(path, resume)).status).toBe(403);
    expect((await ada.post(path, resume)).status).toBe(200);
    expect(await run('suspend', '--reason', 'maintenance', '--by', 'sam')).toMatchObject({ code: 0 });
    expect(await run('resume', '--by', 'sam')).toMatchObject({ code: 0 });
  });

  it('loses a token that is revoked', async () => {
    const made = await server.fieldbind(
      'client',
      'create',
      'desk-crm',
      '--org',
      'northfield',
      '--rights',
      'suspend,transfer',
    );
    expect(made.code).toBe(0);
    const { device } = await bound();
    const offer = { act: 'give_up', because: 'sold' };
    expect((await sendAsClient(server, made.out.trim(), device, offer)).status).toBe(200);
    expect(await server.fieldbind('client', 'revoke', 'desk-crm')).toMatchObject({ code: 0 });
    expect((await sendAsClient(server, made.out.trim(), device, offer)).status).toBe(401);
  });
});
