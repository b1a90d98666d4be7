import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fromHex, toBase64Url } from '../../core/bytes.ts';
import { tombstoneDigests } from '../../core/list-lookup.ts';
import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { issuerName } from '../support/issuer-name.ts';
import { run } from '../support/openssl.ts';
import { type KeyHolder, RekeyBench } from '../support/rekey.ts';
import { OAK_STREET, PRACTICE } from '../support/server.ts';
import { makeDevice } from '../support/server-device.ts';
import { register } from '../support/server-register.ts';
import { trailOf } from '../support/trail.ts';

const DAY = 24 * 3_600_000;

let bench: RekeyBench;
beforeAll(async () => {
  bench = await RekeyBench.start();
});
afterAll(() => bench.close());
afterEach(async () => {
  bench.ahead = 0;
  await bench.policy({ rekey: 'allow' });
});
beforeAll(() => bench.policy({ rekey: 'allow' }));

const digestOf = async ({ device }: KeyHolder) => toBase64Url(await nodeCrypto.sha256(device.spki));
const revoked = async (holder: KeyHolder) =>
  (await bench.certificates(holder)).map(({ revokedAt }) => revokedAt !== null);
const keyIn = (pem: string) => new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });

describe('a device that asks for a certificate for another key', () => {
  it('gets it at once, with its own names, and the same one again', async () => {
    const first = await bench.bound();
    const second = await bench.nextKey(first);
    const leaf = await bench.rekey(first, second);
    const [before, after] = [
      new X509Certificate(readFileSync(first.est.at('leaf.pem'))),
      new X509Certificate(leaf),
    ];
    expect(Buffer.from(keyIn(leaf))).toEqual(Buffer.from(second.device.spki));
    expect([after.subject, after.subjectAltName]).toEqual([before.subject, before.subjectAltName]);
    expect(await bench.rekey(first, second)).toBe(leaf);
    expect(await revoked(first)).toEqual([false, false]);
  });

  it('keeps its old key until it has shown the new certificate, and has the new key from then on', async () => {
    const first = await bench.bound();
    const second = await bench.nextKey(first);
    await bench.rekey(first, second);
    // With the new key, and another certificate: the key is there, but is the certificate?
    expect(await bench.enrol(second)).toBe(200);
    expect(await bench.show(first)).toBe(200);
    expect((await bench.binding(first))?.keyDigest).toBe(await digestOf(first));
    expect(await revoked(first)).toEqual([false, false]);

    expect(await bench.show(second)).toBe(200);
    expect(await bench.binding(first)).toMatchObject({ keyDigest: await digestOf(second), state: 'shown' });
    expect(await revoked(first)).toEqual([false, true]);
    const [, old] = await bench.certificates(first);
    const { stores } = bench;
    const entry = (await stores.certificateStates.revokedBy(issuerName('northfield'))).find(
      ({ serial }) => serial === old?.serial,
    );
    expect(entry).toMatchObject({ reason: 'superseded' });
    expect(await stores.lineage.byKey(await digestOf(first))).toMatchObject({ state: 'former' });
    expect(await stores.lineage.byKey(await digestOf(second))).toMatchObject({ state: 'current' });
    // The old key has nothing more to ask for, by either certificate.
    expect(await bench.show(first)).toBe(403);
    expect((await first.est.ask('simpleenroll')).status).toBe(403);
    expect(await bench.rekey(first, await bench.nextKey(first))).toBe('forbidden');
  });

  it('has each step on the audit trail, and tells others that it was renewed', async () => {
    await bench.stores.receivers.add({
      ...{ name: 'crm', org: 'northfield', kind: 'webhook', target: 'https://crm.invalid', topic: null },
      ...{ kinds: [], madeAt: '2026-01-01T00:00:00.000Z', madeBy: 'sam' },
    });
    const { first, second } = await bench.rekeyed();
    const trail = (await trailOf(bench.stores)).filter(({ subject }) => subject === first.device.udid);
    expect(trail.slice(-3)).toMatchObject([
      { event: 're-key intended', actor: 'device', detail: expect.stringContaining(await digestOf(second)) },
      { event: 're-keyed', actor: 'northfield' },
      { event: 'shown', detail: expect.stringContaining(`in place of ${await digestOf(first)}`) },
    ]);
    const events = (await bench.stores.events.after('northfield', 0, 1000)).map(({ event }) => event);
    const [fingerprint] = (await bench.certificates(second)).map((one) => one.fingerprint);
    const { udid } = first.device;
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'renewed', udid, fingerprint, rekeyed: true }),
    );
    await bench.stores.receivers.remove('crm');
  });

  it('hands each key the certificate of that key, in every way there is', async () => {
    const first = await bench.bound();
    const second = await bench.nextKey(first);
    await bench.rekey(first, second);
    for (const { device, est } of [first, second]) {
      const own = readFileSync(est.at('leaf.pem'), 'utf8');
      expect((await est.ask('simpleenroll')).leaf).toBe(own);
      const asked = await run('curl', [
        ...['--silent', '--cacert', join(bench.folder, 'est.pem'), '--request', 'POST'],
        ...['--header', `device-csr: ${Buffer.from(device.csr).toString('base64')}`],
        `${bench.server.running.estUrl}/new`,
      ]);
      expect(asked.out).toBe(own);
      const { certificate } = await register(bench.ines, device);
      expect(certificate?.leafPem).toBe(own);
    }
    const renewed = await first.est.ask('simplereenroll', { show: 'leaf.pem' });
    expect(renewed.leaf).toBe(readFileSync(first.est.at('leaf.pem'), 'utf8'));
    expect((await bench.binding(first))?.keyDigest).toBe(await digestOf(first));
  });

  it('renews its new key like any other, and only that', async () => {
    const { first, second } = await bench.rekeyed();
    bench.ahead = 300 * DAY;
    const renewed = await second.est.ask('simplereenroll', { show: 'leaf.pem' });
    expect(Buffer.from(keyIn(renewed.leaf))).toEqual(Buffer.from(second.device.spki));
    expect(await revoked(first)).toEqual([false, false, true]);
  });

  it('gives the next key up by renewing the one it has', async () => {
    const first = await bench.bound();
    const second = await bench.nextKey(first);
    await bench.rekey(first, second);
    bench.ahead = 300 * DAY;
    const { leaf } = await first.est.ask('simplereenroll', { show: 'leaf.pem' });
    expect(Buffer.from(keyIn(leaf))).toEqual(Buffer.from(first.device.spki));
    expect(await revoked(first)).toEqual([false, true, false]);
    expect(await bench.show(second)).toBe(403);
    expect(await bench.stores.lineage.byKey(await digestOf(second))).toMatchObject({ state: 'dropped' });
    first.est.keep('leaf.pem', leaf);
    expect(await bench.show(first)).toBe(200);
    // Nobody ever saw that key used, so it may be asked for again.
    expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
  });
});

describe('another key is refused', () => {
  it('without a policy that allows it, of organisation and domain, and in practice', async () => {
    const first = await bench.bound();
    const second = await bench.nextKey(first);
    await bench.policy({});
    expect(await bench.rekey(first, second)).toBe('rekey_not_allowed');
    const answer = JSON.parse(readFileSync(first.est.at('answer'), 'utf8')) as { detail: string };
    expect(answer.detail).toContain('policy');
    await bench.policy({ rekey: 'allow' });
    await bench.policy({ rekey: 'refuse' }, 'northfield', OAK_STREET);
    expect(await bench.rekey(first, second)).toBe('rekey_not_allowed');
    await bench.stores.policies.remove('northfield', OAK_STREET);
    expect(await bench.policy({ rekey: 'allow' }, 'training')).toBe('rekey_not_for_practice');
    expect(await revoked(first)).toEqual([false]);
    expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
    // Even if it were said for practice.
    const at = new Date().toISOString();
    const kept = { org: 'training', domain: null, policy: { rekey: 'allow' } } as const;
    await bench.stores.policies.save(kept, 'sam', at);
    const practice = await bench.holder(await bench.server.listedDevice({ org: 'training', maker: 'demo' }));
    const device = { link: 'simulated' } as const;
    await register(bench.ines, practice.device, { device }, PRACTICE, 'training');
    expect(await bench.enrol(practice)).toBe(200);
    expect(await bench.rekey(practice, await bench.nextKey(practice))).toBe('rekey_not_allowed');
  });

  it('while one waits to be shown, be it for a third key or for the same', async () => {
    const first = await bench.bound();
    await bench.rekey(first, await bench.nextKey(first));
    expect(await bench.rekey(first, await bench.nextKey(first))).toBe('successor_waits');
    const other = await bench.bound();
    bench.ahead = 300 * DAY;
    expect((await other.est.ask('simplereenroll', { show: 'leaf.pem' })).status).toBe(200);
    expect(await bench.rekey(other, await bench.nextKey(other))).toBe('successor_waits');
  });

  it('while a renewal that a crash left is not signed', async () => {
    const first = await bench.bound();
    const { ca, transact } = bench.server.running.installation;
    const issuer = await ca.issuer('northfield');
    const binding = await bench.binding(first);
    if (issuer === undefined || binding === undefined) throw new Error('nothing to renew');
    const names = { udid: binding.udid as Udid, domain: binding.domain as DomainName };
    const left = issuer.prepare({ ...names, spki: first.device.spki });
    await transact((tx) => tx.intents.intend(left, binding.id));
    expect(await bench.rekey(first, await bench.nextKey(first))).toBe('successor_waits');
    bench.ahead = 300 * DAY;
    const { leaf } = await first.est.ask('simplereenroll', { show: 'leaf.pem' });
    expect(new X509Certificate(leaf).serialNumber.toLowerCase()).toBe(left.serial);
  });

  it('twice within a day, and by a key that it had before', async () => {
    const { first, second } = await bench.rekeyed();
    const third = await bench.nextKey(first);
    expect(await bench.rekey(second, third)).toBe('rekey_too_soon');
    bench.ahead = 1.1 * DAY;
    expect(await bench.rekey(second, first)).toBe('key_taken');
    expect(await bench.rekey(second, third)).toContain('CERTIFICATE');
    expect(await bench.show(third)).toBe(200);
    const states = await bench.stores.lineage.ofDevice(first.device.maker, first.device.udid);
    expect(states.map(({ state }) => state).sort()).toEqual(['current', 'former', 'former']);
  });

  it('if it is a live binding’s, waits elsewhere, or stands on another device’s row', async () => {
    const first = await bench.bound();
    const asFirst = (keys: CryptoKeyPair) => bench.nextKey(first, { keys });
    const other = await bench.bound();
    expect(await bench.rekey(first, await asFirst(other.device.keys))).toBe('key_taken');
    // On no row, but bound.
    const seen = await bench.server.listedDevice({ row: { anchor: 'udid-only' } });
    const { record } = await register(bench.ines, seen);
    const approval = { decision: 'approve', reason: 'seen' };
    await (await bench.server.signIn('sam')).post(`/api/approvals/${record}?org=northfield`, approval);
    expect(await bench.rekey(first, await asFirst(seen.keys))).toBe('key_taken');
    const waiting = await bench.nextKey(other);
    await bench.rekey(other, waiting);
    expect(await bench.rekey(first, await asFirst(waiting.device.keys))).toBe('key_taken');
    const listed = await bench.server.listedDevice();
    expect(await bench.rekey(first, await asFirst(listed.keys))).toBe('key_taken');
  });

  it('by a request that another device made: its subject names that one', async () => {
    const first = await bench.bound();
    const other = await bench.holder(await makeDevice());
    expect(await bench.rekey(first, other)).toBe('csr_subject_mismatch');
    const nobody = await bench.nextKey(first, { commonName: '' });
    expect(await bench.rekey(first, nobody)).toBe('csr_subject_mismatch');
  });

  it('without its own signature, or in use of anything but the current certificate', async () => {
    const first = await bench.bound();
    const second = await bench.nextKey(first);
    const whole = readFileSync(second.est.at('csr'), 'utf8');
    const broken = Buffer.from(whole, 'base64');
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    writeFileSync(second.est.at('csr'), broken.toString('base64'));
    expect(await bench.rekey(first, second)).toBe('request_invalid');
    writeFileSync(second.est.at('csr'), whole);
    first.est.keep('leaf.pem', readFileSync(first.est.at('self.pem'), 'utf8'));
    expect(await bench.rekey(first, second)).toBe('forbidden');
    expect((await first.est.ask('simpleenroll', { request: second.est.at('csr') })).status).toBe(403);
  });

  it('if it is weak, of a kind that policy does not take, or buried', async () => {
    const first = await bench.bound();
    await bench.policy({ rekey: 'allow', keyTypes: ['P-256', 'RSA'] });
    expect(await bench.rekey(first, await bench.nextKey(first, { algorithm: 'RSA-1024' }))).toBe('key_weak');
    expect(await bench.rekey(first, await bench.nextKey(first, { algorithm: 'P-384' }))).toBe(
      'key_type_not_allowed',
    );
    const stolen = await bench.server.listedDevice();
    await bench.server.fieldbind(
      ...['revoke', '--udid', stolen.udid, '--maker', stolen.maker, '--reason', 'keyCompromise'],
    );
    expect(await bench.rekey(first, await bench.nextKey(first, { keys: stolen.keys }))).toBe('tombstoned');
    const [, digest] = await tombstoneDigests(stolen.udid, stolen.spki, nodeCrypto);
    expect(await bench.stores.tombstones.anyLive([digest ?? ''])).toBe(true);
  });

  it('where hardware vouched for the one before, unless the same TPM has shown the new one', async () => {
    const ek = toBase64Url(fromHex('ab'.repeat(32)) ?? new Uint8Array());
    const device = await makeDevice();
    const { tpms } = bench.stores;
    await tpms.recordKey(ek, toBase64Url(await nodeCrypto.sha256(device.spki)), new Date().toISOString());
    const { maker, udid } = device;
    await bench.server.importList('northfield', [
      { maker, udid, aliases: [], anchor: 'voucher', voucher: { tpm: ek } },
    ]);
    const first = await bench.holder(device);
    expect(await register(bench.ines, device)).toMatchObject({ outcome: 'bound' });
    await bench.enrol(first);
    await bench.show(first);
    const second = await bench.nextKey(first);
    expect(await bench.rekey(first, second)).toBe('voucher_missing');
    await tpms.recordKey(ek, await digestOf(second), new Date().toISOString());
    expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
    expect(await bench.show(second)).toBe(200);
    // What vouched for it then is not asked for again.
    expect(await register(bench.ines, second.device)).toMatchObject({
      outcome: 'bound',
      code: 'same_install',
    });
    expect(await register(bench.ines, first.device)).toMatchObject({
      outcome: 'refused',
      code: 'key_mismatch',
    });
  });
});
