import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uuid7 } from '../../core/uuid7.ts';
import { DEFAULT_POLICY } from '../../server/authority/ca/policy.ts';
import { renewCertificate } from '../../server/authority/ra/contact/renew-certificate.ts';
import { abandonOrphans } from '../../server/authority/ra/records/abandon-orphans.ts';
import { type Installation, openInstallation } from '../../server/installation.ts';
import { setPolicy } from '../../server/organisations/set-policy.ts';
import type { Policy } from '../../server/ports/policies.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { databaseOf } from '../support/database.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { signInAs, type TestOperator } from '../support/server-operator.ts';
import { startProcess } from '../support/server-process.ts';

const MINUTE = 60_000;
/** Valid from an hour before it is made: a life of ten minutes more is due at once. */
const DUE_AT_ONCE = { ...DEFAULT_POLICY, device: 10 * MINUTE };

let data: string;
let server: TestServer;
let device: TestDevice;
let ines: TestOperator;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-visit-'));
  await start(DUE_AT_ONCE);
  device = await server.listedDevice();
});
afterEach(async () => {
  await closeFaultless(server);
  rmSync(data, { recursive: true, force: true });
});

async function start(policy = DEFAULT_POLICY): Promise<void> {
  server = await startTestServer({ data, policy });
  ines = await server.signIn('ines');
}

async function restart(policy = DEFAULT_POLICY): Promise<void> {
  await server.close();
  await start(policy);
}

const visit = () => ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');

async function bindingIn({ stores }: Pick<Installation, 'stores'>) {
  const live = await stores.liveBindings.byName(device.maker, device.udid);
  if (live === undefined) throw new Error('no live binding');
  return live;
}

async function certificates() {
  const { installation } = server.running;
  return installation.stores.certificates.ofBinding((await bindingIn(installation)).id);
}

describe('a device that is registered again where it is bound', () => {
  it('is given a successor once its certificate is due, and the same one until that is due', async () => {
    const first = await visit();
    await restart();
    const renewed = await visit();
    expect(renewed).toMatchObject({ outcome: 'bound', code: 'renewed', domain: OAK_STREET });
    expect(renewed.certificate?.fingerprint).not.toBe(first.certificate?.fingerprint);
    expect(await visit()).toMatchObject({ code: 'same_install', certificate: renewed.certificate });
    // Nothing is revoked before the device has shown the new one.
    expect(await certificates()).toMatchObject([{ revokedAt: null }, { revokedAt: null }]);
    expect(await server.running.installation.stores.intents.unfinished()).toEqual([]);
  });

  it('is confirmed as installed under the record of the visit', async () => {
    await visit();
    await restart();
    const { record, certificate } = await visit();
    const confirmation = {
      id: uuid7(Date.now(), nodeCrypto),
      app: '0.1.0',
      capturedAt: new Date().toISOString(),
      registration: record,
      maker: device.maker,
      udid: device.udid,
      domain: OAK_STREET,
      certificate: certificate?.fingerprint ?? '',
      link: 'serial',
      written: [{ parts: ['leaf', 'anchor'], digest: 'cd'.repeat(32) }],
    };
    expect(await ines.submit('confirmation+jws', confirmation, 'northfield')).toMatchObject({
      outcome: 'noted',
    });
  });

  it('has no third certificate while two are good, though both are due', async () => {
    await visit();
    const second = await visit();
    expect(second).toMatchObject({ code: 'renewed' });
    expect(await visit()).toMatchObject({ code: 'same_install', certificate: second.certificate });
    expect(await certificates()).toHaveLength(2);
  });

  it('is given nothing while it is suspended', async () => {
    await visit();
    const { maker, udid } = device;
    const words = [
      'device',
      'suspend',
      '--udid',
      udid,
      '--maker',
      maker,
      '--reason',
      'lost',
      '--by',
      'sam',
      '--because',
      'gone',
    ];
    expect((await server.fieldbind(...words)).code).toBe(0);
    expect(await visit()).not.toHaveProperty('certificate');
    expect(await certificates()).toHaveLength(1);
  });
});

describe('the policy of a device whose certificate is due', () => {
  const set = (policy: Policy) =>
    setPolicy({ org: 'northfield', domain: null, policy }, 'sam', server.running.installation);

  it.each([
    [{ possession: 'hold' }, 'possession_needed'],
    [{ approval: 'always' }, 'approval_needed'],
  ] as const)('holds the visit by %o, until a person approves', async (policy, code) => {
    await visit();
    expect(await set(policy)).toBe('set');
    const held = await visit();
    expect(held).toMatchObject({ outcome: 'held', code });
    expect(await certificates()).toMatchObject([{ revokedAt: null }]);
    const sam = await server.signIn('sam');
    const approval = { decision: 'approve', reason: 'seen' };
    const approved = await sam.post(`/api/approvals/${held.record}?org=northfield`, approval);
    expect(approved.body).toMatchObject({ outcome: 'bound', code: 'renewed' });
    expect(await certificates()).toHaveLength(2);
  });

  it('refuses a kind of key that is not taken any more, and leaves the binding', async () => {
    await visit();
    expect(await set({ keyTypes: ['P-384'] })).toBe('set');
    expect(await visit()).toMatchObject({ outcome: 'refused', code: 'key_type_not_allowed' });
    expect(await certificates()).toMatchObject([{ revokedAt: null }]);
  });

  it('takes no place of a quota', async () => {
    await visit();
    expect(await set({ quota: 1 })).toBe('set');
    expect(await visit()).toMatchObject({ code: 'renewed' });
  });
});

describe('a server killed in the middle of a renewal', () => {
  it.each(['intended', 'signed', 'issued'])(
    'after "%s": one successor, and each is in the trail',
    async (step) => {
      await visit();
      await server.close();
      const { child, url } = await startProcess(data, step);
      const again = await signInAs(url, 'ines');
      const payload = registrationOf(device, OAK_STREET);
      const { jws } = await again.seal('registration+jws', payload, 'northfield');
      const ended = once(child, 'exit');
      await again.send([jws]).catch(() => undefined);
      expect(await ended).toEqual([null, 'SIGKILL']);
      await start();
      const change = await ines.outcome(payload.id, 'northfield');
      expect(change).toMatchObject({ outcome: 'bound', code: 'renewed' });
      const all = await certificates();
      expect(all).toHaveLength(2);
      expect(all[0]?.fingerprint).toBe(change.certificate?.fingerprint);
      expect(await server.running.installation.stores.intents.unfinished()).toEqual([]);
      expect(await verifyAudit(server.running.installation)).toMatchObject({ ok: true });
    },
  );

  it('hands out what the device itself renewed meanwhile', async () => {
    await visit();
    await server.close();
    const { child, url } = await startProcess(data, 'intended');
    const again = await signInAs(url, 'ines');
    const payload = registrationOf(device, OAK_STREET);
    const { jws } = await again.seal('registration+jws', payload, 'northfield');
    const ended = once(child, 'exit');
    await again.send([jws]).catch(() => undefined);
    expect(await ended).toEqual([null, 'SIGKILL']);
    // Another process, which was running all the while, answers the device over EST.
    const other = await openInstallation({
      data,
      databaseUrl: await databaseOf(data),
      publicUrl: 'http://localhost',
      suffix: 'fieldbind.internal',
    });
    const binding = await bindingIn(other);
    const current = await other.stores.certificates.newest(binding.id);
    if (current === undefined) throw new Error('no certificate');
    // A process that starts beside leaves it alone; what a crash left days ago it does not.
    expect(await abandonOrphans(other.transact, Date.now())).toBe(0);
    const renewed = await renewCertificate(binding, current, device.spki, other);
    expect(renewed?.serial).not.toBe(current.serial);
    await other.close();
    await start();
    expect(await ines.outcome(payload.id, 'northfield')).toMatchObject({
      code: 'same_install',
      certificate: { fingerprint: renewed?.fingerprint },
    });
    expect(await certificates()).toHaveLength(2);
  });
});
