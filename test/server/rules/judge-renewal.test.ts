import { beforeEach, describe, expect, it } from 'vitest';
import { fromHex } from '../../../core/bytes.ts';
import { judgeRenewal } from '../../../server/authority/ra/records/judge-renewal.ts';
import {
  bindingWith,
  certificateWith,
  day,
  type Facts,
  facts,
  intentWith,
  judgeReads,
  lineageWith,
  NORTH,
  NORTH_DOMAIN,
  ruledBy,
} from '../../support/judge-reads.ts';

const ABOUT = { udid: 'acme-1', domain: NORTH_DOMAIN };
const binding = bindingWith();
/** An Ed25519 key (RFC 8410 section 10.1). */
const SPKI =
  fromHex('302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1') ??
  new Uint8Array();

let there: Facts;
beforeEach(() => {
  there = facts();
  there.bindings.push(binding);
});

interface Asked {
  readonly receivedAt?: string;
  readonly capturedAt?: string;
  readonly fresh?: boolean;
  readonly approved?: boolean;
  readonly keyDigest?: string;
}

/** A visit when the certificate of ninety days has been due for a day. */
function judged(asked: Asked = {}) {
  const { receivedAt = day(60), capturedAt = receivedAt, fresh = false, approved = false, keyDigest } = asked;
  const same = { outcome: 'same', binding, about: ABOUT, keyDigest: keyDigest ?? 'key-1' } as const;
  const facts = {
    org: NORTH,
    domain: NORTH_DOMAIN,
    udid: 'acme-1',
    row: undefined,
    spki: SPKI,
    fresh,
    approved,
  };
  return judgeRenewal(same, facts, { receivedAt, capturedAt }, judgeReads(there));
}
const SAME = { outcome: 'same' };
const RENEW = { outcome: 'renew', binding, about: ABOUT, spki: SPKI };

describe('a certificate', () => {
  it('is due after two thirds of its life, to the instant', async () => {
    there.certificates.push(certificateWith());
    expect(await judged({ receivedAt: day(59 - 1e-6) })).toMatchObject(SAME);
    expect(await judged({ receivedAt: day(59) })).toMatchObject({ ...RENEW, drops: undefined });
  });

  it('is due by when the record came, whatever time it claims', async () => {
    there.certificates.push(certificateWith());
    expect(await judged({ receivedAt: day(10), capturedAt: day(60) })).toMatchObject(SAME);
    expect(await judged({ receivedAt: day(60), capturedAt: day(10) })).toMatchObject(RENEW);
  });

  it('is renewed after its end, and not where it is on hold or revoked', async () => {
    there.certificates.push(certificateWith());
    expect(await judged({ receivedAt: day(200) })).toMatchObject(RENEW);
    there.certificates[0] = certificateWith({ revokedAt: day(2), onHold: true });
    expect(await judged()).toMatchObject(SAME);
    there.certificates.length = 0;
    expect(await judged()).toMatchObject(SAME);
  });

  it('is not renewed a second time while the one before has not ended', async () => {
    const before = certificateWith({ serial: '39', notBefore: day(-80), notAfter: day(62) });
    there.certificates.push(certificateWith(), before);
    // The device has not shown the newest yet, so it is handed out again.
    expect(await judged()).toMatchObject(SAME);
    expect(await judged({ receivedAt: day(62) })).toMatchObject(RENEW);
    there.certificates[1] = { ...before, revokedAt: day(3) };
    expect(await judged()).toMatchObject(RENEW);
  });

  it('is handed out as it is to a device that came with its next key', async () => {
    there.certificates.push(certificateWith());
    expect(await judged({ keyDigest: 'key-2' })).toMatchObject({ ...SAME, keyDigest: 'key-2' });
  });
});

describe('while a re-key is under way', () => {
  const asked = lineageWith({ at: day(30) });
  beforeEach(() => {
    there.certificates.push(certificateWith());
    there.lineage.push(asked);
  });
  const successor = (notAfter: string) =>
    there.certificates.push(certificateWith({ serial: '41', notBefore: day(30), notAfter }));

  it('the old key is not renewed: the successor’s certificate is good, or about to be signed', async () => {
    there.intents.push({ intent: intentWith({ serial: '41' }), binding: 'b1' });
    expect(await judged()).toMatchObject(SAME);
    there.intents.length = 0;
    successor(day(120));
    expect(await judged()).toMatchObject(SAME);
  });

  it('the old key is renewed where the successor never came, or ended before it was shown', async () => {
    expect(await judged()).toMatchObject({ ...RENEW, drops: asked });
    there.intents.push({ intent: intentWith({ serial: '77' }), binding: 'b1' });
    expect(await judged()).toMatchObject({ ...RENEW, drops: asked });
    successor(day(60));
    expect(await judged()).toMatchObject({ ...RENEW, drops: asked });
  });

  it('the old key is renewed where the device has proved it since it asked', async () => {
    successor(day(120));
    expect(await judged({ fresh: true, capturedAt: day(31) })).toMatchObject({ ...RENEW, drops: asked });
    // Proved before, at the same time, or by what may be a copy.
    expect(await judged({ fresh: true, capturedAt: day(29) })).toMatchObject(SAME);
    expect(await judged({ fresh: true, capturedAt: day(30) })).toMatchObject(SAME);
    expect(await judged({ fresh: false, capturedAt: day(31) })).toMatchObject(SAME);
  });

  it('the old key is renewed where its certificate has ended, since the device is cut off', async () => {
    successor(day(120));
    expect(await judged({ receivedAt: day(89 - 1e-6) })).toMatchObject(SAME);
    expect(await judged({ receivedAt: day(89) })).toMatchObject({ ...RENEW, drops: asked });
  });
});

describe('the policy of today', () => {
  beforeEach(() => {
    there.certificates.push(certificateWith());
  });

  it('gives the successor its lifetime', async () => {
    ruledBy(there, { validityDays: 7 });
    expect(await judged()).toMatchObject({ ...RENEW, profile: { lifetime: 7 * 24 * 3_600_000 } });
  });

  it('may hold or refuse it, and says so only once it is due', async () => {
    ruledBy(there, { possession: 'hold', keyTypes: ['Ed25519'] });
    expect(await judged({ receivedAt: day(58) })).toMatchObject(SAME);
    expect(await judged()).toMatchObject({ outcome: 'held', code: 'possession_needed' });
    expect(await judged({ fresh: true })).toMatchObject(RENEW);
    expect(await judged({ approved: true })).toMatchObject(RENEW);
    ruledBy(there, { keyTypes: ['P-384'] }, NORTH_DOMAIN);
    expect(await judged({ approved: true })).toMatchObject({
      outcome: 'refused',
      code: 'key_type_not_allowed',
    });
  });

  it('does not count it against a quota: the device has its place', async () => {
    ruledBy(there, { quota: 0 });
    expect(await judged()).toMatchObject(RENEW);
  });
});
