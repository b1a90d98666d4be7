import { expect, test } from 'vitest';
import { voidDevice } from '../../src/effects/void-record.ts';
import type { DeviceStanding } from '../../src/ports/devices.ts';
import { FakeClock } from '../support/device-clock.ts';
import { MemoryOutbox, MemoryStorage } from '../support/memory-outbox.ts';
import { crypto, DOMAIN, makeKey, ORG, recordId } from '../support/records.ts';
import { enrolmentOf, MemoryWork } from '../support/records-backend.ts';

const [STANDS, ON_TOP] = [recordId(1), recordId(2)];

/** Which registration is taken back of a device that stands by one while the row speaks of another. */
const TAKES: Record<DeviceStanding, string> = {
  saved: ON_TOP,
  undecided: ON_TOP,
  held: ON_TOP,
  claimed: ON_TOP,
  refused: ON_TOP,
  issuing: STANDS,
  issued: STANDS,
  installed: STANDS,
  shown: STANDS,
  ended: STANDS,
};

async function undo(device: { standing: DeviceStanding; registration?: string; record?: string }) {
  const storage = new MemoryStorage();
  const ports = {
    capture: new MemoryOutbox(storage),
    work: new MemoryWork(new Map(), enrolmentOf(await makeKey())),
    clock: new FakeClock(),
    crypto,
  };
  const about = { org: ORG, udid: 'acme-1', domain: DOMAIN, simulated: false };
  const row = await voidDevice(ports, { ...about, ...device }, undefined, '1.0.0');
  return row?.about;
}

test.each(Object.entries(TAKES))('what is %s on top of a device that stands', async (standing, taken) => {
  const device = { standing: standing as DeviceStanding, registration: STANDS, record: ON_TOP };
  expect(await undo(device)).toBe(taken);
});

test('of a device that stands, known by nothing but an own record, that one is taken back', async () => {
  expect(await undo({ standing: 'issued', record: ON_TOP })).toBe(ON_TOP);
});

test('a held one of which no record is known is not taken back by another one', async () => {
  expect(await undo({ standing: 'held', registration: STANDS })).toBeUndefined();
});
