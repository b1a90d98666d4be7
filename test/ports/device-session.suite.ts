import { createPublicKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { equalBytes, toHex } from '../../core/bytes.ts';
import { parseCsr, verifyCsr } from '../../core/csr.ts';
import { fromPem } from '../../core/pem.ts';
import { judgePossession } from '../../core/possession.ts';
import { type KeyType, makeDeviceKey } from '../../simulator/profiles/device-key.ts';
import type { DeviceErrorCode, DeviceEvidence, DeviceSession, WrittenPart } from '../../src/ports/device.ts';
import { bundleWith } from '../support/device-certificate.ts';
import type { WireOptions } from '../support/device-wire.ts';
import { CHALLENGE, CRYPTO, type Rig, type Running, type Step } from './device-rigs.ts';
import { codeOf, Stop, signal } from './device-visit.ts';

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

/** A test that only some firmwares can be put to. */
function when(applies: unknown): (name: string, test: () => Promise<void>) => void {
  return applies ? it : () => undefined;
}

/** What every driver must do over every link it has: with a device that behaves, and with each way not to. */
export function describeRig(rig: Rig): void {
  behaves(rig);
  misbehaves(rig);
  if (rig.corrupt !== undefined) installs(rig);
}

async function evidenceOf(stop: Stop, session: DeviceSession): Promise<DeviceEvidence> {
  return stop.run(session.evidence(signal()));
}

/** Core's own verdict, as the phone and the registration authority give it. */
async function possessionOf(evidence: DeviceEvidence) {
  const csr = evidence.csr.length === 0 ? undefined : parseCsr(evidence.csr);
  const given = {
    deviceKey: evidence.publicKey,
    csr,
    csrSignature: csr === undefined ? ('invalid' as const) : await verifyCsr(csr, CRYPTO.crypto),
    hasRequest: csr !== undefined,
    claimed: evidence.possession,
    challenge: CHALLENGE,
    proof: evidence.proof,
    tokens: (evidence.attestations ?? []).map(({ text }) => text),
  };
  return judgePossession(given, CRYPTO.crypto);
}

function behaves(rig: Rig): void {
  it.each<KeyType>(rig.keys ?? ['p256'])('finds the device and hands over its key, %s', async (key) => {
    const device = await rig.start(undefined, key);
    const stop = new Stop(device);
    const session = await stop.open();
    const { traits } = session;
    expect(traits.name).toBe(rig.driver);
    expect(traits).toMatchObject({ wifi: session.wifi !== undefined, installs: rig.corrupt !== undefined });
    const before = device.digest();
    expect((await stop.run(session.identify(signal()))).driver).toBe(rig.driver);
    if (traits.evidence === 'none') {
      expect(await codeOf(stop.run(session.evidence(signal())))).toBe('nothing_to_bind');
    } else {
      const evidence = await evidenceOf(stop, session);
      expect(toHex(evidence.publicKey)).toBe(toHex(device.publicKey ?? new Uint8Array(0)));
      expect(() =>
        createPublicKey({ key: Buffer.from(evidence.publicKey), format: 'der', type: 'spki' }),
      ).not.toThrow();
      expect(evidence.possession).toBe(rig.fresh === undefined ? 'static' : 'fresh');
      expect(traits.possession).toBe(evidence.possession);
      // Where how is only known once it was done, nothing is said before.
      expect([rig.fresh, undefined]).toContain(traits.freshBy);
      expect(await possessionOf(evidence)).toMatchObject({
        result: rig.fresh === undefined ? 'not_checkable' : 'passed',
      });
      expect(evidence.csr.length > 0).toBe(traits.evidence === 'key-and-csr');
      if (rig.fresh === 'csr-subject') expect(evidence.proof).toBeUndefined();
      if (evidence.csr.length > 0)
        expect(await verifyCsr(parseCsr(evidence.csr), CRYPTO.crypto)).toBe('valid');
      expect(await stop.run(session.holdsKey(evidence.publicKey, signal()))).not.toBe(false);
    }
    if (!traits.makesKey && rig.driver !== 'esp-claim') expect(device.digest()).toBe(before);
    await stop.end();
  });

  it('is static, and says so, where nobody asks for more', async () => {
    const device = await rig.start();
    const { challenge: _, ...visit } = device.visit;
    const stop = new Stop(device, {}, visit);
    const session = await stop.open();
    expect(session.traits.possession).toBe('static');
    if (session.traits.evidence !== 'none') {
      const evidence = await evidenceOf(stop, session);
      expect(evidence).toMatchObject({ possession: 'static' });
      expect(evidence.proof).toBeUndefined();
    }
    await stop.end();
  });

  it('knows another key from its own', async () => {
    const device = await rig.start();
    const stop = new Stop(device);
    const session = await stop.open();
    if (session.traits.evidence !== 'none') await evidenceOf(stop, session);
    const other = (await makeDeviceKey()).key.spki;
    expect(await stop.run(session.holdsKey(other, signal()))).toBe(
      session.traits.evidence === 'none' ? undefined : false,
    );
    await stop.end();
  });
}

function misbehaves(rig: Rig): void {
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

/** Ready for its certificate: a firmware that makes its key has made it, and the visit is over. */
async function registered(device: Running): Promise<void> {
  const stop = new Stop(device);
  await evidenceOf(stop, await stop.open());
  await stop.end();
}

function keyOf(device: Running): Uint8Array {
  return device.publicKey ?? new Uint8Array(0);
}

/** Identity, evidence and, where it can be, a certificate for its own key. */
async function walk(stop: Stop, session: DeviceSession, device: Running): Promise<readonly WrittenPart[]> {
  await stop.run(session.identify(signal()));
  if (session.traits.evidence === 'none') await stop.run(Promise.resolve(session.wifi?.scan(signal())));
  if (session.traits.evidence === 'none' || device.publicKey === undefined) return [];
  await evidenceOf(stop, session);
  if (!session.traits.installs) return [];
  return stop.run(session.install(bundleWith(device.publicKey, { chain: 0 }), () => undefined, signal()));
}

function installs(rig: Rig): void {
  const holds = (device: Running, leafPem: string) => {
    const held = Buffer.from(device.certificate() ?? []);
    const der = Buffer.from(fromPem('CERTIFICATE', leafPem)[0] ?? []);
    return held.equals(der) || held.toString('latin1').startsWith(leafPem);
  };

  it('stores what it is given, and each part of it is read back', async () => {
    const device = await rig.start();
    await registered(device);
    const stop = new Stop(device);
    const session = await stop.open();
    const bundle = bundleWith(keyOf(device));
    const told: WrittenPart[] = [];
    const written = await stop.run(session.install(bundle, (part) => told.push(part), signal()));
    expect(told).toEqual(written);
    expect(holds(device, bundle.leafPem)).toBe(true);
    expect(written.flatMap(({ parts }) => parts).includes('anchor')).toBe(session.traits.holdsAnchor);
    expect(await stop.run(session.installed(bundle, signal()))).toEqual(
      session.traits.readsBack ? written : [],
    );
    await stop.end();
  });

  it('replaces another certificate, and writes nothing twice', async () => {
    const device = await rig.start();
    await registered(device);
    const [first, second] = [bundleWith(keyOf(device)), bundleWith(keyOf(device))];
    for (const bundle of [first, second, second]) {
      const stop = new Stop(device);
      const session = await stop.open();
      const before = device.digest();
      if (session.traits.readsBack)
        expect(await stop.run(session.installed(bundle, signal()))).toHaveLength(
          bundle === second && holds(device, second.leafPem) ? (session.traits.holdsAnchor ? 2 : 1) : 0,
        );
      const wasThere = holds(device, bundle.leafPem);
      await stop.run(session.install(bundle, () => undefined, signal()));
      expect(holds(device, bundle.leafPem)).toBe(true);
      if (wasThere) expect(device.digest()).toBe(before);
      await stop.end();
      device.restart?.();
    }
  });

  it('notices what it can of a device that stores something else', async () => {
    const device = await rig.start();
    await registered(device);
    device.misbehave({ kind: 'corrupt-store' });
    const stop = new Stop(device);
    const session = await stop.open();
    const work = session.install(bundleWith(keyOf(device), { chain: 0 }), () => undefined, signal());
    expect(await codeOf(stop.run(work))).toBe(rig.corrupt);
    await stop.end();
  });

  when(rig.checksKey)('leaves the device as it was if the certificate is for another key', async () => {
    const device = await rig.start();
    await registered(device);
    const stop = new Stop(device);
    const session = await stop.open();
    const before = device.digest();
    const bundle = bundleWith((await makeDeviceKey()).key.spki, { chain: 0 });
    expect(await codeOf(stop.run(session.install(bundle, () => undefined, signal())))).toBe('key_changed');
    expect(device.digest()).toBe(before);
    await stop.end();
  });

  it('refuses what is no certificate before it touches the device', async () => {
    const device = await rig.start();
    await registered(device);
    const stop = new Stop(device);
    const session = await stop.open();
    const before = device.digest();
    const bundle = { leafPem: 'no certificate', chainPem: '', anchorPem: 'neither' };
    expect(await codeOf(stop.run(session.install(bundle, () => undefined, signal())))).toBe(
      'install_rejected',
    );
    expect(device.digest()).toBe(before);
    await stop.end();
  });

  when(rig.keyOnce)('never makes a second key, and leaves the device as it was', async () => {
    const device = await rig.start();
    await registered(device);
    const before = device.digest();
    const stop = new Stop(device);
    const session = await stop.open();
    expect(await codeOf(evidenceOf(stop, session))).toBe('key_exists');
    expect(device.digest()).toBe(before);
    await stop.end();
  });

  it('ends when it is stopped between two parts', async () => {
    const device = await rig.start();
    await registered(device);
    const stop = new Stop(device);
    const session = await stop.open();
    const late = new AbortController();
    const bundle = bundleWith(keyOf(device), { chain: 0 });
    const work = session.install(bundle, () => late.abort(), late.signal);
    const code = await codeOf(stop.run(work));
    // A firmware with one part is done by then.
    expect(session.traits.holdsAnchor ? ['aborted'] : ['no error', 'aborted']).toContain(code);
    expect(await stop.run(session.install(bundle, () => undefined, signal()))).not.toHaveLength(0);
    await stop.end();
  });
}
