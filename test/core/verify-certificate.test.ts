import { describe, expect, test } from 'vitest';
import type { TrustFault } from '../../contract/codes.ts';
import { fromPem } from '../../core/pem.ts';
import { statusByLists, type VerifyWith, verifyCertificate } from '../../core/verify-certificate.ts';
import { crossSigned, DOMAIN, makeAuthority, makeCrl, makeLeaf, SAN, UDID } from '../pki/chain.ts';
import { crypto } from '../support/records.ts';

// Certificates and lists by OpenSSL: the reader and the writer of this project share nothing here.
const DAY = 24 * 3_600_000;
const authority = makeAuthority();
const leaf = der(makeLeaf(authority).issued.leafPem);
const crl = makeCrl(authority, ['01']);
const NOW = Date.now() + DAY;

function der(pem: string): Uint8Array<ArrayBuffer> {
  const [first] = fromPem('CERTIFICATE', pem);
  if (first === undefined) throw new Error('no certificate');
  return first;
}

interface Asked extends Partial<Omit<VerifyWith, 'status'>> {
  readonly lists?: readonly Uint8Array[];
}

/** What each check said: a fault for one that failed, one in brackets for one that could not be made. */
async function faults(of: Uint8Array, { lists = [crl], ...over }: Asked = {}) {
  const now = over.now ?? NOW;
  const { verdict, checks } = await verifyCertificate(of, {
    trusted: [der(authority.anchorPem)],
    expected: { domain: DOMAIN, udid: UDID },
    now,
    status: statusByLists(lists, { now, crypto }),
    grant: async () => undefined,
    crypto,
    ...over,
  });
  expect(checks.map(({ check }) => check)).toEqual(['signature', 'chain', 'revocation', 'name', 'grant']);
  const said = checks.flatMap((one) => {
    if (one.result === 'passed') return [];
    return [[one.check, one.result === 'failed' ? one.code : `(${one.code})`]];
  });
  return { verdict, ...Object.fromEntries(said) } as { verdict: string; [check: string]: string };
}

const TRUSTED = { verdict: 'trusted' };
const refused = (check: string, code: TrustFault) => ({ verdict: 'refused', [check]: code });

test('a good certificate passes all five', async () => {
  expect(await faults(leaf)).toEqual(TRUSTED);
  expect(await faults(leaf, { expected: { domain: DOMAIN } })).toEqual(TRUSTED);
});

describe('signature, alone', () => {
  test('one bit of it, or of what is signed', async () => {
    const cut = Uint8Array.from(leaf);
    cut[cut.length - 1] = (cut.at(-1) ?? 0) ^ 1;
    expect(await faults(cut)).toEqual(refused('signature', 'signature_invalid'));
  });

  test('an authority that only bears the same name', async () => {
    const impostor = makeAuthority(authority.name);
    const forged = der(makeLeaf(impostor).issued.leafPem);
    const said = await faults(forged);
    // Its key identifier is another one, so no issuer fits at all.
    expect(said).toMatchObject({ verdict: 'refused', chain: 'issuer_unknown' });
  });

  test('text that is no certificate', async () => {
    for (const junk of [new Uint8Array(), Uint8Array.of(1, 2, 3), leaf.slice(0, -1), new Uint8Array(20_000)])
      expect(await faults(junk)).toMatchObject({ verdict: 'refused', signature: 'certificate_malformed' });
  });
});

describe('chain, alone', () => {
  test('another organisation’s, with the list of that one at hand', async () => {
    const other = makeAuthority('Other');
    const said = await faults(der(makeLeaf(other).issued.leafPem), { lists: [makeCrl(other)] });
    expect(said).toEqual({
      verdict: 'refused',
      signature: '(issuer_unknown)',
      chain: 'issuer_unknown',
      revocation: '(issuer_unknown)',
    });
  });

  test('an issuer that is offered is not one that is trusted', async () => {
    const other = makeAuthority('Other');
    const offered = [der(other.anchorPem)];
    const said = await faults(der(makeLeaf(other).issued.leafPem), { offered, lists: [makeCrl(other)] });
    expect(said).toMatchObject({ verdict: 'refused', chain: 'issuer_unknown' });
  });

  test('to a root by what is offered, and not without it', async () => {
    const root = makeAuthority('Root');
    const offered = [der(crossSigned(authority, root))];
    const trusted = [der(root.anchorPem)];
    expect(await faults(leaf, { trusted, offered })).toEqual(TRUSTED);
    expect(await faults(leaf, { trusted })).toMatchObject({ chain: 'issuer_unknown' });
  });

  test('expired, not yet valid, and under an issuer that expired', async () => {
    const lists = [makeCrl(authority)];
    const brief = der(makeLeaf(authority, { days: 1 }).issued.leafPem);
    expect(await faults(brief, { lists, now: Date.now() + 2 * DAY })).toEqual(
      refused('chain', 'certificate_expired'),
    );
    expect(await faults(leaf, { now: Date.now() - 2 * DAY })).toMatchObject({
      chain: 'certificate_not_yet_valid',
    });
    const short = makeAuthority('Short', 1);
    expect(
      await faults(der(makeLeaf(short).issued.leafPem), {
        trusted: [der(short.anchorPem)],
        lists: [makeCrl(short)],
        now: Date.now() + 2 * DAY,
      }),
    ).toEqual(refused('chain', 'issuer_expired'));
  });

  test('a device is no authority, and an authority no device', async () => {
    expect(await faults(der(authority.anchorPem))).toMatchObject({ chain: 'not_a_device' });
  });
});

describe('revocation, alone', () => {
  const SERIAL = '0123456789ABCDEF';
  test.each<[string, () => Uint8Array[], TrustFault]>([
    ['on the list', () => [makeCrl(authority, [SERIAL])], 'certificate_revoked'],
    ['on a second list of the same issuer', () => [crl, makeCrl(authority, [SERIAL])], 'certificate_revoked'],
    ['a list that does not parse', () => [Uint8Array.of(1)], 'status_invalid'],
    [
      'a list with a changed signature',
      () => [Uint8Array.from(crl, (byte, at) => (at === crl.length - 1 ? byte ^ 1 : byte))],
      'status_invalid',
    ],
  ])('%s', async (_, lists, code) => {
    expect(await faults(leaf, { lists: lists() })).toEqual(refused('revocation', code));
  });

  test('no list of this issuer, and one past its end, leave it undecided', async () => {
    const said = (code: TrustFault) => ({ verdict: 'undecided', revocation: `(${code})` });
    expect(await faults(leaf, { lists: [] })).toEqual(said('status_unknown'));
    expect(await faults(leaf, { lists: [makeCrl(makeAuthority('Other'))] })).toEqual(said('status_unknown'));
    expect(await faults(leaf, { now: Date.now() + 40 * DAY })).toEqual(said('status_stale'));
  });
});

describe('name, alone', () => {
  test('another domain, another device', async () => {
    expect(await faults(leaf, { expected: { domain: 'site-13.example.org' } })).toEqual(
      refused('name', 'name_mismatch'),
    );
    expect(await faults(leaf, { expected: { domain: 'example.org' } })).toEqual(
      refused('name', 'name_mismatch'),
    );
    expect(await faults(leaf, { expected: { domain: DOMAIN, udid: 'acme-2' } })).toEqual(
      refused('name', 'name_mismatch'),
    );
  });

  test.each([
    ['none', ''],
    ['no SPIFFE name', `DNS:${UDID}.d.${DOMAIN}`],
    ['two SPIFFE names', `${SAN},URI:spiffe://${DOMAIN}/device/acme-2`],
    ['a service’s name beside it', `${SAN},DNS:api.${DOMAIN}`],
    ['a pattern beside it', `${SAN},DNS:*.d.${DOMAIN}`],
    ['capitals', `URI:spiffe://${DOMAIN.toUpperCase()}/device/${UDID}`],
    ['more behind it', `URI:spiffe://${DOMAIN}/device/${UDID}/x`],
  ])('%s', async (_, san) => {
    expect(await faults(der(makeLeaf(authority, { san }).issued.leafPem))).toEqual(
      refused('name', 'name_missing'),
    );
  });
});

describe('grant, alone', () => {
  test('ended, and not asked', async () => {
    expect(await faults(leaf, { grant: async () => 'grant_ended' })).toEqual(refused('grant', 'grant_ended'));
    const now = NOW;
    const offline = await verifyCertificate(leaf, {
      trusted: [der(authority.anchorPem)],
      expected: { domain: DOMAIN },
      now,
      status: statusByLists([crl], { now, crypto }),
      crypto,
    });
    expect(offline.verdict).toBe('undecided');
    expect(offline.checks.at(-1)).toEqual({
      check: 'grant',
      result: 'not_checkable',
      code: 'grant_not_asked',
    });
    expect(offline.device).toEqual({ domain: DOMAIN, udid: UDID });
  });
});

describe('any one byte changed', () => {
  const changed = (bytes: Uint8Array, at: number) =>
    Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ (1 << (at & 7)) : byte));

  test('makes a certificate that nobody trusts, and throws nothing', async () => {
    for (let at = 0; at < leaf.length; at++)
      expect([at, (await faults(changed(leaf, at))).verdict]).toEqual([at, 'refused']);
  });

  test('makes a list that clears nobody', async () => {
    for (let at = 0; at < crl.length; at++)
      expect([at, (await faults(leaf, { lists: [changed(crl, at)] })).revocation]).toEqual([
        at,
        expect.stringMatching(/status_(?:invalid|unknown|stale)|certificate_revoked/),
      ]);
  });
});
