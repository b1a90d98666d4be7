import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FieldDevices } from '../../contract/field-device.ts';
import { parseCertificate } from '../../core/certificate.ts';
import type { DomainName } from '../../core/name.ts';
import { fromPem } from '../../core/pem.ts';
import { placeDigest } from '../../core/place.ts';
import type { Udid } from '../../core/udid.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { deviceName } from '../../core/verify-certificate.ts';
import {
  decidedCertificate,
  enrolDevice,
  renewDevice,
} from '../../server/authority/ra/contact/device-contact.ts';
import { noteContact } from '../../server/authority/ra/contact/note-contact.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { answerFor } from '../support/server-fresh.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

const ORG = 'northfield';
let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

const fromOf = async (domain = OAK_STREET, spot = {}) => ({
  domain,
  place: await placeDigest({ domain, ...spot }, nodeCrypto),
});

async function move(device: TestDevice, changes: object = {}, phone: TestOperator = ines) {
  const id = uuid7(Date.now(), nodeCrypto);
  const fresh = await answerFor(id, device, { by: phone });
  return register(phone, device, { id, ...fresh, from: await fromOf(), ...changes }, HARBOUR);
}

async function bindingOf({ maker, udid }: TestDevice) {
  const binding = await server.running.installation.stores.liveBindings.byName(maker, udid);
  if (binding === undefined) throw new Error('no live binding');
  return binding;
}

async function verified(leafPem: string | undefined, domain: string) {
  const { body } = await ines.post('/api/verify', { certificate: leafPem, domain });
  return (body as { checks: { check: string; result: string }[] }).checks
    .filter(({ result }) => result === 'failed')
    .map(({ check }) => check);
}

function takeBack({ udid }: TestDevice, of: string) {
  const capturedAt = new Date().toISOString();
  const payload = { id: uuid7(Date.now(), nodeCrypto), app: '0.1.0', capturedAt, of, udid, reason: 'undone' };
  return ines.submit('void+jws', payload, ORG);
}

async function shownOf({ udid }: TestDevice) {
  const { body } = await ines.get(`/api/field-devices?org=${ORG}&after=`);
  return (body as FieldDevices).devices.filter((one) => one.udid === udid);
}

describe('a device is moved to another domain', () => {
  it('as the same binding, with a certificate for it; the one before goes once that is shown', async () => {
    const device = await server.listedDevice();
    const first = await register(ines, device);
    const before = await bindingOf(device);
    const moved = await move(device, { place: { position: 'Quay 3', photos: [] } });
    expect(moved).toMatchObject({ outcome: 'bound', code: 'moved', domain: HARBOUR });
    expect(await bindingOf(device)).toMatchObject({ id: before.id, domain: HARBOUR });
    expect(await shownOf(device)).toMatchObject([
      { domain: HARBOUR, position: 'Quay 3', registration: moved.record, certificate: moved.certificate },
    ]);
    // Both are good, each for the domain that it names.
    expect(await verified(first.certificate?.leafPem, OAK_STREET)).toEqual([]);
    expect(await verified(moved.certificate?.leafPem, HARBOUR)).toEqual([]);
    expect(await verified(first.certificate?.leafPem, HARBOUR)).not.toEqual([]);
    const key = { fingerprint: moved.certificate?.fingerprint ?? '' };
    await noteContact(key, before, server.running.installation);
    expect(await verified(first.certificate?.leafPem, OAK_STREET)).toContain('revocation');
    expect(await verified(moved.certificate?.leafPem, HARBOUR)).toEqual([]);
    expect(await takeBack(device, moved.record)).toMatchObject({ code: 'undo_too_late' });
  });

  it('in the place of another one there, which ends', async () => {
    const [old, spare] = [await server.listedDevice(), await server.listedDevice()];
    const ada = await server.signIn('ada');
    await register(ines, old, { place: { position: 'Quay 4', photos: [] } }, HARBOUR);
    await register(ines, spare);
    const replaces = { maker: old.maker, udid: old.udid };
    const place = { position: 'Quay 4', photos: [] };
    expect(await move(spare, { place, replaces })).toMatchObject({
      outcome: 'held',
      code: 'replaces_another',
    });
    expect(await move(spare, { place, replaces }, ada)).toMatchObject({ outcome: 'bound', code: 'moved' });
    expect(await bindingOf(spare)).toMatchObject({ domain: HARBOUR });
    expect(await shownOf(old)).toMatchObject([{ state: 'ended', ended: { code: 'replaced' } }]);
  });

  it('only where it stands as the phone knew, and with its key proved now', async () => {
    const device = await server.listedDevice();
    await register(ines, device);
    expect(await move(device, { from: await fromOf(OAK_STREET, { position: 'Attic' }) })).toMatchObject({
      outcome: 'refused',
      code: 'place_conflict',
    });
    expect(await register(ines, device, {}, HARBOUR)).toMatchObject({ code: 'taken_same_org' });
    const held = await register(ines, device, { from: await fromOf() }, HARBOUR);
    expect(held).toMatchObject({ outcome: 'held', code: 'possession_needed' });
    expect(await bindingOf(device)).toMatchObject({ domain: OAK_STREET, state: 'issued' });
  });

  it('and back by a void, while nobody has its new certificate; then its end is the end of all', async () => {
    const device = await server.listedDevice();
    const first = await register(ines, device);
    const moved = await move(device);
    expect(await takeBack(device, first.record)).toMatchObject({ code: 'already_decided' });
    expect(await takeBack(device, moved.record)).toMatchObject({ outcome: 'noted' });
    expect(await ines.outcome(moved.record, ORG)).toMatchObject({ outcome: 'refused', code: 'withdrawn' });
    expect(await bindingOf(device)).toMatchObject({ domain: OAK_STREET, state: 'issued' });
    expect(await shownOf(device)).toMatchObject([{ domain: OAK_STREET, registration: first.record }]);
    expect(await verified(first.certificate?.leafPem, OAK_STREET)).toEqual([]);
    expect(await verified(moved.certificate?.leafPem, HARBOUR)).toContain('revocation');
    const again = await move(device);
    expect(again).toMatchObject({ code: 'moved' });
    const { maker, udid } = device;
    const named = ['--udid', udid, '--maker', maker, '--reason', 'keyCompromise', '--by', 'sam'];
    expect((await server.fieldbind('revoke', ...named)).code).toBe(0);
    const { certificates } = server.running.installation.stores;
    for (const { certificate } of [first, again])
      expect((await certificates.byFingerprint(certificate?.fingerprint ?? ''))?.revokedAt).toBeTruthy();
  });

  it('and back: then a visit and the device itself get the certificate that it had', async () => {
    const device = await server.listedDevice();
    const first = await register(ines, device);
    const moved = await move(device);
    expect(await takeBack(device, moved.record)).toMatchObject({ outcome: 'noted' });
    const again = await register(ines, device);
    expect(again).toMatchObject({ outcome: 'bound', code: 'same_install' });
    expect(again.certificate?.fingerprint).toBe(first.certificate?.fingerprint);
    const answer = await decidedCertificate(device.csr, server.running.installation);
    if (answer.kind !== 'certificate') throw new Error(answer.kind);
    expect(deviceName(parseCertificate(answer.der))?.domain).toBe(OAK_STREET);
  });

  it('and not back once the device took its certificate, whatever moves were taken back since', async () => {
    const device = await server.listedDevice();
    await register(ines, device);
    const moved = await move(device);
    const key = { spki: device.spki, fingerprint: '' };
    const taken = await enrolDevice(key, device.csr, server.running.installation);
    expect(taken.kind).toBe('certificate');
    for (let times = 0; times < 2; times++) {
      const id = uuid7(Date.now(), nodeCrypto);
      const fresh = await answerFor(id, device, { by: ines });
      const back = await register(ines, device, { id, ...fresh, from: await fromOf(HARBOUR) });
      expect(back).toMatchObject({ code: 'moved', domain: OAK_STREET });
      expect(await takeBack(device, back.record)).toMatchObject({ outcome: 'noted' });
    }
    expect(await takeBack(device, moved.record)).toMatchObject({ outcome: 'refused', code: 'undo_too_late' });
    expect(await bindingOf(device)).toMatchObject({ domain: HARBOUR });
    expect(await verified(moved.certificate?.leafPem, HARBOUR)).toEqual([]);
  });

  it('and back with all moves that were taken back since, while nobody has its certificate', async () => {
    const device = await server.listedDevice();
    const first = await register(ines, device);
    const moved = await move(device);
    for (let times = 0; times < 2; times++) {
      const id = uuid7(Date.now(), nodeCrypto);
      const fresh = await answerFor(id, device, { by: ines });
      const back = await register(ines, device, { id, ...fresh, from: await fromOf(HARBOUR) });
      expect(await takeBack(device, back.record)).toMatchObject({ outcome: 'noted' });
    }
    expect(await takeBack(device, moved.record)).toMatchObject({ outcome: 'noted' });
    expect(await bindingOf(device)).toMatchObject({ domain: OAK_STREET });
    expect(await verified(moved.certificate?.leafPem, HARBOUR)).toContain('revocation');
    expect(await verified(first.certificate?.leafPem, OAK_STREET)).toEqual([]);
  });

  it('and not back once the device took its certificate, though a later one waits', async () => {
    const device = await server.listedDevice();
    await register(ines, device);
    const moved = await move(device);
    const { id } = await bindingOf(device);
    const { transact, stores, ca } = server.running.installation;
    const key = { spki: device.spki, fingerprint: '' };
    const collected = await enrolDevice(key, device.csr, server.running.installation);
    if (collected.kind !== 'certificate') throw new Error(collected.kind);
    const [newest] = await stores.certificates.ofBinding(id);
    const issuer = await ca.issuer(ORG);
    if (newest === undefined || issuer === undefined) throw new Error('no certificate');
    const spki = parseCertificate(collected.der).spki;
    const intent = issuer.prepare({ udid: device.udid as Udid, domain: HARBOUR as DomainName, spki });
    const signed = await issuer.sign(intent);
    await transact(async (tx) => {
      await tx.intents.intend(intent, id);
      await tx.certificates.issue(intent.serial, signed);
    });
    expect(await takeBack(device, moved.record)).toMatchObject({ code: 'undo_too_late' });
    expect(await bindingOf(device)).toMatchObject({ domain: HARBOUR });
  });

  it('and what a phone wrote before it heard of that is known, of the certificate for where it stood', async () => {
    const device = await server.listedDevice();
    const first = await register(ines, device);
    const moved = await move(device);
    const write = (registration: string, domain: string, certificate: string | undefined) => {
      const written = [{ parts: ['anchor', 'leaf'], digest: 'cd'.repeat(32) }];
      const at = { app: '0.1.0', capturedAt: new Date().toISOString(), link: 'serial' };
      const of = { registration, udid: device.udid, domain, certificate, written };
      return ines.submit('confirmation+jws', { id: uuid7(Date.now(), nodeCrypto), ...at, ...of }, ORG);
    };
    const old = first.certificate?.fingerprint;
    expect(await write(first.record, HARBOUR, old)).toMatchObject({ code: 'registration_unknown' });
    expect(await write(first.record, OAK_STREET, old)).toMatchObject({ outcome: 'noted' });
    // The one that it is to have waits all the same.
    expect(await shownOf(device)).toMatchObject([{ state: 'issued', certificate: moved.certificate }]);
    expect(await takeBack(device, moved.record)).toMatchObject({ outcome: 'noted' });
    expect(await shownOf(device)).toMatchObject([{ state: 'installed', domain: OAK_STREET }]);
    expect(await takeBack(device, first.record)).toMatchObject({ code: 'undo_too_late' });
    const again = await move(device);
    const next = again.certificate?.fingerprint;
    expect(await write(again.record, HARBOUR, next)).toMatchObject({ outcome: 'noted' });
    expect(await shownOf(device)).toMatchObject([{ state: 'installed', domain: HARBOUR }]);
  });

  /** A move that was cut before its signature. */
  async function cutMove(then: (on: CutMove) => Promise<void>) {
    let isCut = false;
    const cut = await startTestServer({
      onStep: (step) => {
        if (isCut && step === 'intended') throw new Error('cut on purpose');
      },
    });
    try {
      const phone = await cut.signIn('ines');
      const device = await cut.listedDevice();
      const first = await register(phone, device);
      const id = uuid7(Date.now(), nodeCrypto);
      const fresh = await answerFor(id, device, { by: phone });
      const payload = registrationOf(device, HARBOUR, { id, ...fresh, from: await fromOf() });
      isCut = true;
      await phone.send([(await phone.seal('registration+jws', payload, ORG)).jws]);
      await cut.running.decider.idle();
      isCut = false;
      await then({ cut, phone, device, first, id });
    } finally {
      await cut.close();
    }
  }

  /** The same of a device that was suspended then and is resumed now. */
  const cutAndSuspended = (then: (on: CutMove & { readonly sam: TestOperator }) => Promise<void>) =>
    cutMove(async (on) => {
      const { cut, phone, device, id } = on;
      const sam = await cut.signIn('sam');
      const act = (body: object) => sam.post(`/api/devices/acme/${device.udid}?org=${ORG}`, body);
      const because = 'looked at';
      expect((await act({ act: 'suspend', reason: 'maintenance', because })).status).toBe(200);
      await cut.running.decider.run();
      expect(await phone.outcome(id, ORG)).toMatchObject({ outcome: 'held', code: 'device_suspended' });
      expect((await act({ act: 'resume', because })).status).toBe(200);
      await then({ ...on, sam });
    });
  interface CutMove {
    readonly cut: TestServer;
    readonly phone: TestOperator;
    readonly device: TestDevice;
    readonly first: { readonly record: string; readonly certificate?: { readonly fingerprint: string } };
    readonly id: string;
  }

  it('and gets its certificate once it is resumed, where it was suspended before the signature', () =>
    cutAndSuspended(async ({ phone, sam, id }) => {
      await sam.post(`/api/approvals/${id}?org=${ORG}`, { decision: 'approve', reason: 'seen' });
      const moved = await phone.outcome(id, ORG);
      expect(moved).toMatchObject({ outcome: 'bound', code: 'moved', domain: HARBOUR });
      const [der = new Uint8Array()] = fromPem('CERTIFICATE', moved.certificate?.leafPem ?? '');
      expect(deviceName(parseCertificate(der))?.domain).toBe(HARBOUR);
    }));

  it.each(['refused by the desk', 'taken back'])(
    'and stands where it stood, with what it has, where such a move is %s',
    (how) =>
      cutAndSuspended(async ({ cut, phone, sam, device, first, id }) => {
        const { installation } = cut.running;
        if (how === 'taken back') {
          const capturedAt = new Date().toISOString();
          const of = { of: id, udid: device.udid, reason: 'undone' };
          const payload = { id: uuid7(Date.now(), nodeCrypto), app: '0.1.0', capturedAt, ...of };
          expect(await phone.submit('void+jws', payload, ORG)).toMatchObject({ outcome: 'noted' });
        } else await sam.post(`/api/approvals/${id}?org=${ORG}`, { decision: 'refuse', reason: 'it stays' });
        expect(await phone.outcome(id, ORG)).toMatchObject({ outcome: 'refused' });
        const { stores } = installation;
        const binding = await stores.liveBindings.byName(device.maker, device.udid);
        expect(binding).toMatchObject({ domain: OAK_STREET, registration: first.record });
        expect(await stores.intents.unfinished()).toEqual([]);
        const shown = { spki: device.spki, fingerprint: first.certificate?.fingerprint ?? '' };
        const renewed = await renewDevice(shown, device.csr, installation);
        if (renewed.kind !== 'certificate') throw new Error(renewed.kind);
        expect(deviceName(parseCertificate(renewed.der))?.domain).toBe(OAK_STREET);
      }),
  );

  it('and is answered as moved where the device took its certificate itself before the record was done', () =>
    cutMove(async ({ cut, phone, device, first, id }) => {
      const key = { spki: device.spki, fingerprint: first.certificate?.fingerprint ?? '' };
      const taken = await renewDevice(key, device.csr, cut.running.installation);
      if (taken.kind !== 'certificate') throw new Error(taken.kind);
      expect(deviceName(parseCertificate(taken.der))?.domain).toBe(HARBOUR);
      await cut.running.decider.run();
      const answer = { outcome: 'bound', code: 'moved', domain: HARBOUR };
      expect(await phone.outcome(id, ORG)).toMatchObject(answer);
    }));

  it('by the first of two phones; the other one is told where it stands, if it says otherwise', async () => {
    const device = await server.listedDevice();
    await register(ines, device);
    const quay = (n: number) => ({ place: { position: `Quay ${n}`, photos: [] } });
    expect(await move(device, quay(1))).toMatchObject({ outcome: 'bound', code: 'moved' });
    expect(await move(device, quay(1))).toMatchObject({ outcome: 'bound', code: 'same_install' });
    expect(await move(device, quay(2))).toMatchObject({ outcome: 'refused', code: 'place_conflict' });
    expect(await shownOf(device)).toMatchObject([{ domain: HARBOUR, position: 'Quay 1' }]);
  });

  it('and not back where another device ended for it', async () => {
    const [old, spare] = [await server.listedDevice(), await server.listedDevice()];
    const ada = await server.signIn('ada');
    await register(ines, old, {}, HARBOUR);
    const bound = await register(ines, spare);
    const replaces = { maker: old.maker, udid: old.udid };
    const moved = await move(spare, { replaces }, ada);
    expect(moved).toMatchObject({ outcome: 'bound', code: 'moved' });
    expect(await takeBack(spare, moved.record)).toMatchObject({ code: 'registration_unknown' });
    const sam = await server.signIn('sam');
    const capturedAt = new Date().toISOString();
    const of = { of: moved.record, udid: spare.udid, reason: 'undone' };
    const payload = { id: uuid7(Date.now(), nodeCrypto), app: '0.1.0', capturedAt, ...of };
    expect(await sam.submit('void+jws', payload, ORG)).toMatchObject({ code: 'undo_replaced' });
    expect(await bindingOf(spare)).toMatchObject({ domain: HARBOUR, registration: bound.record });
  });
});
