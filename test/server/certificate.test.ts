import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../contract/change.ts';
import { fromPem } from '../../core/pem.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';

let server: TestServer;
let device: TestDevice;
let bound: Change;
beforeAll(async () => {
  server = await startTestServer();
  device = await server.listedDevice();
  const ines = await server.signIn('ines');
  bound = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
});
afterAll(() => server.close());

const leaf = () => new x509.X509Certificate(bound.certificate?.leafPem ?? '');
const extension = <T extends x509.Extension>(type: new (raw: BufferSource) => T): T => {
  const found = leaf().getExtension(type as never) as T | null;
  if (found === null) throw new Error('the extension is missing');
  return found;
};

describe('an issued certificate, as another library reads it', () => {
  it('names device and domain in subject and SAN, by policy', () => {
    // RFC 4514 writes the last RDN first.
    expect(leaf().subject).toBe(`O=${OAK_STREET}, CN=${device.udid}`);
    const names = extension(x509.SubjectAlternativeNameExtension).names.toJSON();
    expect(names).toEqual([
      { type: 'url', value: `spiffe://${OAK_STREET}/device/${device.udid}` },
      { type: 'dns', value: `${device.udid}.d.${OAK_STREET}` },
    ]);
  });

  it('carries the device’s key, a positive serial of 128 bits, and a backdated year', () => {
    expect(Buffer.from(leaf().publicKey.rawData)).toEqual(Buffer.from(device.spki));
    expect(leaf().serialNumber).toMatch(/^[4-7][0-9a-f]{31}$/);
    const days = (leaf().notAfter.getTime() - leaf().notBefore.getTime()) / 86_400_000;
    expect(days).toBeCloseTo(365 + 1 / 24, 3);
    expect(leaf().notBefore.getTime()).toBeLessThan(Date.now() - 3_500_000);
  });

  it('may sign and authenticate, and is no CA', () => {
    expect(extension(x509.BasicConstraintsExtension)).toMatchObject({ ca: false, critical: true });
    expect(extension(x509.KeyUsagesExtension)).toMatchObject({
      usages: x509.KeyUsageFlags.digitalSignature,
      critical: true,
    });
    expect(extension(x509.ExtendedKeyUsageExtension).usages).toEqual([
      '1.3.6.1.5.5.7.3.2',
      '1.3.6.1.5.5.7.3.1',
    ]);
  });

  it('says where its CRL and its issuer are', async () => {
    const text = Buffer.from(leaf().rawData).toString('latin1');
    expect(text).toContain(`${server.url}/crl/northfield.crl`);
    expect(text).toContain(`${server.url}/ca/northfield.cer`);
    const issuer = await fetch(`${server.url}/ca/northfield.cer`);
    expect(issuer.headers.get('content-type')).toBe('application/pkix-cert');
    const der = Buffer.from(await issuer.arrayBuffer());
    expect(der).toEqual(Buffer.from(fromPem('CERTIFICATE', bound.certificate?.chainPem ?? '')[0] ?? ''));
  });

  it('verifies under the issuing certificate, that under the root, and the bundle under itself', async () => {
    const certificate = new X509Certificate(bound.certificate?.leafPem ?? '');
    const issuing = new X509Certificate(bound.certificate?.chainPem ?? '');
    const root = new X509Certificate(
      Buffer.from(await (await fetch(`${server.url}/ca/root.cer`)).arrayBuffer()),
    );
    const bundle = new X509Certificate(await (await fetch(`${server.url}/ca/northfield/bundle.pem`)).text());
    expect(certificate.checkIssued(issuing) && certificate.verify(issuing.publicKey)).toBe(true);
    expect(issuing.checkIssued(root) && issuing.verify(root.publicKey)).toBe(true);
    expect(bundle.verify(bundle.publicKey) && certificate.verify(bundle.publicKey)).toBe(true);
    expect(bundle.subject).toBe(issuing.subject);
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(bound.certificate?.fingerprint);
  });
});

describe('trust', () => {
  it('keeps training under a root of its own, in no production bundle or pack', async () => {
    const ines = await server.signIn('ines');
    const real = await ines.pack('northfield');
    const training = await ines.pack('training');
    expect(real.bundlePem).not.toBe(training.bundlePem);
    expect(real.domains.map(({ anchorPem }) => anchorPem)).toEqual([real.bundlePem, real.bundlePem]);
    const issuing = await fetch(`${server.url}/ca/training.cer`);
    const certificate = new X509Certificate(Buffer.from(await issuing.arrayBuffer()));
    const root = new X509Certificate(
      Buffer.from(await (await fetch(`${server.url}/ca/root.cer`)).arrayBuffer()),
    );
    expect(certificate.verify(root.publicKey)).toBe(false);
    expect(certificate.issuer).toContain('training-root');
  });

  it('gives no bundle of a root and no CRL of nobody', async () => {
    expect((await fetch(`${server.url}/ca/root/bundle.pem`)).status).toBe(404);
    expect((await fetch(`${server.url}/crl/root.crl`)).status).toBe(404);
    expect((await fetch(`${server.url}/crl/nobody.crl`)).status).toBe(404);
  });
});

describe('revocation', () => {
  it('re-signs the CRL with a higher number, a reason and the serial, seen by a running server', async () => {
    const crl = async () =>
      new x509.X509Crl(Buffer.from(await (await fetch(`${server.url}/crl/northfield.crl`)).arrayBuffer()));
    const number = (list: x509.X509Crl) =>
      Buffer.from(
        list.extensions.find(({ type }) => type === '2.5.29.20')?.value ?? new ArrayBuffer(0),
      ).toString('hex');
    const before = await crl();
    expect(before.findRevoked(leaf().serialNumber)).toBeNull();
    const result = await server.fieldbind(
      'revoke',
      '--udid',
      device.udid,
      '--maker',
      'acme',
      '--reason',
      'keyCompromise',
    );
    expect(result).toMatchObject({ code: 0, out: expect.stringContaining('revoked') });
    const after = await crl();
    expect(after.findRevoked(leaf().serialNumber)).toMatchObject({
      reason: x509.X509CrlReason.keyCompromise,
    });
    expect(number(after) > number(before)).toBe(true);
    const bundle = new x509.X509Certificate(
      await (await fetch(`${server.url}/ca/northfield/bundle.pem`)).text(),
    );
    expect(await after.verify({ publicKey: await bundle.publicKey.export() })).toBe(true);
  });

  it('buries nothing of a device that nothing here knows, and names whose it may be', async () => {
    const listed = await server.listedDevice({ row: { anchor: 'udid-only' } });
    const revoke = (udid: string, maker: string) =>
      server.fieldbind('revoke', '--udid', udid, '--maker', maker, '--reason', 'keyCompromise');
    const mac = await server.listedDevice({ udid: 'mac-02aabbccddee' });
    expect(await revoke(mac.udid, 'other')).toEqual({
      code: 1,
      out: expect.stringMatching(/nothing was revoked[\s\S]*--maker acme/),
    });
    expect(await revoke('acme-nowhere', 'acme')).toMatchObject({ code: 1 });
    expect(await revoke('AA:BB', 'acme')).toMatchObject({ code: 1, out: expect.stringContaining('no UDID') });
    const { tombstones } = server.running.installation.stores;
    const before = await tombstones.live(10);
    expect(await revoke(listed.udid, 'acme')).toMatchObject({ code: 0 });
    const after = await tombstones.live(10);
    expect(after.length).toBeGreaterThan(before.length);
    const found = ['--by', 'sam', '--reason', 'a test'];
    await server.fieldbind('tombstone', 'lift', '--udid', listed.udid, '--maker', 'acme', ...found);
    expect(await tombstones.live(10)).toEqual(before);
  });

  it('tombstones UDID and key until a named person lifts them', async () => {
    const ines = await server.signIn('ines');
    const register = () => ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    expect(await register()).toMatchObject({ outcome: 'refused', code: 'tombstoned' });
    // The same key under another name is refused as well, and so is the name with another key.
    const twin = await server.listedDevice({ keys: device.keys, row: { anchor: 'udid-only' } });
    const renamed = registrationOf(twin, OAK_STREET, { asFound: true });
    expect(await ines.submit('registration+jws', renamed, 'northfield')).toMatchObject({
      code: 'tombstoned',
    });
    expect((await ines.pack('northfield')).tombstones).toHaveLength(2);
    const lift = ['tombstone', 'lift', '--udid', device.udid, '--maker', 'acme', '--reason', 'found again'];
    expect((await server.fieldbind(...lift)).code).toBe(2);
    expect((await server.fieldbind(...lift, '--by', 'sam')).out).toContain('2 tombstones lifted');
    expect(await register()).toMatchObject({ outcome: 'bound' });
  });
});
