import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

describe('confirmation and void', () => {
  const id = () => uuid7(Date.now(), nodeCrypto);
  const common = () => ({ id: id(), app: '0.1.0', capturedAt: new Date().toISOString() });

  function confirm(device: TestDevice, registration: string, certificate: string, changes = {}) {
    const payload = {
      ...common(),
      registration,
      maker: device.maker,
      udid: device.udid,
      domain: OAK_STREET,
      certificate,
      link: 'serial',
      written: [
        { parts: ['anchor'], digest: 'cd'.repeat(32) },
        { parts: ['leaf', 'chain'], digest: 'ab'.repeat(32) },
      ],
      ...changes,
    };
    return ines.submit('confirmation+jws', payload, 'northfield');
  }

  function takeBack(device: TestDevice, of: string, phone = ines) {
    const payload = { ...common(), of, udid: device.udid, reason: 'wrong_device' };
    return phone.submit('void+jws', payload, 'northfield');
  }

  it('notes an installation, and the device is installed', async () => {
    const device = await server.listedDevice();
    const { record, certificate } = await register(ines, device);
    const fingerprint = certificate?.fingerprint ?? '';
    expect(await confirm(device, record, fingerprint)).toMatchObject({ outcome: 'noted' });
    const { devices } = (await ines.get('/api/devices?org=northfield')).body as { devices: object[] };
    expect(devices).toContainEqual(
      expect.objectContaining({ udid: device.udid, state: 'installed', unproven: true }),
    );
    expect(await takeBack(device, record)).toMatchObject({ outcome: 'refused', code: 'undo_too_late' });
  });

  it('refuses what it never issued, for whom it did not, and a leaf that was not written', async () => {
    const device = await server.listedDevice();
    const { record, certificate } = await register(ines, device);
    const fingerprint = certificate?.fingerprint ?? '';
    const other = await register(ines, await server.listedDevice());
    const codes = [
      await confirm(device, id(), fingerprint),
      await confirm(device, record, 'ab'.repeat(32)),
      await confirm(device, record, other.certificate?.fingerprint ?? ''),
      await confirm(device, record, fingerprint, { domain: HARBOUR }),
      await confirm(device, record, fingerprint, {
        written: [{ parts: ['anchor'], digest: '0'.repeat(64) }],
      }),
      await confirm(device, record, fingerprint, {
        written: [{ parts: ['leaf', 'chain'], digest: '0'.repeat(64) }],
      }),
    ].map(({ code }) => code);
    expect(codes).toEqual([
      'registration_unknown',
      'certificate_unknown',
      'certificate_unknown',
      'registration_unknown',
      'read_back_mismatch',
      'read_back_mismatch',
    ]);
    // A small buffer takes no chain.
    const written = [['anchor'], ['leaf']].map((parts) => ({ parts, digest: '0'.repeat(64) }));
    expect(await confirm(device, record, fingerprint, { written })).toMatchObject({ outcome: 'noted' });
  });

  it('takes a registration back, revokes its certificate, and lets the device be bound anew', async () => {
    const device = await server.listedDevice();
    const { record, certificate } = await register(ines, device);
    expect(await takeBack(device, record)).toMatchObject({ outcome: 'noted' });
    const stored = await server.running.installation.stores.certificates.byFingerprint(
      certificate?.fingerprint ?? '',
    );
    expect(stored?.revokedAt).not.toBeNull();
    expect(await confirm(device, record, certificate?.fingerprint ?? '')).toMatchObject({
      code: 'certificate_unknown',
    });
    const anew = await register(ines, device, {}, HARBOUR);
    expect(anew).toMatchObject({ outcome: 'bound' });
    expect(anew.certificate?.fingerprint).not.toBe(certificate?.fingerprint);
  });

  it('lets its author take it back, and no colleague, and withdraws what is held', async () => {
    const device = await server.listedDevice();
    const { record } = await register(ines, device);
    await server.fieldbind('operator', 'join', 'hanna', '--org', 'northfield', '--role', 'installer');
    const hanna = await server.signIn('hanna');
    expect(await takeBack(device, record, hanna)).toMatchObject({ code: 'registration_unknown' });
    const found = await makeDevice();
    const held = await register(ines, found, { asFound: true });
    expect(await takeBack(found, held.record)).toMatchObject({ outcome: 'noted' });
    expect(await ines.outcome(held.record, 'northfield')).toMatchObject({
      outcome: 'refused',
      code: 'withdrawn',
    });
  });

  it('says of other kinds that it cannot decide them', async () => {
    const change = await ines.submit('transfer+jws', common(), 'northfield');
    expect(change).toMatchObject({ outcome: 'refused', code: 'kind_not_supported' });
  });

  it('decides the records of one batch in the order of the chain', async () => {
    const device = await server.listedDevice();
    const payload = registrationOf(device, OAK_STREET);
    const first = await ines.seal('registration+jws', payload, 'northfield');
    const undo = { ...common(), of: payload.id, udid: device.udid, reason: 'undone' };
    const second = await ines.seal('void+jws', undo, 'northfield');
    await ines.send([second.jws, first.jws]);
    expect(await ines.outcome(undo.id, 'northfield')).toMatchObject({ outcome: 'noted' });
  });
});
