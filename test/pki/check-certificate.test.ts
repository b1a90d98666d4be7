import { describe, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../contract/change.ts';
import { fromPem, toPem } from '../../core/pem.ts';
import { checkCertificate } from '../../src/pki/check-certificate.ts';
import { crossSigned, DOMAIN, issuedOf, makeAuthority, makeCrl, makeLeaf, SAN, UDID } from './chain.ts';

const authority = makeAuthority();
const leaf = makeLeaf(authority);
const DAY = 24 * 3600 * 1000;

type Expected = Parameters<typeof checkCertificate>[1];

function check(issued: Partial<IssuedCertificate> = {}, expected: Partial<Expected> = {}) {
  return checkCertificate(
    { ...leaf.issued, ...issued },
    {
      udid: UDID,
      domain: DOMAIN,
      deviceKey: leaf.deviceKey,
      bundlePem: authority.anchorPem,
      crl: makeCrl(authority),
      now: Date.now() + DAY,
      ...expected,
    },
  );
}

describe('a good certificate', () => {
  test('is approved, with a list, and with none', async () => {
    expect(await check()).toBeNull();
    expect(await check({}, { crl: new Uint8Array(0) })).toBeNull();
  });

  test('is approved with the chain that leads to a root', async () => {
    const root = makeAuthority('Root');
    expect(await check({ chainPem: crossSigned(authority, root) })).toBeNull();
    expect(await check({ chainPem: crossSigned(authority, root) + root.anchorPem })).toBeNull();
  });

  test('is approved under a bundle of several anchors, and with a list of others revoked', async () => {
    const bundlePem = makeAuthority().anchorPem + makeAuthority('Another').anchorPem + authority.anchorPem;
    expect(await check({}, { bundlePem, crl: makeCrl(authority, ['01', '0A']) })).toBeNull();
  });
});

describe('the key and the names', () => {
  test("another device's key", async () => {
    expect(await check({}, { deviceKey: makeLeaf(authority).deviceKey })).toBe('certificate_key_mismatch');
  });

  test('another domain or another device', async () => {
    expect(await check({}, { domain: 'site-13.example.org' })).toBe('certificate_domain_mismatch');
    expect(await check({}, { udid: 'acme-2' })).toBe('certificate_domain_mismatch');
  });

  test.each([
    ['no names at all', ''],
    ['no SPIFFE name', `DNS:${UDID}.d.${DOMAIN}`],
    ['two SPIFFE names', `${SAN},URI:spiffe://${DOMAIN}/device/acme-2`],
    ['a SPIFFE name of a parent', `URI:spiffe://${DOMAIN}`],
    ['a SPIFFE name that begins like ours', `URI:spiffe://${DOMAIN}/device/${UDID}-2`],
    ['a DNS name of a service', `${SAN},DNS:api.${DOMAIN}`],
    ['a wildcard', `${SAN},DNS:*.d.${DOMAIN}`],
  ])('%s', async (_, san) => {
    const other = makeLeaf(authority, { san });
    expect(await check(other.issued, { deviceKey: other.deviceKey })).toBe('certificate_domain_mismatch');
  });

  test('the SPIFFE name alone is enough', async () => {
    const other = makeLeaf(authority, { san: `URI:spiffe://${DOMAIN}/device/${UDID}` });
    expect(await check(other.issued, { deviceKey: other.deviceKey })).toBeNull();
  });
});

describe('the chain', () => {
  test('another authority of the same name', async () => {
    const impostor = makeAuthority(authority.name);
    expect(await check({}, { bundlePem: impostor.anchorPem, crl: makeCrl(impostor) })).toBe(
      'certificate_chain_invalid',
    );
  });

  test('an authority of another name, or none', async () => {
    expect(await check({}, { bundlePem: makeAuthority('Other').anchorPem })).toBe(
      'certificate_chain_invalid',
    );
    expect(await check({}, { bundlePem: '' })).toBe('certificate_chain_invalid');
  });

  test('a chain that brings its own authority is not believed', async () => {
    const impostor = makeAuthority(authority.name);
    const forged = makeLeaf(impostor);
    const issued = { ...forged.issued, chainPem: impostor.anchorPem };
    expect(await check(issued, { deviceKey: forged.deviceKey })).toBe('certificate_chain_invalid');
  });

  test.each([
    ['of a stranger', () => makeAuthority('Stranger').anchorPem],
    ['of the same name and another key', () => makeAuthority(authority.name).anchorPem],
    ['with a stranger behind it', () => authority.anchorPem + makeAuthority('Stranger').anchorPem],
    ['with something else in it', () => authority.anchorPem + toPem('PRIVATE KEY', new Uint8Array(3))],
  ])('a chain %s does not go into the device', async (_, chain) => {
    expect(await check({ chainPem: chain() })).toBe('certificate_chain_invalid');
  });
});

describe('an authority that took a new key and kept its name', () => {
  const old = makeAuthority(authority.name);
  const cross = crossSigned(authority, old);

  test('is followed by the chain from the old anchor, and with a list of the old key', async () => {
    const expected = { bundlePem: old.anchorPem, crl: makeCrl(old, ['01'], true) };
    expect(await check({ chainPem: cross }, expected)).toBeNull();
    expect(await check({ chainPem: cross + old.anchorPem }, expected)).toBeNull();
    expect(await check({}, expected)).toBe('certificate_chain_invalid');
    const late = { ...expected, now: Date.now() + 366 * DAY };
    expect(await check({ chainPem: cross }, late)).toBe('certificate_expired');
  });

  test('is not followed where the old key certified another name, or no CA', async () => {
    const stranger = crossSigned(makeAuthority(authority.name), old);
    const bundlePem = old.anchorPem;
    expect(await check({ chainPem: stranger }, { bundlePem })).toBe('certificate_chain_invalid');
    const other = crossSigned({ ...authority, name: 'Another' }, old);
    expect(await check({ chainPem: other }, { bundlePem })).toBe('certificate_chain_invalid');
    const device = crossSigned(authority, old, 'CA:FALSE');
    expect(await check({ chainPem: device }, { bundlePem })).toBe('certificate_chain_invalid');
  });

  test('has a list for each key: one says nothing of the other, and its own counts', async () => {
    const bundlePem = old.anchorPem + authority.anchorPem;
    const serial = '0123456789ABCDEF';
    expect(await check({}, { bundlePem, crl: makeCrl(old, [serial], true) })).toBeNull();
    expect(await check({}, { bundlePem, crl: makeCrl(authority, [serial], true) })).toBe(
      'certificate_revoked',
    );
  });
});

describe('time', () => {
  test('before it begins, and from its last moment on', async () => {
    expect(await check({}, { now: Date.now() - 7 * DAY })).toBe('certificate_expired');
    expect(await check({}, { now: Date.now() + 366 * DAY })).toBe('certificate_expired');
    expect(await check({}, { now: Date.now() + 364 * DAY })).toBeNull();
  });

  test('past the end of its authority', async () => {
    const brief = makeAuthority('Brief', 30);
    const long = makeLeaf(brief);
    const expected = { deviceKey: long.deviceKey, bundlePem: brief.anchorPem, crl: makeCrl(brief) };
    expect(await check(long.issued, expected)).toBeNull();
    const late = { ...expected, now: Date.now() + 31 * DAY };
    expect(await check(long.issued, late)).toBe('certificate_expired');
  });
});

describe('revocation', () => {
  test('a serial number on the list', async () => {
    const crl = makeCrl(authority, ['01', '0123456789ABCDEF']);
    expect(await check({}, { crl })).toBe('certificate_revoked');
  });

  test('a serial number whose first bit is set, which DER writes with a zero before it', async () => {
    const high = makeLeaf(authority, { serial: '0xf123456789abcdef' });
    const expected = { deviceKey: high.deviceKey, crl: makeCrl(authority, ['F123456789ABCDEF']) };
    expect(await check(high.issued, expected)).toBe('certificate_revoked');
    expect(await check(high.issued, { ...expected, crl: makeCrl(authority, ['0123']) })).toBeNull();
  });

  test('a list that only looks like its authority says: do not trust', async () => {
    const impostor = makeAuthority(authority.name);
    expect(await check({}, { crl: makeCrl(impostor) })).toBe('certificate_revoked');
    const cut = makeCrl(authority);
    cut[cut.length - 1] = (cut.at(-1) ?? 0) ^ 1;
    expect(await check({}, { crl: cut })).toBe('certificate_revoked');
  });

  test("another authority's list says nothing", async () => {
    const other = makeAuthority('Other');
    expect(await check({}, { crl: makeCrl(other, ['0123456789ABCDEF']) })).toBeNull();
  });

  test('a list that does not parse stops', async () => {
    expect(await check({}, { crl: Uint8Array.of(1, 2, 3) })).toBe('certificate_malformed');
  });
});

describe('the text', () => {
  test('another fingerprint', async () => {
    expect(await check({ fingerprint: 'ab'.repeat(32) })).toBe('certificate_fingerprint_mismatch');
  });

  test.each([
    ['nothing', ''],
    ['no PEM', 'leaf'],
    ['base64 of nothing sensible', toPem('CERTIFICATE', Uint8Array.of(1, 2, 3))],
    ['another kind of block', toPem('PUBLIC KEY', Uint8Array.of(1))],
  ])('%s', async (_, leafPem) => {
    expect(await check({ leafPem })).toBe('certificate_malformed');
  });

  test('a certificate cut short', async () => {
    const [der = new Uint8Array(0)] = fromPem('CERTIFICATE', leaf.issued.leafPem);
    const issued = issuedOf(toPem('CERTIFICATE', der.slice(0, -10)));
    expect(await check(issued)).toBe('certificate_malformed');
  });

  test('a second block goes unchecked into no device', async () => {
    const second = makeLeaf(makeAuthority('Stranger')).issued.leafPem;
    expect(await check({ leafPem: leaf.issued.leafPem + second })).toBe('certificate_malformed');
    const broken = '-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n';
    expect(await check({ leafPem: leaf.issued.leafPem + broken })).toBe('certificate_malformed');
  });
});
