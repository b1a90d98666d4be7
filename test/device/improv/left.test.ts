import { describe, expect, it } from 'vitest';
import { ImprovDevice } from '../../../simulator/profiles/improv/improv-device.ts';
import { BluetoothWifi } from '../../../src/device/drivers/improv/bluetooth-wifi.ts';
import { SerialWifi } from '../../../src/device/drivers/improv/serial-wifi.ts';
import { encodeImprov, FRAME } from '../../../src/device/protocols/improv/improv-frame.ts';
import { RPC } from '../../../src/device/protocols/improv/improv-rpc.ts';
import type { ByteLink } from '../../../src/ports/link.ts';
import { drive, FakeClock } from '../../support/device-clock.ts';
import { codeOf, signal } from '../../support/device-code.ts';
import { gattLink } from './gatt-link.ts';

const [READY, JOINED] = [2, 4];
const COMMAND_AT = 9;

/** A cable to firmware that tells its state when asked, and takes a join without a word until `say`. */
function slowDevice() {
  const clock = new FakeClock();
  const takers = new Set<(chunk: Uint8Array) => void>();
  const say = (state: number) => {
    for (const take of [...takers]) take(encodeImprov(FRAME.state, Uint8Array.of(state)));
  };
  let joins = 0;
  const link: ByteLink = {
    kind: 'serial',
    shape: 'bytes',
    lost: signal(),
    listen(take) {
      takers.add(take);
      return () => takers.delete(take);
    },
    async write(bytes) {
      if (bytes[COMMAND_AT] === RPC.setWifi) joins += 1;
      else queueMicrotask(() => say(READY));
    },
    close: async () => undefined,
  };
  const run = <T>(work: Promise<T>) => drive(work, clock, async () => undefined);
  const joinsSent = async (count: number) => {
    while (joins < count) await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, wifi: new SerialWifi(link, clock), run, say, joinsSent };
}

describe('a join that was left, on a cable', () => {
  it('does not take the answer from the one that came after it', async () => {
    const { clock, wifi, run, say, joinsSent } = slowDevice();
    const first = codeOf(wifi.join('home', 'wrong', signal()));
    await joinsSent(1);
    clock.advance(30_000);
    const second = codeOf(wifi.join('home', 'right', signal()));
    await joinsSent(2);
    clock.advance(10_000);
    expect(await first).toBe('timed_out');
    say(JOINED);
    expect(await run(second)).toBe('no error');
    expect(clock.sleeping).toBe(0);
  });

  it('ends when it is told to, and the next one works', async () => {
    const { clock, wifi, run, say, joinsSent } = slowDevice();
    const stop = new AbortController();
    const first = codeOf(wifi.join('home', 'wrong', stop.signal));
    await joinsSent(1);
    stop.abort();
    expect(await first).toBe('aborted');
    const second = codeOf(wifi.join('home', 'right', signal()));
    await joinsSent(2);
    say(JOINED);
    expect(await run(second)).toBe('no error');
    expect(clock.sleeping).toBe(0);
  });
});

it('leaves no half command behind on Bluetooth, wherever it is stopped', async () => {
  for (let pieces = 1; pieces <= 2; pieces++) {
    const device = new ImprovDevice({ ssid: 'a longer network name', password: 'correct horse' });
    const clock = new FakeClock();
    const stop = new AbortController();
    let writes = 0;
    const link = gattLink(device, () => {
      writes += 1;
      if (writes === pieces) stop.abort();
    });
    const run = <T>(work: Promise<T>) => drive(work, clock, async () => undefined);
    const wifi = await BluetoothWifi.open(link, clock, signal());
    if (wifi === undefined) throw new Error('not found');
    expect(await run(codeOf(wifi.join('a longer network name', 'not that', stop.signal)))).toBe('aborted');
    expect(await run(codeOf(wifi.join('a longer network name', 'correct horse', signal())))).toBe('no error');
    expect(clock.sleeping).toBe(0);
  }
});
