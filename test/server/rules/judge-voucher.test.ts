import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListRow } from '../../../contract/list-row.ts';
import { judgeVoucher } from '../../../server/authority/ra/records/judge-voucher.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import { type Facts, facts, judgeReads, NORTH_DOMAIN } from '../../support/judge-reads.ts';
import { chainText, type MakerCa, makerCa, thumbprintOf } from '../../support/maker-chain.ts';
import { A_DIGEST, makeDevice, registrationOf, rowOf, type TestDevice } from '../../support/server-device.ts';

type Voucher = NonNullable<ListRow['voucher']>;

let there: Facts;
let device: TestDevice;
let ca: MakerCa;
beforeAll(async () => {
  ca = await makerCa();
});
beforeEach(async () => {
  there = facts();
  device = await makeDevice();
});

function judged(voucher: Voucher, texts: readonly string[] = [], aliases: readonly string[] = []) {
  const attestations = texts.map((text) => ({ kind: 'idevid', text }) as const);
  const registration = registrationOf(device, NORTH_DOMAIN, { device: { attestations } });
  const row = rowOf(device, { anchor: 'voucher', voucher, aliases: [...aliases] });
  return judgeVoucher(registration, row, judgeReads(there), nodeCrypto);
}

describe('a row', () => {
  it('that names no voucher, or is anchored otherwise, vouches for nothing', async () => {
    const registration = registrationOf(device, NORTH_DOMAIN);
    const key = await nodeCrypto.digest(device.spki);
    for (const row of [undefined, rowOf(device), rowOf(device, { anchor: 'voucher' })])
      expect(await judgeVoucher(registration, row, judgeReads(there), nodeCrypto)).toBe('missing');
    const otherwise = rowOf(device, { anchor: 'udid-only', voucher: { key } });
    expect(await judgeVoucher(registration, otherwise, judgeReads(there), nodeCrypto)).toBe('missing');
    expect(await judged({})).toBe('missing');
  });

  it('vouches for the key that it names by its digest, and for no other', async () => {
    expect(await judged({ key: await nodeCrypto.digest(device.spki) })).toBe('vouched');
    expect(await judged({ key: A_DIGEST })).toBe('wrong');
  });

  it('vouches for a key that its TPM has shown, and waits for one that it has not', async () => {
    expect(await judged({ tpm: A_DIGEST })).toBe('missing');
    there.tpms.push({ ek: A_DIGEST, keyDigest: await nodeCrypto.digest((await makeDevice()).spki) });
    expect(await judged({ tpm: A_DIGEST })).toBe('missing');
    there.tpms.push({ ek: A_DIGEST, keyDigest: await nodeCrypto.digest(device.spki) });
    expect(await judged({ tpm: A_DIGEST })).toBe('vouched');
  });

  it('must be right in all that it names: one wrong thing weighs more than one missing', async () => {
    const key = await nodeCrypto.digest(device.spki);
    expect(await judged({ key, tpm: A_DIGEST })).toBe('missing');
    expect(await judged({ key: A_DIGEST, tpm: A_DIGEST })).toBe('wrong');
    expect(await judged({ key, ca: thumbprintOf(ca.root) })).toBe('missing');
    expect(await judged({ key, attestation: [A_DIGEST] })).toBe('missing');
  });
});

describe('the maker’s certificate of a device', () => {
  const full = async (subject: Parameters<MakerCa['issue']>[1] = `CN=${device.udid}`) => {
    const leaf = await ca.issue(device, subject);
    return { leaf, text: chainText(leaf, ca.below, ca.root) };
  };

  it('vouches where its chain leads to the CA of the row, root or not', async () => {
    const { leaf, text } = await full();
    expect(await judged({ ca: thumbprintOf(ca.root) }, [text])).toBe('vouched');
    expect(await judged({ ca: thumbprintOf(ca.below) }, [chainText(leaf, ca.below)])).toBe('vouched');
    expect(await judged({ ca: thumbprintOf(ca.root) })).toBe('missing');
  });

  it.each<[string, () => Promise<string>]>([
    ['a chain that stops short', async () => chainText((await full()).leaf, ca.below)],
    ['a chain in another order', async () => chainText((await full()).leaf, ca.root, ca.below)],
    ['another maker’s root', async () => chainText((await full()).leaf, ca.below, (await makerCa()).root)],
    [
      'a maker’s CA of the same names and another key',
      async () => {
        const forged = await makerCa();
        return chainText(await forged.issue(device, `CN=${device.udid}`), ca.below, ca.root);
      },
    ],
    ['another device’s name', async () => (await full('CN=acme-another')).text],
    ['no name', async () => (await full('O=acme')).text],
    [
      'another device’s key',
      async () => chainText(await ca.issue(await makeDevice(), `CN=${device.udid}`), ca.below, ca.root),
    ],
    ['what is no certificate', async () => `${(await full()).text}.AAAA`],
    ['nothing at all', async () => ''],
    [
      'more than five certificates',
      async () => chainText((await full()).leaf, ca.below, ca.root, ca.root, ca.root, ca.root),
    ],
  ])('is wrong with %s', async (_, text) => {
    expect(await judged({ ca: thumbprintOf(ca.root) }, [await text()])).toBe('wrong');
  });

  it('is wrong below what is no CA, though each signature is good', async () => {
    const odd = await makerCa({ belowIsCa: false });
    const text = chainText(await odd.issue(device, `CN=${device.udid}`), odd.below, odd.root);
    expect(await judged({ ca: thumbprintOf(odd.root) }, [text])).toBe('wrong');
    expect(await judged({ ca: thumbprintOf(odd.below) }, [text])).toBe('wrong');
  });

  it('is read by common name and by serial number, in the names that the row knows', async () => {
    const voucher = { ca: thumbprintOf(ca.root) };
    expect(await judged(voucher, [(await full(`2.5.4.5=${device.udid}`)).text])).toBe('vouched');
    const { text } = await full('CN=SN 77');
    expect(await judged(voucher, [text])).toBe('wrong');
    expect(await judged(voucher, [text], ['SN 77'])).toBe('vouched');
  });

  it('does not take a name that stands in another attribute, or behind a line break in one', async () => {
    const voucher = { ca: thumbprintOf(ca.root) };
    expect(await judged(voucher, [(await full(`CN=x,OU=${device.udid}`)).text])).toBe('wrong');
    const broken = [{ O: [`x\nCN=${device.udid}`] }];
    expect(await judged(voucher, [(await full(broken)).text])).toBe('wrong');
  });

  it('must be the very one that the row names, whoever signed it', async () => {
    const { leaf, text } = await full();
    const again = (await full()).text;
    expect(await judged({ certificate: thumbprintOf(leaf) }, [text])).toBe('vouched');
    expect(await judged({ certificate: thumbprintOf(leaf) }, [chainText(leaf)])).toBe('vouched');
    expect(await judged({ certificate: thumbprintOf(leaf) }, [again])).toBe('wrong');
    const both = { certificate: thumbprintOf(leaf), ca: thumbprintOf(ca.root) };
    expect(await judged(both, [chainText(leaf)])).toBe('wrong');
    expect(await judged(both, [text])).toBe('vouched');
  });

  it('vouches though another one was shown that does not', async () => {
    const stranger = chainText(await ca.issue(await makeDevice(), 'CN=acme-another'), ca.below, ca.root);
    expect(await judged({ ca: thumbprintOf(ca.root) }, [stranger, (await full()).text])).toBe('vouched');
  });

  it('is not looked for among attestations of another kind', async () => {
    const { text } = await full();
    const attestations = [{ kind: 'arduino-jwt', text } as const];
    const registration = registrationOf(device, NORTH_DOMAIN, { device: { attestations } });
    const row = rowOf(device, { anchor: 'voucher', voucher: { ca: thumbprintOf(ca.root) } });
    expect(await judgeVoucher(registration, row, judgeReads(there), nodeCrypto)).toBe('missing');
  });
});
