import { beforeEach, describe, expect, it } from 'vitest';
import type { DomainName } from '../../core/name.ts';
import type { Bindings } from '../../server/ports/bindings.ts';
import type { Certificates, Revocations } from '../../server/ports/certificates.ts';
import type { DeviceLife } from '../../server/ports/device-life.ts';
import type { Domains } from '../../server/ports/domains.ts';
import type { FoundCertificates } from '../../server/ports/found-certificates.ts';
import type { GroupStores } from '../../server/ports/group-stores.ts';
import type { KeyLineages } from '../../server/ports/key-lineage.ts';
import type { HandedCertificates, PlaceChange, Places } from '../../server/ports/places.ts';
import type { Records } from '../../server/ports/records.ts';
import type { Database, Stores } from '../../server/ports/stores.ts';
import { keep } from '../support/kept-record.ts';
import { AT, binding, intent, LATER, NORTHFIELD, record } from './store-samples.ts';

type Act = (stores: Stores) => Promise<unknown>;
/** A row for each method of a port that writes: one that is added does not compile until it has one, too. */
type Acts<Store, Reads extends keyof Store = never> = Record<Exclude<keyof Store, Reads>, Act>;

const ORG = 'northfield';
const DOMAIN = 'a.example' as DomainName;
const SIGNED = { der: Uint8Array.of(1), fingerprint: 'f1' };
const PLACE: PlaceChange = {
  registration: 'r1',
  binding: 'b1',
  domain: DOMAIN,
  site: 'roof',
  position: 'Flat 2',
  standsBy: 'r1',
  record: 'r9',
  at: LATER,
  by: 'ines',
  because: null,
  before: { domain: DOMAIN, site: 'roof', position: null, standsBy: 'r1' },
};
const KEY = {
  keyDigest: 'key-2',
  spki: Uint8Array.of(1),
  maker: 'acme',
  udid: 'acme-1',
  binding: 'b1',
  request: null,
  serial: '41',
  state: 'pending',
  firstUse: false,
  at: LATER,
} as const;
const FOUND = {
  serial: '50',
  issuer: NORTHFIELD,
  der: Uint8Array.of(5),
  fingerprint: 'f5',
  notBefore: AT,
  notAfter: LATER,
  udid: 'acme-1',
  domain: DOMAIN,
  keyDigest: 'key-1',
  revoked: null,
  foundAt: AT,
  foundBy: 'ines',
} as const;
const decided = (outcome: 'held' | 'refused' | 'bound', of: string | null = null) =>
  ({ outcome, code: null, decidedAt: LATER, binding: of }) as const;

const BINDINGS: Acts<Bindings, 'binding' | 'open'> = {
  setState: ({ bindings }) => bindings.setState('b1', 'installed'),
  rekey: ({ bindings }) => bindings.rekey('b1', 'key-2'),
  prove: ({ bindings }) => bindings.prove('b1'),
  setSite: ({ bindings }) => bindings.setSite('b1', null),
  move: ({ bindings }) => bindings.move('b1', { domain: DOMAIN, site: null, state: 'issued' }),
  end: ({ bindings }) => bindings.end('b1', LATER),
};
const CERTIFICATES: Acts<Certificates, 'byFingerprint' | 'bySerial' | 'newest' | 'ofBinding'> = {
  issue: async ({ intents, certificates }) => {
    await intents.intend({ ...intent, serial: '41' }, 'b1');
    await certificates.issue('41', { ...SIGNED, fingerprint: 'f2' });
  },
};
const REVOCATIONS: Acts<Revocations, 'release'> = {
  revokeAll: ({ revocations }) => revocations.revokeAll('b1', LATER, 'superseded'),
  revoke: ({ revocations }) => revocations.revoke('40', LATER, 'superseded'),
  hold: ({ revocations }) => revocations.hold('b1', LATER),
};
const LIFE: Acts<DeviceLife, 'suspension' | 'succession'> = {
  suspend: ({ life }) => life.suspend({ binding: 'b1', reason: 'lost', at: LATER, by: 'sam' }),
  resume: ({ life }) => life.resume('b1'),
  succeed: ({ life }) => life.succeed({ binding: 'b1', predecessor: 'b0', position: 'Mast', at: LATER }),
};
const PLACES: Acts<Places, 'ofRegistration'> = { put: ({ places }) => places.put(PLACE) };
const HANDED: Acts<HandedCertificates, 'isHanded'> = {
  hand: ({ handed }) => handed.hand({ serial: '40', binding: 'b1' }, 'collected', LATER),
};
const LINEAGE: Acts<KeyLineages, 'byKey' | 'ofDevice' | 'pendingOf' | 'successors'> = {
  put: ({ lineage }) => lineage.put(KEY),
};
const FOUND_AGAIN: Acts<FoundCertificates, 'bySerial' | 'anyWaits' | 'ofDevice' | 'ofUdid' | 'all' | 'keep'> =
  { adopt: ({ found }) => found.adopt(FOUND, 'b1') };
const SITES: Acts<Pick<Domains, 'saveSite'>> = {
  saveSite: ({ domains }) => domains.saveSite(DOMAIN, { id: 'roof', title: 'The roof' }),
};
const RECORDS: Acts<Records, 'add' | 'record' | 'waitingOf' | 'held' | 'attach' | 'reopen'> = {
  settle: ({ records }) => records.settle('r1', decided('bound', 'b1')),
};

/** What is told of a device, by what it writes. */
const OF_DEVICE: Readonly<Record<string, Act>> = {
  ...BINDINGS,
  ...CERTIFICATES,
  ...REVOCATIONS,
  ...LIFE,
  ...PLACES,
  ...HANDED,
  ...LINEAGE,
  ...FOUND_AGAIN,
  ...SITES,
  ...RECORDS,
};

/** A held registration: what is told of it. */
const OF_RECORD: Readonly<Record<string, Act>> = {
  'settle: refused': ({ records }) => records.settle('r2', decided('refused')),
  'settle: bound': ({ records }) => records.settle('r2', decided('bound', 'b1')),
  attach: ({ records }) => records.attach('r2', 'b1', 'sam'),
  reopen: ({ records }) => records.reopen('r2'),
  'place put': ({ places }) => places.put({ ...PLACE, registration: 'r2', binding: null }),
};

/** What phones are not told of: it changes nothing that they show, or they hear of it with the next change of the device. */
const SILENT: Readonly<Record<string, Act>> = {
  'an intent': ({ intents }) => intents.intend({ ...intent, serial: '42' }, 'b1'),
  'a site under the title that it has': ({ domains }) =>
    domains.saveSite(DOMAIN, { id: 'roof', title: 'Roof' }),
  'a site that is closed, whose devices keep its title': ({ domains }) =>
    domains.closeSite(DOMAIN, 'roof', LATER),
  'a person’s other name': ({ people }) =>
    people.savePerson({ operator: 'ines', name: 'Ines Adeyemi', about: '', demoRole: null, revokedAt: null }),
};

/** The same by writes that are collected in a group. */
const IN_GROUP: Readonly<Record<string, readonly [id: string, act: (tx: GroupStores) => Promise<unknown>]>> =
  {
    'a binding’s state': ['b1', ({ bindings }) => bindings.setState('b1', 'installed')],
    'a certificate that was written': [
      'b1',
      ({ handed }) => handed.hand({ serial: '40', binding: 'b1' }, 'installed', LATER),
    ],
    'a renewal': ['b1', ({ records }) => records.settle('r3', decided('bound', 'b1'))],
    'a binding that opens': [
      'b9',
      ({ bindings }) => bindings.open(binding({ id: 'b9', udid: 'acme-9', keyDigest: 'key-9' })),
    ],
    'a record that is held': [
      'r3',
      ({ changes }) =>
        changes.append(ORG, {
          ...{ record: 'r3', outcome: 'held', code: 'row_stale', detail: null, at: LATER, maker: null },
          ...{ udid: 'acme-1', domain: null, unproven: null, fingerprint: null },
        }),
    ],
  };

/** What every database must tell phones of devices: every change, once, in order. `open` gives an empty one. */
export function feedStoreSuite(name: string, open: () => Promise<Database>): void {
  describe(`store over ${name}: the feed of devices`, () => {
    let db: Database;
    let before: number;
    const told = async (from = before) =>
      (await db.stores.deviceFeed.after(ORG, from, 1000)).map(({ id }) => id);
    beforeEach(async () => {
      db = await open();
      const { orgs, domains, bindings, intents, certificates, records } = db.stores;
      await orgs.saveOrg({ name: ORG, title: ORG, training: false, salt: '' }, AT);
      await domains.saveDomain({ name: DOMAIN, org: ORG, title: 'A' }, AT);
      await domains.saveSite(DOMAIN, { id: 'roof', title: 'Roof' });
      for (const [seq, id] of ['r1', 'r2', 'r3'].entries()) await keep(db.stores, record(id, seq + 1));
      await bindings.open(binding({ site: 'roof' }));
      await bindings.open(binding({ id: 'b2', udid: 'acme-2', keyDigest: 'key-b2', registration: 'r7' }));
      await intents.intend(intent, 'b1');
      await certificates.issue('40', SIGNED);
      await records.settle('r2', decided('held'));
      before = (await db.stores.deviceFeed.after(ORG, 0, 1000)).at(-1)?.n ?? 0;
      return () => db.close();
    });

    it.each(Object.entries(OF_DEVICE))('tells of a device after %s', async (_, act) => {
      await db.transact(act);
      expect(await told()).toEqual(['b1']);
      // Told again, not twice.
      expect((await told(0)).filter((id) => id === 'b1')).toEqual(['b1']);
    });

    it('tells of a device that is taken off hold', async () => {
      await db.transact(({ revocations }) => revocations.hold('b1', LATER));
      const [held] = await db.stores.deviceFeed.after(ORG, before, 9);
      await db.transact(({ revocations }) => revocations.release('b1'));
      expect(await told(held?.n)).toEqual(['b1']);
    });

    it.each(Object.entries(OF_RECORD))('tells of a held registration after %s', async (_, act) => {
      await db.transact(act);
      expect(await told()).toContain('r2');
    });

    it.each(Object.entries(SILENT))('is not moved by %s', async (_, act) => {
      await db.transact(act);
      expect(await told()).toEqual([]);
    });

    it.each(Object.entries(IN_GROUP))('tells of %s, in a group', async (_, [id, act]) => {
      await db.inGroup(async (tx) => {
        // Whoever changes a binding has read it.
        await tx.bindings.binding('b1');
        await act(tx);
      });
      expect(await told()).toEqual([id]);
    });

    it('numbers what many write at once in the order in which it can be seen', async () => {
      const seen: number[] = [];
      const write = (n: number) =>
        n % 2 === 0
          ? db.inGroup(async (tx) => {
              await tx.bindings.binding('b1');
              await tx.bindings.setState('b1', 'installed');
              const id = `g${n}`;
              await tx.bindings.open(binding({ id, udid: `acme-${id}`, keyDigest: id }));
            })
          : db.transact((tx) => tx.bindings.setState('b2', 'installed'));
      const read = async () => {
        for (const { n } of await db.stores.deviceFeed.after(ORG, seen.at(-1) ?? before, 3)) seen.push(n);
      };
      await Promise.all(Array.from({ length: 20 }, (_, n) => [write(n), read()]).flat());
      const rows = await db.stores.deviceFeed.after(ORG, before, 1000);
      expect(rows.map(({ id }) => id).sort()).toEqual(
        ['b1', 'b2', ...Array.from({ length: 10 }, (_, n) => `g${2 * n}`)].sort(),
      );
      expect(new Set(rows.map(({ n }) => n)).size).toBe(rows.length);
      // Nothing is numbered below what a phone has read up to, or it would never be asked for.
      await read();
      const from = seen.at(-1) ?? before;
      await db.transact((tx) => tx.bindings.setState('b1', 'shown'));
      expect(await told(from)).toContain('b1');
    });
  });
}
