import { expect, test } from 'vitest';
import { makeSite, mergeSites, SiteTitleError } from '../../src/effects/sites.ts';
import type { QueuedRecord } from '../../src/ports/outbox.ts';
import { FakeClock } from '../support/device-clock.ts';
import { MemoryOutbox, MemoryStorage } from '../support/memory-outbox.ts';
import { crypto, DOMAIN, digest, makeKey, ORG, workPack } from '../support/records.ts';
import { enrolmentOf, MemoryWork } from '../support/records-backend.ts';

async function make(title: string, sites: readonly { id: string; title: string }[] = []) {
  const outbox = new MemoryOutbox(new MemoryStorage());
  const work = new MemoryWork(new Map(), enrolmentOf(await makeKey()));
  const ports = { capture: outbox, work, clock: new FakeClock(), crypto };
  const site = await makeSite(ports, { org: ORG, domain: DOMAIN, sites }, title, '1.0.0');
  return { site, records: await outbox.ofDevice('') };
}

test('the same title, written otherwise, is the site that there is, and nothing is captured', async () => {
  const known = { id: 'mill', title: 'Mill House' };
  const { site, records } = await make('  mill   HOUSE ', [known]);
  expect([site, records]).toEqual([known, []]);
});

test('an id that another site has gets a number', async () => {
  const { site } = await make('Mill House');
  const taken = { id: site.id, title: 'Renamed' };
  const second = await make('Mill House', [taken]);
  expect(second.site.id).toBe(`${site.id}-2`);
  const third = await make('Mill House', [taken, { id: `${site.id}-2`, title: 'Renamed too' }]);
  expect(third.site.id).toBe(`${site.id}-3`);
});

test.each(['', '   ', '\u0000\u0007\n'])(
  'a title of nothing, %j, is said and not captured',
  async (title) => {
    await expect(make(title)).rejects.toThrow(SiteTitleError);
  },
);

const row = (site: string, state: QueuedRecord['state'], decidedAt: string | null = null) => ({
  ...{ domain: DOMAIN, state, decidedAt },
  place: { site, siteTitle: site.toUpperCase(), digest: '' },
});

test('what was captured here counts until it is refused', () => {
  const rows = [row('b10', 'saved'), row('b2', 'noted'), row('x', 'refused'), row('y', 'rejected')];
  expect(mergeSites(undefined, DOMAIN, rows)).toEqual([
    { id: 'b2', title: 'B2' },
    { id: 'b10', title: 'B10', pending: true },
  ]);
});

test('what was noted counts until a pack from after it says what the office made of it', () => {
  const [before, at, after] = [
    '2026-01-01T10:00:00.000Z',
    '2026-01-01T11:00:00.000Z',
    '2026-01-01T12:00:00.000Z',
  ];
  const [domain] = workPack().domains;
  if (domain === undefined) throw new Error('no domain');
  const domains = [{ ...domain, sites: [{ id: 'mill', title: 'Mill' }] }];
  const pack = { pack: workPack({ issuedAt: at, domains }), digest: digest(1), etag: '"1"' };
  const rows = [row('mill', 'noted', before), row('closed', 'noted', before), row('new', 'noted', after)];
  expect(mergeSites(pack, DOMAIN, rows)).toEqual([
    { id: 'mill', title: 'Mill' },
    { id: 'new', title: 'NEW' },
  ]);
});
