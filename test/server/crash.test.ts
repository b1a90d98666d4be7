import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FieldDevices } from '../../contract/field-device.ts';
import { placeDigest } from '../../core/place.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { revokeDevice } from '../../server/authority/ra/custody/revoke-device.ts';
import { openInstallation } from '../../server/installation.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { databaseOf } from '../support/database.ts';
import { HARBOUR, OAK_STREET, startTestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { answerFor } from '../support/server-fresh.ts';
import { signInAs } from '../support/server-operator.ts';
import { startProcess } from '../support/server-process.ts';
import { register } from '../support/server-register.ts';
import { trailOf } from '../support/trail.ts';

let data: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-crash-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

async function startChild(step: string): Promise<string> {
  const started = await startProcess(data, step);
  child = started.child;
  return started.url;
}

/** What a killed server left to be signed. */
async function unfinishedIn(folder: string) {
  const closed = await openInstallation({
    data: folder,
    databaseUrl: await databaseOf(folder),
    publicUrl: 'http://localhost',
    suffix: 'fieldbind.internal',
  });
  const left = await closed.stores.intents.unfinished();
  await closed.close();
  return left;
}

/** Sends one registration to a server that dies after `step`; gives what is needed to go on. */
async function crashAfter(step: string) {
  const before = await startTestServer({ data });
  const device = await before.listedDevice();
  await before.close();
  const url = await startChild(step);
  const ines = await signInAs(url, 'ines');
  const payload = registrationOf(device, OAK_STREET);
  const { jws } = await ines.seal('registration+jws', payload, 'northfield');
  const ended = once(child as ChildProcess, 'exit');
  // Killed while it decides, the server may or may not have answered.
  await ines.send([jws]).catch(() => undefined);
  expect(await ended).toEqual([null, 'SIGKILL']);
  return { device, payload, jws };
}

describe('a server killed in the middle', () => {
  it.each([
    ['received', 'receipt and record are there; the record is decided at the next start'],
    ['intended', 'the intent is there; the same TBS is signed at the next start'],
    ['signed', 'the signature is lost with the process and made again over the same TBS'],
    ['issued', 'all is there'],
  ])('after "%s": %s', async (step) => {
    const { device, payload, jws } = await crashAfter(step);
    const intended = await unfinishedIn(data);
    expect(intended).toHaveLength(step === 'intended' || step === 'signed' ? 1 : 0);

    const server = await startTestServer({ data });
    const ines = await server.signIn('sam');
    const said = (await ines.changes('northfield')).filter(({ record }) => record === payload.id);
    expect(said).toMatchObject([{ outcome: 'bound', udid: device.udid }]);
    const { stores } = server.running.installation;
    const stored = await stores.certificates.byFingerprint(said[0]?.certificate?.fingerprint ?? '');
    const [intent] = intended;
    if (intent !== undefined) expect(stored?.serial).toBe(intent.intent.serial);
    expect(await stores.intents.unfinished()).toEqual([]);
    // A phone that never had its receipt sends again.
    const { results } = await ines.send([jws]);
    expect(results).toMatchObject([{ status: 'duplicate', receipt: expect.any(String) }]);
    expect(await verifyAudit(server.running.installation)).toMatchObject({ ok: true });
    await closeFaultless(server);
  });

  it('still names who approved, though it died between their word and the certificate', async () => {
    const before = await startTestServer({ data });
    const device = await before.listedDevice({ row: { anchor: 'udid-only' } });
    const ines = await before.signIn('ines');
    const payload = registrationOf(device, OAK_STREET);
    const change = await ines.submit('registration+jws', payload, 'northfield');
    expect(change).toMatchObject({ outcome: 'held' });
    await before.close();
    const url = await startChild('intended');
    const sam = await signInAs(url, 'sam');
    const ended = once(child as ChildProcess, 'exit');
    const path = `/api/approvals/${payload.id}?org=northfield`;
    await sam.post(path, { decision: 'approve', reason: 'seen on site' }).catch(() => undefined);
    expect(await ended).toEqual([null, 'SIGKILL']);
    const server = await startTestServer({ data });
    const trail = (await trailOf(server.running.installation.stores)).filter(
      ({ subject }) => subject === payload.id,
    );
    expect(trail.slice(-3)).toMatchObject([
      { event: 'approved', actor: 'sam', detail: 'because: seen on site' },
      { event: 'intended', actor: 'sam' },
      { event: 'bound', actor: 'sam' },
    ]);
    await closeFaultless(server);
  });

  it.each([
    ['intended', 'the device stands in the new domain with the intent of its certificate, which is signed'],
    ['signed', 'the same bytes are signed again'],
    ['issued', 'all is there'],
  ])('in a move, after "%s": %s', async (step) => {
    const before = await startTestServer({ data });
    const device = await before.listedDevice();
    const first = await register(await before.signIn('ines'), device);
    await before.close();
    const phone = await signInAs(await startChild(step), 'ines');
    const id = uuid7(Date.now(), nodeCrypto);
    const fresh = await answerFor(id, device, { by: phone });
    const from = { domain: OAK_STREET, place: await placeDigest({ domain: OAK_STREET }, nodeCrypto) };
    const place = { position: 'Quay 3', photos: [] };
    const payload = registrationOf(device, HARBOUR, { id, ...fresh, from, place });
    const { jws } = await phone.seal('registration+jws', payload, 'northfield');
    const ended = once(child as ChildProcess, 'exit');
    await phone.send([jws]).catch(() => undefined);
    expect(await ended).toEqual([null, 'SIGKILL']);

    const [intent, ...more] = await unfinishedIn(data);
    expect([intent !== undefined, more]).toEqual([step !== 'issued', []]);
    const server = await startTestServer({ data });
    const ines = await server.signIn('ines');
    const moved = await ines.outcome(id, 'northfield');
    expect(moved).toMatchObject({ outcome: 'bound', code: 'moved', domain: HARBOUR });
    const { stores } = server.running.installation;
    const binding = await stores.liveBindings.byName(device.maker, device.udid);
    expect(binding).toMatchObject({ domain: HARBOUR, state: 'issued', registration: first.record });
    // One certificate each, both good: the old one goes once the new one is shown.
    const certificates = await stores.certificates.ofBinding(binding?.id ?? '');
    expect(certificates.map(({ fingerprint, revokedAt }) => [fingerprint, revokedAt])).toEqual([
      [moved.certificate?.fingerprint, null],
      [first.certificate?.fingerprint, null],
    ]);
    if (intent !== undefined) expect(certificates[0]?.serial).toBe(intent.intent.serial);
    expect(await stores.places.ofRegistration(first.record)).toMatchObject([
      { domain: HARBOUR, position: 'Quay 3', standsBy: id },
    ]);
    const { body } = await ines.get('/api/field-devices?org=northfield&after=');
    expect((body as FieldDevices).devices).toMatchObject([
      { udid: device.udid, domain: HARBOUR, registration: id, certificate: moved.certificate },
    ]);
    expect(await stores.intents.unfinished()).toEqual([]);
    expect(await verifyAudit(server.running.installation)).toMatchObject({ ok: true });
    await closeFaultless(server);
  });

  it.each([
    ['intended', 'the old device has ended and the new one waits for its certificate, which is signed'],
    ['signed', 'the same bytes are signed again'],
    ['issued', 'all is there'],
  ])('as a device takes another one’s place, after "%s": %s', async (step) => {
    const before = await startTestServer({ data });
    const old = await before.listedDevice();
    const next = await before.listedDevice();
    const phone = await before.signIn('ines');
    const place = { site: 'roof', position: 'Mast 2', photos: [] };
    const gone = await register(phone, old, { place });
    const { maker, udid } = old;
    const held = await register(phone, next, { replaces: { maker, udid } });
    expect(held).toMatchObject({ outcome: 'held', code: 'replaces_another' });
    await before.close();
    const sam = await signInAs(await startChild(step), 'sam');
    const ended = once(child as ChildProcess, 'exit');
    const path = `/api/approvals/${held.record}?org=northfield`;
    await sam.post(path, { decision: 'approve', reason: 'seen on site' }).catch(() => undefined);
    expect(await ended).toEqual([null, 'SIGKILL']);

    expect(await unfinishedIn(data)).toHaveLength(step === 'issued' ? 0 : 1);
    const server = await startTestServer({ data });
    const ines = await server.signIn('ines');
    expect(await ines.outcome(held.record, 'northfield')).toMatchObject({ outcome: 'bound' });
    const { body } = await ines.get('/api/field-devices?org=northfield&after=');
    const { devices } = body as FieldDevices;
    expect(devices.find((one) => one.udid === next.udid)).toMatchObject({
      ...{ state: 'issued', site: 'roof', position: 'Mast 2', registration: held.record },
    });
    expect(devices.find((one) => one.udid === udid)).toMatchObject({
      ...{ state: 'ended', ended: { code: 'replaced' } },
    });
    const said = (await ines.changes('northfield')).filter(({ record }) => record === gone.record);
    expect(said.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['bound', undefined],
      ['refused', 'replaced'],
    ]);
    const { stores } = server.running.installation;
    const leaf = await stores.certificates.byFingerprint(gone.certificate?.fingerprint ?? '');
    expect(leaf?.revokedAt).toBeTruthy();
    expect(await stores.intents.unfinished()).toEqual([]);
    expect(await verifyAudit(server.running.installation)).toMatchObject({ ok: true });
    await closeFaultless(server);
  });

  it('abandons the intent if the device was revoked before the next start', async () => {
    const { device, payload } = await crashAfter('intended');
    const desk = await openInstallation({
      data,
      databaseUrl: await databaseOf(data),
      publicUrl: 'http://localhost',
      suffix: 'fieldbind.internal',
    });
    const { maker, udid } = device;
    await revokeDevice({ maker, udid, reason: 'keyCompromise', by: 'test' }, desk);
    await desk.close();
    const server = await startTestServer({ data });
    const sam = await server.signIn('sam');
    expect(await sam.outcome(payload.id, 'northfield')).toMatchObject({
      outcome: 'refused',
      code: 'tombstoned',
    });
    expect(await server.running.installation.stores.intents.unfinished()).toEqual([]);
    await server.close();
  });
});
