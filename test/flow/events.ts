import type { Check } from '../../core/evidence.ts';
import type { CollectEvent, CollectState } from '../../src/flow/collect.ts';
import type { DeviceReading, InstallEvent, InstallState, KnownLabel } from '../../src/flow/install.ts';
import type { StandingDevice } from '../../src/flow/known-device.ts';
import type { CredentialBundle, WrittenPart } from '../../src/ports/device.ts';

/** One of each state and event; the types see to it that none is forgotten. */

export const label: KnownLabel = { how: 'camera', kind: 'udid', text: 'acme-1', udid: 'acme-1', aliases: [] };
export const traits = {
  name: 'zephyr-cred',
  csrSubject: 'identity',
  evidence: 'key-and-csr',
  possession: 'static',
  rowKind: 'key',
  installs: true,
  holdsAnchor: true,
  readsBack: true,
  wifi: true,
  makesKey: false,
} as const;
export const reading: DeviceReading = {
  link: 'serial',
  traits,
  identity: { driver: 'zephyr-cred', aliases: [] },
  evidence: { publicKey: new Uint8Array(1), csr: new Uint8Array(2), possession: 'static' },
};
export const challenge = { pack: 'p'.repeat(43), nonce: 'n'.repeat(43), record: 'r' };
const found = { label, link: 'serial', traits, challenge } as const;
export const passed: readonly Check[] = [{ check: 'csr_signature', result: 'passed' }];
export const doubtful: readonly Check[] = [
  { check: 'on_list', result: 'not_checkable', code: 'list_not_on_phone' },
];
export const failed: readonly Check[] = [
  ...passed,
  { check: 'on_list', result: 'failed', code: 'unknown_device' },
];
export const place = { org: 'northfield', domain: 'site-12.example.org', position: 'Hall 3' };
export const known: StandingDevice = {
  org: 'northfield',
  udid: 'acme-1',
  maker: 'acme',
  domain: 'site-12.example.org',
  site: 'hall',
  siteTitle: 'Hall',
  position: 'Shelf 1',
  place: 'd'.repeat(43),
  standing: 'installed',
  need: 'none',
  code: null,
  because: null,
  decidedBy: null,
  takesCertificate: true,
  simulated: false,
  at: 1,
};
export const PACK = 'p'.repeat(43);
export const checked = { org: 'northfield', training: false, label, reading, checks: passed, pack: PACK };
export const part: WrittenPart = { parts: ['leaf'], digest: 'ab'.repeat(32) };
export const bundle: CredentialBundle = { leafPem: 'leaf', chainPem: '', anchorPem: 'anchor' };
export const trouble = { code: 'link_lost' };

export const INSTALL_STATES: { readonly [At in InstallState['at']]: Extract<InstallState, { at: At }> } = {
  scan: { at: 'scan' },
  looking_up: { at: 'looking_up', how: 'camera' },
  known: { at: 'known', label: { ...label, known } },
  pair: { at: 'pair', label },
  connecting: { at: 'connecting', label, link: 'serial' },
  found: { at: 'found', ...found },
  wifi: { at: 'wifi', ...found },
  reading: { at: 'reading', ...found },
  checking: { at: 'checking', label, reading },
  checked: { at: 'checked', ...checked },
  place: { at: 'place', ...checked, asFound: false },
  saving: { at: 'saving', ...checked, asFound: false, place },
  saved: { at: 'saved', record: 'r', label, place },
};

export const INSTALL_EVENTS: { readonly [On in InstallEvent['on']]: Extract<InstallEvent, { on: On }> } = {
  label_text: { on: 'label_text', text: 'acme-1', how: 'camera' },
  label_read: { on: 'label_read', label },
  link_chosen: { on: 'link_chosen', link: 'serial' },
  connected: { on: 'connected', traits, challenge },
  read: { on: 'read' },
  set_up_wifi: { on: 'set_up_wifi' },
  device_read: { on: 'device_read', reading },
  checked: { on: 'checked', org: 'northfield', training: false, label, checks: passed, pack: PACK },
  wished: { on: 'wished', act: 'renew' },
  go_on: { on: 'go_on' },
  submit_as_found: { on: 'submit_as_found', because: 'Seen on the delivery note' },
  placing: { on: 'placing', chosen: { position: 'Hall 4' } },
  placed: { on: 'placed', place },
  saved: { on: 'saved', record: 'r' },
  failed: { on: 'failed', trouble },
  next: { on: 'next' },
  back: { on: 'back' },
};

export const COLLECT_STATES: { readonly [At in CollectState['at']]: Extract<CollectState, { at: At }> } = {
  pair: { at: 'pair' },
  connecting: { at: 'connecting', link: 'serial' },
  checking: { at: 'checking', link: 'serial' },
  writing: { at: 'writing', link: 'serial', written: [] },
  confirming: { at: 'confirming', written: [part] },
  done: { at: 'done', written: [part] },
};

export const COLLECT_EVENTS: { readonly [On in CollectEvent['on']]: Extract<CollectEvent, { on: On }> } = {
  link_chosen: { on: 'link_chosen', link: 'serial' },
  connected: { on: 'connected' },
  approved: { on: 'approved', bundle },
  part_written: { on: 'part_written', part },
  written: { on: 'written', written: [part] },
  confirm_again: { on: 'confirm_again' },
  confirmed: { on: 'confirmed' },
  failed: { on: 'failed', trouble },
  back: { on: 'back' },
};
