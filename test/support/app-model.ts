import { signal } from '@preact/signals';
import type { EntryTools } from '../../src/ports/account.ts';
import type { SafetyNet } from '../../src/ports/keeping.ts';
import type { AppPorts } from '../../src/ui/app-ports.ts';
import { AppModel } from '../../src/ui/model.ts';
import { enrolledPhone } from '../sync/phone.ts';
import { FakeClock } from './device-clock.ts';
import { noDevices } from './memory-devices.ts';
import { crypto } from './records.ts';

const SAFE: SafetyNet = {
  findLosses: async () => [],
  weigh: async () => [],
  tellLosses: async () => undefined,
  note: async () => undefined,
  check: async () => ({ restored: 0, torn: 0 }),
  refill: async () => true,
};

/** The app over a test phone's storage; what a test does not touch is not there. */
export async function appWith(over: {
  safety?: Partial<SafetyNet>;
  undo?: AppPorts['undo'];
  drain?: AppPorts['drain'];
  takeAnswerTime?: AppPorts['takeAnswerTime'];
  clock?: FakeClock;
  prepare?: AppPorts['prepare'];
  account?: Partial<AppPorts['account']>;
  entry?: Partial<EntryTools>;
}) {
  const phone = await enrolledPhone();
  const parts: Partial<AppPorts> = {
    outbox: phone.outbox,
    again: async () => phone.outbox,
    work: phone.work,
    devices: noDevices,
    keepDevices: async () => undefined,
    clock: over.clock ?? new FakeClock(),
    takeAnswerTime: over.takeAnswerTime ?? (() => undefined),
    safety: { ...SAFE, ...over.safety },
    shell: { offlineReady: signal(true), askPersistence: async () => undefined } as never,
    crypto: { ...crypto, random: (n: number) => new Uint8Array(n).fill(255) },
    account: over.account as AppPorts['account'],
    entry: async () => over.entry as EntryTools,
    prepare: over.prepare ?? (async () => ({ ok: true })),
    rescue: async () => ({ prepare: async () => undefined }) as never,
    undo: over.undo ?? (async () => undefined),
    photoUpload: { pause: () => undefined, go: async () => undefined },
    drain: over.drain ?? (async () => 'busy'),
    afterDrain: async () => false,
  };
  return { phone, model: new AppModel(parts as AppPorts) };
}
