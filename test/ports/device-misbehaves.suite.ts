import { expect, it } from 'vitest';
import { equalBytes, toHex } from '../../core/bytes.ts';
import { parseCsr } from '../../core/csr.ts';
import type { DeviceErrorCode } from '../../src/ports/device.ts';
import { bundleWith } from '../support/device-certificate.ts';
import { codeOf, signal } from '../support/device-code.ts';
import type { WireOptions } from '../support/device-wire.ts';
import { evidenceOf, keyOf, registered, Stop, walk } from './device-visit.ts';
import type { Rig, Step } from './rig.ts';
import { when } from './when.ts';

type Changing = { -readonly [Option in keyof WireOptions]: WireOptions[Option] };

/** What a device that never rests may say: without a line's end, or line by line. */
const ENDLESS = [
  new Uint8Array(2_048).fill(0x7a),
  new Uint8Array(Buffer.from('[00:00:01.000,000] <inf> app: tick\r\n')),
];
const ENDED: readonly DeviceErrorCode[] = ['timed_out', 'device_garbage', 'device_refused', 'csr_missing'];
const STOPPED_MS = 300;

const line = (text: string) => Buffer.from(`[00:00:01.250,000] ${text}\r\n`);
const NOISE_ANYWHERE: WireOptions = {
  noise: { before: line('<inf> boot: ready'), after: line('<inf> net: up') },
};
/** Before each answer; echoes come byte by byte, and a prompt has no line of its own. */
const NOISE_IN_ANSWERS: WireOptions = {
  change: (chunk) =>
    chunk[0] !== 0x1b && chunk.at(-1) === 0x0a && chunk.length > 4
      ? new Uint8Array(Buffer.concat([line('<wrn> lte_lc: cell search failed, retrying'), chunk]))
      : chunk,
};

/** What every driver must do over every link it has, with a device or a person that does not do what it should. */
export function misbehavesSuite(rig: Rig): void {
  it('says so when nothing comes back', async () => {
    const stop = new Stop(await rig.start({ kind: 'silent' }));
    expect(await codeOf(stop.open())).toBe(rig.silent);
    await stop.end();
  });

  it('says so when nonsense comes back', async () => {
    const noise = Uint8Array.from({ length: 200 }, (_, at) => (at * 89 + 7) & 0xff);
    const stop = new Stop(await rig.start(), {
      change: (chunk) => noise.slice(0, Math.max(1, chunk.length)),
    });
    expect(rig.nonsense).toContain(await codeOf(stop.open()));
    await stop.end();
  });

  it('ends while the device talks without end', async () => {
    const stop = new Stop(await rig.start(), { endless: new Uint8Array(2_048).fill(0x78) });
    expect(rig.nonsense).toContain(await codeOf(stop.open()));
    await stop.end();
  });

  const steps = [
    'identify',
    ...(rig.corrupt === undefined ? [] : (['evidence', 'install'] as const)),
  ] as const;
  it.each(steps)('ends when it talks without end from %s on, and sooner when it is stopped', async (step) => {
    for (const endless of ENDLESS) {
      const alone = await talkedOver(rig, step, endless);
      if (step === rig.unmoved) expect(alone.code).toBe('no error');
      else expect(ENDED).toContain(alone.code);
      const stopped = await talkedOver(rig, step, endless, STOPPED_MS);
      // What was over by then was not stopped.
      expect(stopped.code).toBe(alone.took > STOPPED_MS ? 'aborted' : alone.code);
    }
  });

  when(rig.noisy)('hears its device among lines of others', async () => {
    const stop = new Stop(await rig.start(), rig.noisy === 'anywhere' ? NOISE_ANYWHERE : NOISE_IN_ANSWERS);
    const session = await stop.open();
    expect(session.traits.name).toBe(rig.driver);
    if (session.traits.evidence !== 'none') await evidenceOf(stop, session);
    await stop.end();
  });

  when(rig.slow)('waits for a key that takes seconds to be made', async () => {
    const wire: Changing = {};
    const device = await rig.start();
    const stop = new Stop(device, wire);
    const session = await stop.open();
    const command = rig.slow ?? /^$/;
    wire.slow = { command, begin: () => stop.clock.sleep(6_000) };
    const evidence = await evidenceOf(stop, session);
    expect(toHex(evidence.publicKey)).toBe(toHex(device.publicKey ?? new Uint8Array(0)));
    await stop.end();
  });

  when(rig.lie)('is not led on by a lie about length', () => lies(rig, rig.lie, false));
  when(rig.lieLater)('nor by one within the session', () => lies(rig, rig.lieLater, true));

  when(rig.otherKey !== undefined)('does not pass another key off as the device’s', async () => {
    const device = await rig.start({ kind: 'wrong-key' });
    const stop = new Stop(device);
    const session = await stop.open();
    if (rig.otherKey !== 'handed-over') {
      expect(await codeOf(evidenceOf(stop, session))).toBe(rig.otherKey);
    } else {
      const code = await codeOf(
        evidenceOf(stop, session).then((evidence) => {
          expect(equalBytes(parseCsr(evidence.csr).spki, evidence.publicKey)).toBe(
            evidence.keyFrom === 'csr',
          );
          // Where the request is all that is shown, the key handed over is the request's: for the list to refuse.
          expect(equalBytes(evidence.publicKey, device.publicKey ?? evidence.publicKey)).toBe(
            evidence.keyFrom !== 'csr',
          );
        }),
      );
      expect(['no error', 'proof_failed']).toContain(code);
    }
    await stop.end();
  });

  when(rig.secret)('asks for the secret of the label, and tells a wrong one', async () => {
    const device = await rig.start();
    const before = device.digest();
    const { secret: _, ...unread } = device.visit;
    const wrong = { ...unread, secret: { secret: 'another label’s' } };
    for (const [visit, code] of [
      [unread, 'presence_missing'],
      [wrong, 'presence_wrong'],
    ] as const) {
      const stop = new Stop(device, {}, visit);
      const session = await stop.open();
      expect(await codeOf(evidenceOf(stop, session))).toBe(code);
      await stop.end();
    }
    expect(device.digest()).toBe(before);
  });

  it('ends at once when it is stopped, and works again afterwards', async () => {
    const device = await rig.start();
    const early = new AbortController();
    const first = new Stop(device);
    const opening = first.open(early.signal);
    early.abort();
    expect(await codeOf(opening)).toBe('aborted');
    await first.end();

    const second = new Stop(device);
    const session = await second.open();
    const late = new AbortController();
    const naming = session.identify(late.signal);
    // What a console printed at its start is there without a wait.
    const giving: Promise<unknown> =
      session.traits.evidence === 'none' ? naming : session.evidence(late.signal);
    late.abort();
    const codes = await Promise.all([codeOf(second.run(naming)), codeOf(second.run(giving))]);
    expect(codes[0]).toBe('aborted');
    expect(['aborted', 'no error']).toContain(codes[1]);
    if (!rig.keyOnce) expect(await codeOf(walk(second, session, device))).toBe('no error');
    await second.end();
  });
}

async function talkedOver(rig: Rig, step: Step, endless: Uint8Array, stopAfter?: number) {
  const device = await rig.start();
  if (step === 'install') await registered(device);
  const wire: Changing = {};
  const stop = new Stop(device, wire);
  const session = await stop.open();
  wire.endless = endless;
  const until = new AbortController();
  const begun = stop.clock.now();
  if (stopAfter !== undefined) void stop.clock.sleep(stopAfter).then(() => until.abort());
  const work: Promise<unknown> = {
    identify: () => session.identify(until.signal),
    evidence: () => session.evidence(until.signal),
    scan: async () => session.wifi?.scan(until.signal),
    install: () => session.install(bundleWith(keyOf(device), { chain: 0 }), () => undefined, until.signal),
  }[step]();
  const code = await codeOf(stop.run(work));
  const took = stop.clock.now() - begun;
  await stop.run(stop.clock.sleep(Math.max(0, (stopAfter ?? 0) - took)));
  await stop.end();
  return { code, took };
}

/** An answer of an open session says a wrong length: nothing is taken from it, and nothing is changed. */
async function lies(rig: Rig, lie: Rig['lie'], identified: boolean): Promise<void> {
  const device = await rig.start();
  const wire: Changing = {};
  const stop = new Stop(device, wire);
  const session = await stop.open();
  if (identified) await stop.run(session.identify(signal()));
  const before = device.digest();
  let told = 0;
  wire.change = (chunk) => {
    const said = told === 0 || rig.asksAgain ? (lie?.(chunk) ?? chunk) : chunk;
    if (!equalBytes(said, chunk)) told++;
    return said;
  };
  expect(['device_garbage', 'timed_out']).toContain(await codeOf(walk(stop, session, device)));
  expect(told).toBeGreaterThan(0);
  expect(device.digest()).toBe(before);
  await stop.end();
}
