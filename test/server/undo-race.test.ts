import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordType } from '../../contract/envelope.ts';
import { enrolDevice } from '../../server/authority/ra/contact/device-contact.ts';
import { type Installation, openInstallation } from '../../server/installation.ts';
import { importRows } from '../../server/organisations/lists/import-rows.ts';
import { databaseOf } from '../support/database.ts';
import { newRecord } from '../support/place-records.ts';
import { OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { signInAs, type TestOperator } from '../support/server-operator.ts';
import { type ServerProcess, startProcess } from '../support/server-process.ts';

// A registration is taken back at one server while its certificate is written, or taken by the device, at another.
const ORG = 'northfield';
let data: string;
let processes: ServerProcess[] = [];
let desk: Installation;
let ines: TestOperator;
let ada: TestOperator;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-undo-'));
  const databaseUrl = await databaseOf(data);
  const many = { FIELDBIND_SERVERS: 'many' };
  processes = await Promise.all([startProcess(data, 'none', many), startProcess(data, 'none', many)]);
  const [one = '', two = ''] = processes.map(({ url }) => url);
  desk = await openInstallation({ data, databaseUrl, publicUrl: 'http://x', suffix: 'fieldbind.internal' });
  ines = await signInAs(one, 'ines');
  ada = await signInAs(two, 'ada');
});
afterAll(async () => {
  await desk.close();
  for (const one of processes) await one.stop();
  rmSync(data, { recursive: true, force: true });
});

async function registered() {
  const device = await makeDevice();
  const org = await desk.stores.orgs.org(ORG);
  if (org === undefined) throw new Error('northfield is missing');
  await importRows([rowOf(device)], org, 'test', desk);
  const { record, certificate } = await ines.submit(
    'registration+jws',
    registrationOf(device, OAK_STREET),
    ORG,
  );
  return { device, record, fingerprint: certificate?.fingerprint ?? '' };
}

interface Registered {
  readonly device: TestDevice;
  readonly record: string;
  readonly fingerprint: string;
}

/** A record that another server is deciding is left to that one, so its outcome is waited for. */
async function said<P extends { readonly id: string }>(phone: TestOperator, typ: RecordType, payload: P) {
  await phone.send([(await phone.seal(typ, payload, ORG)).jws]);
  for (;;) {
    const found = (await phone.changes(ORG)).findLast(({ record }) => record === payload.id);
    if (found !== undefined) return found;
  }
}

function write({ device: { udid }, record: registration, fingerprint: certificate }: Registered) {
  const written = [{ parts: ['anchor', 'leaf'], digest: 'cd'.repeat(32) }];
  const named = { registration, udid, domain: OAK_STREET, certificate, link: 'serial', written };
  return said(ines, 'confirmation+jws', { ...newRecord(), ...named });
}

function takeBack({ device: { udid }, record: of }: Registered) {
  return said(ada, 'void+jws', { ...newRecord(), of, udid, reason: 'wrong_device' });
}

async function standing({ device, fingerprint }: Registered) {
  const { bindingHistory, certificates, handed } = desk.stores;
  const [binding] = await bindingHistory.ofUdid(device.udid);
  const certificate = await certificates.byFingerprint(fingerprint);
  if (binding === undefined || certificate === undefined) throw new Error('nothing was bound');
  return {
    state: binding.state,
    ended: binding.endedAt !== null,
    revoked: certificate.revokedAt !== null,
    handed: await handed.isHanded(certificate.serial),
  };
}

const STANDS = { ended: false, revoked: false, handed: true };
const TAKEN_BACK = { state: 'revoked', ended: true, revoked: true, handed: false };

describe('an undo and the word that the certificate was written', () => {
  it('one after the other: whoever is first counts, and the second is told', async () => {
    const first = await registered();
    expect(await write(first)).toMatchObject({ outcome: 'noted' });
    expect(await takeBack(first)).toMatchObject({ outcome: 'refused', code: 'undo_too_late' });
    expect(await standing(first)).toEqual({ ...STANDS, state: 'installed' });
    const second = await registered();
    expect(await takeBack(second)).toMatchObject({ outcome: 'noted' });
    expect(await write(second)).toMatchObject({ outcome: 'refused', code: 'certificate_unknown' });
    expect(await standing(second)).toEqual(TAKEN_BACK);
  });

  it('at two servers at once: one of them counts, and never half of each', async () => {
    for (let round = 0; round < 12; round++) {
      const one = await registered();
      const [written, taken] = await Promise.all([write(one), takeBack(one)]);
      const stands = await standing(one);
      if (taken.outcome === 'noted') {
        expect(written).toMatchObject({ outcome: 'refused', code: 'certificate_unknown' });
        expect(stands).toEqual(TAKEN_BACK);
      } else {
        expect(taken).toMatchObject({ outcome: 'refused', code: 'undo_too_late' });
        expect(written).toMatchObject({ outcome: 'noted' });
        expect(stands).toEqual({ ...STANDS, state: 'installed' });
      }
    }
  });

  it('while the device takes its certificate itself: it has one that is good, or none', async () => {
    for (let round = 0; round < 12; round++) {
      const one = await registered();
      const [answer, taken] = await Promise.all([
        enrolDevice({ spki: one.device.spki, fingerprint: '' }, one.device.csr, desk),
        takeBack(one),
      ]);
      const stands = await standing(one);
      if (taken.outcome === 'noted') {
        expect(answer.kind).toBe('refused');
        expect(stands).toEqual(TAKEN_BACK);
      } else {
        expect(taken).toMatchObject({ code: 'undo_too_late' });
        expect(answer.kind).toBe('certificate');
        expect(stands).toEqual({ ...STANDS, state: 'issued' });
      }
    }
  });
});
