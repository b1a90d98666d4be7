import 'reflect-metadata';
import { createPrivateKey, sign, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KeySigner } from '../../server/ports/signer.ts';
import { signed, tbsCertificate } from '../../server/x509/certificate.ts';
import {
  authorityInformationAccess,
  authorityKeyIdentifier,
  basicConstraintsCa,
  basicConstraintsEnd,
  crlDistributionPoint,
  extendedKeyUsage,
  keyUsageCa,
  keyUsageSignature,
  serverAuthentication,
  serverName,
  subjectAlternativeNames,
  subjectKeyIdentifier,
} from '../../server/x509/extensions.ts';
import { authorityName, distinguishedName, subjectName } from '../../server/x509/x509-name.ts';
import { makeDevice, privateKeyPem, type TestDevice } from '../support/server-device.ts';

x509.cryptoProvider.set(webcrypto as Crypto);

/** What we write, as OpenSSL (through Node.js) and @peculiar/x509 read it: neither shares code with our writer. */
const CLIENT = '1.3.6.1.5.5.7.3.2';
const SERVER = '1.3.6.1.5.5.7.3.1';

const keys: { ca?: TestDevice; leaf?: TestDevice } = {};
let signer: KeySigner;
beforeAll(async () => {
  keys.ca = await makeDevice();
  keys.leaf = await makeDevice();
  const key = createPrivateKey(await privateKeyPem(keys.ca));
  signer = {
    algorithm: 'ES256',
    spki: keys.ca.spki,
    sign: async (data) => new Uint8Array(sign('sha256', data, key)),
  };
});
const spkiOf = (which: 'ca' | 'leaf') => keys[which]?.spki ?? new Uint8Array();

type Fields = Parameters<typeof tbsCertificate>[0];
async function made(
  changes: Partial<Fields>,
): Promise<{ node: X509Certificate; peculiar: x509.X509Certificate }> {
  const fields: Fields = {
    serial: '40ff',
    algorithm: 'ES256',
    issuer: authorityName('northfield'),
    subject: distinguishedName('a.northfield.example', 'acme-1'),
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: Date.UTC(2027, 0, 1),
    spki: spkiOf('leaf'),
    extensions: [basicConstraintsEnd()],
    ...changes,
  };
  const der = await signed(tbsCertificate(fields), signer);
  return { node: new X509Certificate(der), peculiar: new x509.X509Certificate(der) };
}
const ca = () =>
  made({
    subject: authorityName('northfield'),
    spki: spkiOf('ca'),
    extensions: [basicConstraintsCa(0), keyUsageCa(), subjectKeyIdentifier(spkiOf('ca'))],
  });

describe('a certificate that we write', () => {
  it('is by the CA that signed it, for the key that was ordered', async () => {
    const [issuer, leaf] = [(await ca()).node, (await made({})).node];
    expect([leaf.checkIssued(issuer), leaf.verify(issuer.publicKey)]).toEqual([true, true]);
    expect(leaf.verify(leaf.publicKey)).toBe(false);
    expect(new Uint8Array(leaf.publicKey.export({ type: 'spki', format: 'der' }))).toEqual(spkiOf('leaf'));
    expect([issuer.ca, leaf.ca]).toEqual([true, false]);
  });

  it.each([
    ['40ff', '40FF'],
    ['ff', 'FF'],
    ['0001', '01'],
    ['7f'.repeat(16), '7F'.repeat(16)],
  ])('has the serial %s, which is never read as negative', async (serial, read) => {
    expect((await made({ serial })).node.serialNumber).toBe(read);
  });

  it.each([
    [Date.UTC(2026, 0, 1, 8, 30, 1), 'Jan  1 08:30:01 2026 GMT'],
    [Date.UTC(2049, 11, 31, 23, 59, 59), 'Dec 31 23:59:59 2049 GMT'],
    [Date.UTC(2050, 0, 1), 'Jan  1 00:00:00 2050 GMT'],
    [Date.UTC(2126, 5, 1), 'Jun  1 00:00:00 2126 GMT'],
  ])('ends at %i, on both sides of 2050', async (notAfter, read) => {
    const { node, peculiar } = await made({ notAfter });
    expect([node.validTo, peculiar.notAfter.getTime()]).toEqual([read, notAfter]);
  });

  it('has the names of a CA and of a device in the order that RFC 4514 turns round', async () => {
    const { node, peculiar } = await made({});
    expect(node.subject).toBe('O=a.northfield.example\nCN=acme-1');
    expect(node.issuer).toBe('O=Fieldbind\nCN=northfield CA');
    expect(peculiar.subjectName.toJSON()).toEqual([{ O: ['a.northfield.example'] }, { CN: ['acme-1'] }]);
  });

  it('has the subject of a template, the most particular part last in the bytes', async () => {
    const parts = [
      { attribute: 'CN', value: 'acme-1' },
      { attribute: 'OU', value: 'Halle Süd' },
      { attribute: 'O', value: 'northfield' },
    ] as const;
    const { peculiar } = await made({ subject: subjectName(parts) });
    expect(peculiar.subjectName.toJSON()).toEqual([
      { O: ['northfield'] },
      { OU: ['Halle Süd'] },
      { CN: ['acme-1'] },
    ]);
  });

  it('is a device’s for client and server, a service’s for its server alone', async () => {
    const device = await made({ extensions: [extendedKeyUsage(), keyUsageSignature()] });
    expect([...(device.node.keyUsage ?? [])].sort()).toEqual([SERVER, CLIENT]);
    const names = { uri: 'urn:fieldbind:acme-1', dns: 'acme-1.a.northfield.example' };
    const named = await made({ extensions: [subjectAlternativeNames(names)] });
    expect(named.node.subjectAltName).toBe(`URI:${names.uri}, DNS:${names.dns}`);
    const service = await made({ extensions: [serverAuthentication(), serverName('broker.example')] });
    expect([service.node.keyUsage, service.node.checkHost('broker.example')]).toEqual([
      [SERVER],
      'broker.example',
    ]);
    expect(service.node.checkHost('other.example')).toBeUndefined();
  });

  it('says what it may be used for in critical extensions', async () => {
    const usage = (one: { peculiar: x509.X509Certificate }) =>
      one.peculiar.getExtension(x509.KeyUsagesExtension);
    const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags;
    expect(usage(await ca())).toMatchObject({ critical: true, usages: keyCertSign | cRLSign });
    const leaf = await made({ extensions: [basicConstraintsEnd(), keyUsageSignature()] });
    expect(usage(leaf)).toMatchObject({ critical: true, usages: digitalSignature });
    const constraints = (await ca()).peculiar.getExtension(x509.BasicConstraintsExtension);
    expect(constraints).toMatchObject({ critical: true, ca: true, pathLength: 0 });
  });

  it('finds its issuer by key, its CRL and its status by address', async () => {
    const { peculiar, node } = await made({
      extensions: [
        authorityKeyIdentifier(spkiOf('ca')),
        crlDistributionPoint('http://field.example/crl/northfield.crl'),
        authorityInformationAccess('http://field.example/ca.cer', 'http://field.example/ocsp'),
      ],
    });
    const keyId = (await ca()).peculiar.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
    expect(keyId).toMatch(/^[0-9a-f]{40}$/);
    expect(peculiar.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).toBe(keyId);
    expect(node.infoAccess).toBe(
      'OCSP - URI:http://field.example/ocsp\nCA Issuers - URI:http://field.example/ca.cer',
    );
    const points = peculiar.getExtension(x509.CRLDistributionPointsExtension)?.distributionPoints;
    expect(points?.[0]?.distributionPoint?.fullName?.[0]?.uniformResourceIdentifier).toBe(
      'http://field.example/crl/northfield.crl',
    );
  });
});
