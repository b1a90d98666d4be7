import { describe, expect, it } from 'vitest';
import { newDeviceState } from '../../../simulator/profiles/device-state.ts';
import type { NordicFirmware } from '../../../simulator/profiles/nordic/firmware.ts';
import { NordicModemDevice } from '../../../simulator/profiles/nordic/nordic-modem.ts';
import { detectOn } from '../../../src/device/detect.ts';
import { DRIVERS } from '../../../src/device/drivers/all.ts';
import type { Visit } from '../../../src/ports/device.ts';
import type { ByteLink } from '../../../src/ports/link.ts';
import { CHALLENGE, CRYPTO } from '../../ports/rig.ts';
import { drive, FakeClock } from '../../support/device-clock.ts';
import { codeOf, signal } from '../../support/device-code.ts';
import { byteWire, type WireOptions } from '../../support/device-wire.ts';

const LOG_LINE = new Uint8Array(Buffer.from('[00:00:01.000,000] <inf> app: tick\r\n'));
const LONGEST_MS = 120_000;

/** What happens on the wire may change at every command, which `onCommand` is told before the device gets it. */
async function visit(
  firmware: Partial<NordicFirmware>,
  onCommand: (command: string, wire: { -readonly [K in keyof WireOptions]: WireOptions[K] }) => void,
  wants: Visit = {},
  clock = new FakeClock(),
) {
  const state = await newDeviceState('imei-352656100367872');
  const device = await NordicModemDevice.start({ state, firmware });
  const options: WireOptions = {};
  const wire = byteWire(device, options);
  const link = wire.link as ByteLink;
  const write = link.write.bind(link);
  link.write = (bytes, until) => {
    onCommand(Buffer.from(bytes).toString('latin1'), options);
    return write(bytes, until);
  };
  const run = <T>(work: Promise<T>) => drive(work, clock, wire.settled);
  const context = { ...CRYPTO, clock, visit: wants };
  const session = await run(detectOn(link, DRIVERS, context, signal()));
  return { device, clock, run, session };
}

/** The code, or that there is none after so much of the device's time. */
function within(work: Promise<unknown>, clock: FakeClock): Promise<string> {
  const over = new AbortController();
  const late = clock.sleep(LONGEST_MS, over.signal).then(() => 'goes on');
  return Promise.race([codeOf(work), late]).finally(() => over.abort());
}

/** The first answer with this word is lost. */
function losing(word: string) {
  let lost = 0;
  return (_: string, wire: { change?: WireOptions['change'] }) => {
    wire.change = (chunk) => (Buffer.from(chunk).includes(word) && lost++ === 0 ? new Uint8Array(0) : chunk);
  };
}

describe('a modem whose log never rests once its key is being made', () => {
  const endless = () =>
    visit({}, (command, wire) => {
      if (command.includes('%KEYGEN')) wire.endless = LOG_LINE;
    });

  it('is given up in time, and back in its mode', async () => {
    const { device, clock, run, session } = await endless();
    expect(await run(within(session.evidence(signal()), clock))).toBe('timed_out');
    expect(device.modem.mode).toBe(1);
    await run(session.close());
    expect(clock.sleeping).toBe(0);
  });

  it.each([1_000, 16_000, 20_000])('is back in its mode after a stop at %i ms', async (ms) => {
    const { device, clock, run, session } = await endless();
    const stop = new AbortController();
    const stopped = clock.sleep(ms).then(() => stop.abort());
    expect(['aborted', 'timed_out']).toContain(await run(within(session.evidence(stop.signal), clock)));
    expect(device.modem.mode).toBe(1);
    await run(Promise.all([stopped, session.close()]));
    expect(clock.sleeping).toBe(0);
  });
});

it('asks on where a log never rests after a late answer, and reads what comes from then on', async () => {
  let models = 0;
  const { clock, run, session } = await visit({}, (command, wire) => {
    if (command.includes('AT+CGMM') && models++ === 0) wire.endless = LOG_LINE;
    // Nobody waited for silence: the device still talks when it is asked again.
    else delete wire.endless;
  });
  expect(await run(within(session.identify(signal()), clock))).toBe('timed_out');
  expect(await run(session.identify(signal()))).toMatchObject({ model: 'nRF9160-SICA' });
});

describe('where an answer is lost', () => {
  it('makes no key before the modem attested itself', async () => {
    const { device, run, session } = await visit({}, losing('%ATTESTTOKEN'));
    expect(await codeOf(run(session.evidence(signal())))).toBe('timed_out');
    expect(device.stored('2')).toBeUndefined();
    const evidence = await run(session.evidence(signal()));
    expect(evidence.attestations?.map(({ kind }) => kind)).toEqual(['nordic-keygen', 'nordic-attesttoken']);
  });

  it('goes on from the key that was made, and proves it', async () => {
    const wants = { challenge: CHALLENGE };
    const { device, run, session } = await visit({ subjects: false }, losing('%JWT'), wants);
    expect(await codeOf(run(session.evidence(signal())))).toBe('timed_out');
    expect(device.stored('2')).toBeDefined();
    const evidence = await run(session.evidence(signal()));
    expect(evidence).toMatchObject({ possession: 'fresh', proof: { over: 'jwt' } });
    expect(Buffer.from(evidence.publicKey).toString('base64url')).toBe(device.publicKey);
  });

  it.each([false, true])('gives a key the time it takes to make, behind a shell too: %s', async (shell) => {
    const clock = new FakeClock();
    let until = 0;
    const { device, run, session } = await visit(
      { shell },
      (command, wire) => {
        wire.deliver = (arrive) => {
          const left = until - clock.now();
          if (left > 0) void clock.sleep(left).then(arrive);
          else arrive();
        };
        // The command itself arrives at once.
        if (!command.includes('%KEYGEN')) return;
        queueMicrotask(() => {
          until = clock.now() + 12_000;
        });
      },
      {},
      clock,
    );
    const evidence = await run(session.evidence(signal()));
    expect(Buffer.from(evidence.publicKey).toString('base64url')).toBe(device.publicKey);
  });
});
