import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../contract/codes.ts';
import { toBase64Url } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { type Check, checkEvidence, type Evidence } from '../../core/evidence.ts';
import { opensslDevice } from '../support/csr.ts';
import { crypto, listRow } from '../support/records.ts';

const device = opensslDevice('P-256');
const other = opensslDevice('P-256');
const weak = opensslDevice('RSA-1024');

function evidence(over: Partial<Evidence> = {}): Evidence {
  return {
    udid: 'acme-1',
    aliases: [],
    labelKey: device.spki,
    deviceKey: device.spki,
    csr: device.csr,
    keyFrom: 'device',
    possession: { claimed: 'static', challenge: undefined, proof: undefined, tokens: [] },
    identity: { stated: ['acme-1'], known: [] },
    subjectSaysNothing: false,
    list: { kind: 'row', row: listRow({ publicKey: toBase64Url(device.spki) }) },
    tombstoned: false,
    ...over,
  };
}

async function check(name: Check['check'], over: Partial<Evidence>, port = crypto): Promise<string> {
  const found = (await checkEvidence(evidence(over), port)).find((one) => one.check === name);
  return found === undefined ? 'absent' : 'code' in found ? `${found.result} ${found.code}` : found.result;
}

test('a good device passes every check, in the order of the contract', async () => {
  const checks = await checkEvidence(evidence(), crypto);
  expect(checks.map((one) => one.check)).toEqual(CHECKS);
  // A request alone never shows that the device holds its key now.
  const open = checks.filter((one) => one.result !== 'passed');
  expect(open).toEqual([{ check: 'possession', result: 'not_checkable', code: 'possession_static' }]);
});

describe('each check answers for itself', () => {
  const broken = device.csr.slice(0, -1);
  const lacking: CryptoPort = { ...crypto, verify: async () => 'not_offered' };
  const mixed = device.csr.slice();
  mixed[mixed.length - 1] = (mixed.at(-1) ?? 0) ^ 1;

  test.each<[string, Check['check'], Partial<Evidence>, string]>([
    ['a CSR that does not parse', 'csr_signature', { csr: broken }, 'failed csr_malformed'],
    ['a broken signature', 'csr_signature', { csr: mixed }, 'failed csr_signature_invalid'],
    ['a CSR of another key', 'csr_key_is_device_key', { csr: other.csr }, 'failed csr_key_mismatch'],
    ['no CSR to compare', 'csr_key_is_device_key', { csr: broken }, 'failed csr_malformed'],
    [
      'a label without key',
      'label_key_is_device_key',
      { labelKey: undefined },
      'not_checkable label_has_no_key',
    ],
    [
      'a label of another device',
      'label_key_is_device_key',
      { labelKey: other.spki },
      'failed label_key_mismatch',
    ],
    ['a subject of another name', 'csr_subject', { udid: 'acme-2' }, 'failed csr_subject_mismatch'],
    ['a subject that is an alias', 'csr_subject', { udid: 'x', aliases: ['y', 'acme-1'] }, 'passed'],
    [
      'a key that came out of the request',
      'csr_key_is_device_key',
      { keyFrom: 'csr' },
      'not_checkable key_from_request',
    ],
    [
      'a key out of another request',
      'csr_key_is_device_key',
      { keyFrom: 'csr', csr: other.csr },
      'failed csr_key_mismatch',
    ],
    ['no request at all', 'csr_signature', { csr: new Uint8Array() }, 'not_checkable no_request'],
    ['no request to compare', 'csr_key_is_device_key', { csr: new Uint8Array() }, 'not_checkable no_request'],
    ['no request to name anybody', 'csr_subject', { csr: new Uint8Array() }, 'not_checkable no_request'],
    ['nothing that was signed', 'possession', { csr: new Uint8Array() }, 'failed possession_missing'],
    [
      'a device that is called otherwise',
      'device_identity',
      { identity: { stated: ['mac-02a1b2c3d4e6'], known: ['mac-02a1b2c3d4e5'] } },
      'failed identity_mismatch',
    ],
    [
      'a device of another scheme',
      'device_identity',
      { identity: { stated: ['imei-490154203237518'], known: ['mac-02a1b2c3d4e5'] } },
      'not_checkable identity_not_told',
    ],
    [
      'a number that may be anything',
      'device_identity',
      { identity: { stated: ['02a1b2c3d4e6'], known: ['mac-02a1b2c3d4e5'] } },
      'not_checkable identity_not_told',
    ],
    [
      'an alias of row or label',
      'device_identity',
      { identity: { stated: ['SN 1'], known: ['SN 1'] } },
      'passed',
    ],
    ['no CSR to name anybody', 'csr_subject', { csr: broken }, 'failed csr_malformed'],
    [
      'a firmware with a fixed subject',
      'csr_subject',
      { udid: 'x', subjectSaysNothing: true },
      'not_checkable subject_says_nothing',
    ],
    ['a weak key', 'key_strength', { deviceKey: weak.spki }, 'failed key_weak'],
    ['a key that does not parse', 'key_strength', { deviceKey: Uint8Array.of(1) }, 'failed key_weak'],
    ['a device not listed', 'on_list', { list: { kind: 'absent' } }, 'failed unknown_device'],
    ['no list here', 'on_list', { list: { kind: 'unavailable' } }, 'not_checkable list_not_on_phone'],
    ['a digest of the list', 'on_list', { list: { kind: 'digest', keyMatched: false } }, 'passed'],
    [
      'a digest without key',
      'list_key',
      { list: { kind: 'digest', keyMatched: false } },
      'not_checkable row_has_no_key',
    ],
    ['a digest with this key', 'list_key', { list: { kind: 'digest', keyMatched: true } }, 'passed'],
    ['no row', 'list_key', { list: { kind: 'absent' } }, 'not_checkable list_not_on_phone'],
    [
      'a row of another key',
      'list_key',
      { list: { kind: 'row', row: listRow({ publicKey: toBase64Url(other.spki) }) } },
      'failed key_mismatch',
    ],
    [
      'a row that anchors no key',
      'list_key',
      { list: { kind: 'row', row: listRow({ anchor: 'udid-only' }) } },
      'not_checkable row_has_no_key',
    ],
    ['a tombstone', 'not_tombstoned', { tombstoned: true }, 'failed tombstoned'],
  ])('%s: %s', async (_, name, over, expected) => {
    expect(await check(name, over)).toBe(expected);
  });

  test('an algorithm that the phone lacks is left to the authority', async () => {
    expect(await check('csr_signature', {}, lacking)).toBe('not_checkable algorithm_not_offered_here');
  });

  test('of two common names neither is believed', async () => {
    const two = opensslDevice('P-256', '/CN=acme-1/CN=acme-1');
    expect(await check('csr_subject', { csr: two.csr })).toBe('failed csr_subject_mismatch');
    const none = opensslDevice('P-256', '/O=acme-1');
    expect(await check('csr_subject', { csr: none.csr })).toBe('failed csr_subject_mismatch');
  });

  test('one fault does not hide or excuse another', async () => {
    const checks = await checkEvidence(
      evidence({ csr: other.csr, labelKey: other.spki, tombstoned: true, list: { kind: 'absent' } }),
      crypto,
    );
    const failed = checks.filter((one) => one.result === 'failed').map((one) => one.check);
    expect(failed).toEqual(['csr_key_is_device_key', 'label_key_is_device_key', 'on_list', 'not_tombstoned']);
  });
});

test('phone and authority judge the same evidence alike, hostile evidence too, and neither throws', async () => {
  const bytes = fc.oneof(
    fc.constantFrom(device.spki, other.spki, weak.spki, device.csr, other.csr),
    fc.uint8Array({ maxLength: 40 }),
  );
  const lists = fc.constantFrom<Evidence['list']>(
    { kind: 'absent' },
    { kind: 'unavailable' },
    { kind: 'digest', keyMatched: true },
    { kind: 'row', row: listRow() },
    { kind: 'row', row: listRow({ publicKey: 'not base64url' }) },
  );
  const hostile = fc.record({
    labelKey: fc.option(bytes, { nil: undefined }),
    deviceKey: bytes,
    csr: bytes,
    list: lists,
  });
  const { createHash } = await import('node:crypto');
  // The authority may use another runtime's hash and random numbers; what it decides must not depend on them.
  const server: CryptoPort = {
    ...crypto,
    sha256: async (data) => new Uint8Array(createHash('sha256').update(data).digest()),
  };
  await fc.assert(
    fc.asyncProperty(hostile, async (over) => {
      const [phone, authority] = await Promise.all([
        checkEvidence(evidence(over), crypto),
        checkEvidence(evidence({ ...over, csr: over.csr.slice() }), server),
      ]);
      expect(phone).toEqual(authority);
      expect(phone).toHaveLength(CHECKS.length);
    }),
    { numRuns: 400 },
  );
});
