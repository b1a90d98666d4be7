import { detectOn } from '../../src/device/detect.ts';
import { DRIVERS } from '../../src/device/drivers/all.ts';
import { RIGS } from '../ports/device-rigs.ts';
import { CRYPTO, type Rig, type Running } from '../ports/rig.ts';
import type { Wire } from '../support/device-wire.ts';
import { EventClock } from './event-clock.ts';
import { type Conversation, LEAST } from './pair-least.ts';
import type { Report } from './report.ts';

/** Each way: a slow phone on a slow link. */
const ONE_WAY_MS = 50;

/**
 * `pair`, of every rig: requests and bytes from connected to evidence complete, finding the driver included, against the least that the
 * protocol allows; and how much of the time on a slow link is lost to waits of our own, in which nothing was on its way.
 */
export async function benchPair(): Promise<Report> {
  const figures: Record<string, Record<string, number>> = {};
  const ratios: Record<string, Record<string, number>> = {};
  for (const rig of RIGS) {
    const least = LEAST.find(({ rig: name }) => name === rig.name);
    if (least === undefined) throw new Error(`no least conversation with "${rig.name}"`);
    const ours = await paired(rig);
    const bound = await spoken(await rig.start(), least);
    figures[least.key] = {
      requests: ours.operations,
      least_requests: bound.operations,
      bytes: ours.bytes,
      least_bytes: bound.bytes,
    };
    ratios[least.key] = { own_waits: Number(ours.ownWaits.toFixed(3)) };
  }
  return { name: 'pair', ratios, figures };
}

async function paired(rig: Rig): Promise<Wire['counts'] & { readonly ownWaits: number }> {
  const clock = new EventClock();
  const device = await rig.start();
  const wire = device.connect({ deliver: (arrive) => clock.deliver(ONE_WAY_MS, arrive) });
  const signal = new AbortController().signal;
  const context = { ...CRYPTO, clock, visit: device.visit };
  const way = async () => {
    const session = await detectOn(wire.link, DRIVERS, context, signal);
    await session.identify(signal);
    if (session.traits.evidence !== 'none') await session.evidence(signal);
    return session;
  };
  const session = await clock.run(way(), wire.settled);
  const { operations, bytes } = wire.counts;
  const ownWaits = clock.waited / Math.max(1, clock.now());
  await clock.run(session.close(), wire.settled);
  return { operations, bytes, ownWaits };
}

/** The least conversation, word by word, with the same device on the same wire. */
async function spoken(device: Running, { say }: Conversation): Promise<Wire['counts']> {
  const wire = device.connect();
  await say(wire, device);
  return wire.counts;
}
