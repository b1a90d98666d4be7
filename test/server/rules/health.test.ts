import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Authority } from '../../../server/ports/authorities.ts';
import { believed } from '../../../server/ports/server-clock.ts';
import { type Outage, Unavailable } from '../../../server/ports/unavailable.ts';
import { HEALTH_CAUSES, type HealthParts, healthCheck } from '../../../server/watch/health.ts';
import { issuerName } from '../../support/issuer-name.ts';

const DAY = 24 * 3_600_000;
const NOW = Date.parse('2026-11-30T00:00:00.000Z');
const inDays = (days: number) => new Date(NOW + days * DAY).toISOString();

interface World {
  readonly write?: () => Promise<void>;
  readonly outage?: Outage;
  /** Days that the CRL of each issuing CA has left. */
  readonly ends?: Readonly<Record<string, number>>;
  readonly replaced?: string;
}

function check({ write = async () => undefined, outage, ends = { northfield: 6 }, replaced }: World = {}) {
  const names = Object.keys(ends);
  const parts: HealthParts = {
    stores: {
      authorities: {
        authorities: async () =>
          names.map((name) => ({
            name: issuerName(name),
            generation: 1,
            replaced: name === replaced ? { at: inDays(-9), until: inDays(-1) } : null,
          })) as unknown as Authority[],
      },
      crls: {
        ends: async () =>
          names.map((name) => ({ issuer: issuerName(name), nextUpdate: inDays(ends[name] ?? 0) })),
      },
    } as unknown as HealthParts['stores'],
    tryWrite: write,
    outage: () => (outage === undefined ? undefined : new Unavailable(outage, undefined)),
    clock: believed({ now: () => NOW }),
    folder: undefined,
    patience: 20,
  };
  return healthCheck(parts);
}

it('is well where a write goes through and each CRL is good for days', async () => {
  expect(await check()()).toEqual({ causes: [], freeBytes: undefined, crlLeft: 6 * 86_400 });
});

it.each([
  ['database_away', () => Promise.reject(new Unavailable('database_away', undefined))],
  ['database_read_only', () => Promise.reject(new Unavailable('database_read_only', undefined))],
  ['disk_full', () => Promise.reject(new Unavailable('disk_full', undefined))],
  ['database_busy', () => new Promise<void>(() => undefined)],
  ['database_away', () => Promise.reject(new Error('of another kind'))],
] as const)('says %s when its write does not go through', async (cause, write) => {
  expect((await check({ write })()).causes).toEqual([cause]);
});

it('says what only others have come upon, for as long as it lasts', async () => {
  expect((await check({ outage: 'database_damaged' })()).causes).toEqual(['database_damaged']);
  // A lost connection is over when a write goes through.
  expect((await check({ outage: 'database_away' })()).causes).toEqual([]);
});

it.each([
  [{ northfield: 2.9 }, ['crl_due']],
  [{ northfield: 3.1 }, []],
  [{ northfield: 6, westside: -1 }, ['crl_due']],
  [{}, []],
])('looks at the CRL that ends first: %o', async (ends, causes) => {
  expect((await check({ ends })()).causes).toEqual(causes);
});

it('minds no CRL of a CA whose certificates have all ended', async () => {
  const { causes, crlLeft } = await check({ ends: { northfield: 6, old: -1 }, replaced: 'old' })();
  expect([causes, crlLeft]).toEqual([[], 6 * 86_400]);
});

it('writes once for all who ask meanwhile, and once more for those after what was bad', async () => {
  let writes = 0;
  const world = { bad: false };
  const ask = check({
    write: async () => {
      writes++;
      if (world.bad) throw new Unavailable('disk_full', undefined);
    },
  });
  await Promise.all(Array.from({ length: 50 }, ask));
  await ask();
  expect(writes).toBe(1);
});

it('has one write at a time, however long it hangs, and takes its answer when it comes', async () => {
  let writes = 0;
  let end = (): void => undefined;
  const ask = check({
    write: () => {
      writes++;
      return new Promise((resolve) => {
        end = resolve;
      });
    },
  });
  for (let n = 0; n < 3; n++) expect((await ask()).causes).toEqual(['database_busy']);
  expect(writes).toBe(1);
  end();
  await Promise.resolve();
  const last = ask();
  end();
  expect((await last).causes).toEqual([]);
});

it('has a cause for every outage', () => {
  const outages: Record<Outage, true> = {
    database_away: true,
    database_read_only: true,
    database_busy: true,
    outcome_unknown: true,
    disk_full: true,
    disk_failing: true,
    database_damaged: true,
  };
  expect(HEALTH_CAUSES).toEqual(expect.arrayContaining(Object.keys(outages)));
});

it('has every cause in the document', () => {
  const text = readFileSync('docs/operations.md', 'utf8');
  for (const cause of HEALTH_CAUSES) expect(text).toContain(`\`${cause}\``);
});
