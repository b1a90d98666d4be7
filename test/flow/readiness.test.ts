import { expect, test } from 'vitest';
import { fromInstant } from '../../core/instant.ts';
import { isReady, readiness } from '../../src/flow/readiness.ts';
import { digest, makeKey, START, workPack } from '../support/records.ts';
import { enrolmentOf } from '../support/records-backend.ts';

const pack = { pack: workPack(), digest: digest(1), etag: '"1"' };

async function parts() {
  return { enrolment: enrolmentOf(await makeKey()), pack, shell: true };
}

test('everything there and good is ready', async () => {
  expect(isReady(readiness(await parts(), START))).toBe(true);
});

test('each missing or expired part is named, and one is enough', async () => {
  const all = await parts();
  const { credential } = all.enrolment;
  const cases = [
    [readiness({ ...all, enrolment: undefined }, START), { operator: 'missing' }],
    [
      readiness({ ...all, enrolment: { ...all.enrolment, persistent: false } }, START),
      { operator: 'session_only' },
    ],
    [readiness(all, fromInstant(credential.notAfter)), { operator: 'expired' }],
    [readiness({ ...all, pack: undefined }, START), { pack: 'missing' }],
    [readiness(all, fromInstant(pack.pack.notAfter)), { pack: 'expired' }],
    [readiness({ ...all, shell: false }, START), { shell: false }],
  ] as const;
  for (const [found, expected] of cases) {
    expect(found).toMatchObject(expected);
    expect(isReady(found)).toBe(false);
  }
});

const HOUR = 3_600_000;

test('a clock before anything that the backend signed is behind, without signal', async () => {
  const all = await parts();
  const issued = fromInstant(pack.pack.issuedAt);
  const signedAt = fromInstant(all.enrolment.credential.at);
  const newest = Math.max(issued, signedAt);
  for (const [now, clock] of [
    [newest, 'ready'],
    [newest - HOUR, 'ready'],
    [newest - HOUR - 1, 'behind'],
    [newest - 730 * 24 * HOUR, 'behind'],
  ] as const)
    expect(readiness(all, now).clock).toBe(clock);
  // The pack of another organisation, of practice or not, is a statement as well.
  const later = { ...pack, pack: { ...pack.pack, issuedAt: new Date(newest + 9 * HOUR).toISOString() } };
  expect(readiness({ ...all, packs: [pack, later] }, newest).clock).toBe('behind');
  expect(readiness({ ...all, pack: undefined }, signedAt - 2 * HOUR).clock).toBe('behind');
  // Whoever never signed in holds nothing to tell by.
  expect(readiness({ enrolment: undefined, pack: undefined, shell: true }, 0).clock).toBe('ready');
});

test('a clock far from the backend’s is told either way, and nobody is ready by it', async () => {
  const all = await parts();
  const now = START;
  for (const [behindBackend, clock] of [
    [undefined, 'ready'],
    [0, 'ready'],
    [HOUR, 'ready'],
    [-HOUR, 'ready'],
    [HOUR + 1, 'behind'],
    [-HOUR - 1, 'ahead'],
    [400 * 24 * HOUR, 'behind'],
  ] as const) {
    const found = readiness({ ...all, behindBackend }, now);
    expect(found.clock).toBe(clock);
    expect(isReady(found)).toBe(clock === 'ready');
  }
});
