import { describe, expect, test } from 'vitest';
import type { Check } from '../../core/evidence.ts';
import { canSubmitAsFound, remedyOf } from '../../src/flow/failed-checks.ts';
import { depthOf, type InstallEvent, type InstallState, install } from '../../src/flow/install.ts';
import { nextActs } from '../../src/flow/known-device.ts';
import {
  checked,
  INSTALL_EVENTS as EVENTS,
  failed,
  known,
  label,
  passed,
  place,
  INSTALL_STATES as STATES,
} from './events.ts';

describe('what a known device is offered first', () => {
  test.each([
    ['issued', 'write', 'write'],
    ['shown', 'renew', 'renew'],
    ['installed', 'none', 'look'],
    ['held', 'held', 'look'],
    ['undecided', 'claimed', 'look'],
    ['claimed', 'claimed', 'look'],
    ['refused', 'refused', 'look'],
    ['refused', 'none', 'again'],
    ['ended', 'ended', 'again'],
    ['saved', 'send', 'look'],
  ] as const)('%s, %s: %s', (standing, need, first) => {
    const acts = nextActs({ ...known, standing, need });
    expect(acts.first).toBe(first);
    expect(new Set([acts.first, ...acts.others]).size).toBe(acts.others.length + 1);
  });

  test('one whose certificate waits is never registered again by the large button, nor is one replaced without its maker', () => {
    const { maker: _, ...unmade } = known;
    expect(nextActs(unmade).others).not.toContain('replace');
    expect(nextActs({ ...known, standing: 'issued', need: 'write' }).first).toBe('write');
    expect(nextActs({ ...known, suspended: 'lost' })).toEqual({ first: 'look', others: ['replace'] });
  });
});

function walk(state: InstallState, ...events: readonly InstallEvent[]): InstallState {
  return events.reduce((at, event) => install(at, event).state, state);
}

const read = (over: Partial<typeof label> & { known?: typeof known } = {}): InstallEvent => ({
  on: 'label_read',
  label: { ...label, ...over },
});

describe('a visit to a known device', () => {
  test('shows it before anything is connected, and goes back to the scanner', () => {
    const state = walk(STATES.looking_up, read({ known }));
    expect(state).toEqual({ at: 'known', label: { ...label, known } });
    expect(walk(state, EVENTS.back)).toEqual({ at: 'scan' });
  });

  test('goes on with what was wished, one step back to the device', () => {
    const shown = walk(STATES.looking_up, read({ known }));
    const pair = walk(shown, { on: 'wished', act: 'move' });
    expect(pair).toEqual({ at: 'pair', label: { ...label, known, wish: { act: 'move', device: known } } });
    expect(walk(pair, EVENTS.back)).toEqual(shown);
  });

  test('to replace it scans the other one, and never takes it for its own', () => {
    const scan = walk(STATES.known, { on: 'wished', act: 'replace' });
    expect(scan).toMatchObject({ at: 'scan', wish: { act: 'replace', device: known } });
    expect(walk(scan, EVENTS.label_text, read())).toMatchObject({
      at: 'scan',
      trouble: { code: 'same_device' },
    });
    const other = walk(scan, EVENTS.label_text, read({ udid: 'acme-2' }));
    expect(other).toMatchObject({ at: 'pair', label: { udid: 'acme-2', wish: { act: 'replace' } } });
    expect(walk(other, EVENTS.back)).toMatchObject({ at: 'scan', wish: { act: 'replace' } });
  });

  test.each(['renew', 'move', 'again'] as const)('to %s one stops at the label of another', (act) => {
    const wish = { act, device: known };
    const scan: InstallState = { at: 'scan', wish };
    expect(walk(scan, EVENTS.label_text, read({ udid: 'acme-2' }))).toEqual({
      ...{ at: 'scan', wish, trouble: { code: 'another_device' } },
    });
    expect(walk(scan, EVENTS.label_text, read())).toMatchObject({ at: 'pair', label: { wish, known } });
    // A label that could not be read keeps what one came for.
    expect(walk(scan, EVENTS.label_text, EVENTS.failed)).toMatchObject({ at: 'scan', wish });
  });
});

describe('another organisation’s domain', () => {
  const elsewhere = { ...place, org: 'westside' };
  const event: InstallEvent = { ...EVENTS.checked, org: 'westside', pack: 'w'.repeat(43) };

  test('has the device held against that one’s list before it is saved', () => {
    const placed = install(STATES.place, { on: 'placed', place: elsewhere });
    expect(placed.effects).toEqual([
      { do: 'check', label: checked.label, reading: checked.reading, org: 'westside' },
    ]);
    const saved = install(placed.state, event);
    expect(saved.effects).toMatchObject([{ do: 'save', checked: { org: 'westside', pack: 'w'.repeat(43) } }]);
  });

  test('stops where it fails there, with what was chosen kept', () => {
    const chosen = { org: 'westside', domain: 'mill.example.org' };
    const { state } = install({ ...STATES.place, chosen }, { on: 'placed', place: elsewhere });
    const after = install(state, { ...event, checks: failed });
    expect(after.effects).toEqual([]);
    expect(after.state).toMatchObject({ at: 'checked', org: 'westside', checks: failed, chosen });
  });

  test('takes no late answer of another one for its own', () => {
    const { state } = install(STATES.place, { on: 'placed', place: elsewhere });
    expect(install(state, { ...event, org: 'northfield' }).state).toBe(state);
  });
});

describe('depth', () => {
  test('one step back of the browser is one step back of the flow, from every step that has one', () => {
    for (const state of Object.values(STATES)) {
      if (state.at === 'saving' || state.at === 'saved') continue;
      let now: InstallState = state;
      for (let steps = depthOf(now); steps > 0; steps--) {
        const before = depthOf(now);
        now = install(now, EVENTS.back).state;
        expect(depthOf(now), state.at).toBe(before - 1);
      }
      expect(['scan', 'looking_up']).toContain(now.at);
    }
  });

  test('a known device is one step deeper', () => {
    const pair: InstallState = {
      at: 'pair',
      label: { ...label, known, wish: { act: 'renew', device: known } },
    };
    expect(depthOf(pair)).toBe(2);
    expect(depthOf({ ...STATES.place, label: { ...label, known } })).toBe(4);
  });
});

describe('what failed', () => {
  const one = (check: Check['check'], code: Extract<Check, { result: 'failed' }>['code']): Check => ({
    ...{ check, result: 'failed', code },
  });

  test.each([
    [one('not_tombstoned', 'tombstoned'), 'support', false],
    [one('key_strength', 'key_weak'), 'support', false],
    [one('csr_signature', 'csr_signature_invalid'), 'read', false],
    [one('csr_key_is_device_key', 'csr_key_mismatch'), 'read', false],
    [one('possession', 'proof_wrong'), 'read', false],
    [one('csr_subject', 'csr_malformed'), 'read', true],
    [one('device_identity', 'identity_mismatch'), 'scan', true],
    [one('label_key_is_device_key', 'label_key_mismatch'), 'scan', true],
    [one('on_list', 'unknown_device'), 'scan', true],
    [one('list_key', 'key_mismatch'), 'scan', true],
  ] as const)('%j: %s, and as found: %s', (check, remedy, may) => {
    expect(remedyOf([...passed, check])).toBe(remedy);
    expect(canSubmitAsFound([...passed, check], { link: 'serial' }, false)).toBe(may);
    // Beside one that no approval passes over nothing is submitted.
    const revoked = one('not_tombstoned', 'tombstoned');
    expect(canSubmitAsFound([check, revoked], { link: 'serial' }, false)).toBe(false);
    expect(remedyOf([check, revoked])).toBe('support');
  });

  test('of a simulated device is submitted in practice only, and nothing is where nothing failed', () => {
    expect(canSubmitAsFound(failed, { link: 'simulated' }, false)).toBe(false);
    expect(canSubmitAsFound(failed, { link: 'simulated' }, true)).toBe(true);
    expect(canSubmitAsFound(passed, { link: 'serial' }, false)).toBe(false);
  });

  test('that no approval passes over cannot be submitted by the flow either', () => {
    const checks = [one('not_tombstoned', 'tombstoned')];
    const state = { ...STATES.checked, checks };
    expect(install(state, EVENTS.submit_as_found).state).toBe(state);
  });
});
