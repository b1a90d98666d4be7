import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { revokeDevice } from '../../server/authority/ra/custody/revoke-device.ts';
import { openInstallation } from '../../server/installation.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { databaseOf } from '../support/database.ts';
import { OAK_STREET, startTestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { signInAs } from '../support/server-operator.ts';
import { startProcess } from '../support/server-process.ts';
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
    const closed = await openInstallation({
      data,
      databaseUrl: await databaseOf(data),
      publicUrl: 'http://localhost',
      suffix: 'fieldbind.internal',
    });
    const intended = await closed.stores.intents.unfinished();
    expect(intended).toHaveLength(step === 'intended' || step === 'signed' ? 1 : 0);
    await closed.close();

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
