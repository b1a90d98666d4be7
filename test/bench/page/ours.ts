import { sealRecord } from '../../../core/envelope.ts';
import { once } from '../../../core/once.ts';
import { uuid7 } from '../../../core/uuid7.ts';
import { cryptoPort } from '../../../core/webcrypto.ts';
import { accordClient } from '../../../src/backend/accord-client.ts';
import { accountClient } from '../../../src/backend/account-client.ts';
import { syncClient } from '../../../src/backend/sync-client.ts';
import { captureRecord } from '../../../src/effects/capture-record.ts';
import { prepare } from '../../../src/effects/prepare.ts';
import { checkJournal } from '../../../src/effects/safety/check-journal.ts';
import { withCopies } from '../../../src/effects/safety/watch-storage.ts';
import { systemClock } from '../../../src/platform/system-clock.ts';
import type { JournalEntry } from '../../../src/ports/keeping.ts';
import type { LeaseTerms, QueuedRecord, Settlement } from '../../../src/ports/outbox.ts';
import type { Enrolment } from '../../../src/ports/work.ts';
import { IdbAgain } from '../../../src/storage/again.ts';
import { DatabaseHandle } from '../../../src/storage/database.ts';
import { IdbDevices } from '../../../src/storage/devices.ts';
import { OpfsJournal } from '../../../src/storage/journal.ts';
import { IdbKeptStatements } from '../../../src/storage/kept-statements.ts';
import { makeOperatorKey, OperatorKeyStore } from '../../../src/storage/operator-key.ts';
import { IdbOutbox } from '../../../src/storage/outbox.ts';
import { IdbWorkStore } from '../../../src/storage/work-store.ts';
import { runDrain } from '../../../src/sync/run-drain.ts';
import { contextOf, someRegistration } from './records.ts';

/** The app's own storage and sync, second copy included, wired as main.tsx and sw.ts wire them, without a screen. */
const crypto = cryptoPort(globalThis.crypto);
const clock = systemClock;
const db = new DatabaseHandle();
const outbox = new IdbOutbox(db);
const places = new IdbDevices({
  ...{ db, outbox, crypto, now: () => clock.now() },
  titles: async () => new Map(),
});
const keys = new OperatorKeyStore(db);
const work = new IdbWorkStore(db, keys);
const openJournal = once(() => OpfsJournal.open());
/** Told which second copies are written, where somebody listens: the app does not wait for them, so a kill may come between. */
const onCopied = (id: string) => (globalThis as { copied?(id: string): void }).copied?.(id);
const journal = once(async () => {
  const opened = await openJournal();
  return (
    opened && {
      ids: () => opened.ids(),
      read: (id: string) => opened.read(id),
      forget: (id: string) => opened.forget(id),
      async keep(entry: JournalEntry) {
        await opened.keep(entry);
        onCopied(entry.row.id);
      },
    }
  );
});
const capture = withCopies(outbox, journal);
const owner = uuid7(clock.now(), crypto);
const backend = { ...syncClient, ...accordClient };
const lostPorts = { again: new IdbAgain(db, outbox), kept: new IdbKeptStatements(db) };
const keeper = {
  make: () => makeOperatorKey(crypto),
  save: keys.save.bind(keys),
  renew: keys.renew.bind(keys),
  epoch: () => keys.epoch(),
};

const bench = {
  /** Cookies reach the disk late, so a browser that died is signed out. */
  async signIn(person: string): Promise<void> {
    const session = await accountClient.signIn(person);
    if (!session.ok) throw new Error(`sign-in: ${session.failure.kind}`);
  },

  /** Signs in and enrols where needed, and puts back what only the second copy has. False if the database was empty. */
  async prepare(person: string): Promise<boolean> {
    const wasEnrolled = (await work.enrolment()) !== undefined;
    const session = await accountClient.signIn(person);
    if (!session.ok) throw new Error(`sign-in: ${session.failure.kind}`);
    const result = await prepare(
      { backend: accountClient, work, keys: keeper, clock, crypto },
      session.value,
    );
    if (!result.ok) throw new Error(`prepare: ${result.failure.kind}`);
    const opened = await journal();
    if (opened !== undefined) await checkJournal(outbox, opened);
    return wasEnrolled;
  },

  /** One record the way the app captures it. Gives its id once the phone says "Saved". */
  async capture(): Promise<string> {
    const { payload, subject } = someRegistration();
    await captureRecord({ capture, work, clock, crypto }, 'registration+jws', subject, payload);
    return payload.id;
  },

  /**
   * Many records at once, signed and chained like any, written in one go. `sites`: over how many the devices stand; of fifty one
   * is refused then, and one is held, for the first screen to list.
   */
  async fill(count: number, sites = 0): Promise<void> {
    const enrolment = await work.enrolment();
    if (enrolment === undefined) throw new Error('not enrolled');
    const { signer } = enrolment;
    let head = await outbox.head(signer.kid);
    const made: { row: QueuedRecord; jws: string }[] = [];
    for (let i = 0; i < count; i++) {
      const { payload, subject } = someRegistration();
      const context = contextOf(enrolment);
      const sealed = await sealRecord('registration+jws', payload, context, head, signer, crypto);
      head = sealed.head;
      const row = rowOf(subject, sealed, signer.kid, Date.now() - count + i);
      made.push({ jws: sealed.jws, row: sites === 0 ? row : standing(row, enrolment, i, sites) });
    }
    await db.use(async (open) => {
      const tx = open.transaction(['env', 'q', 'meta'], 'readwrite');
      for (const { row, jws } of made) {
        void tx.objectStore('env').put({ id: row.id, jws, digest: row.digest });
        void tx.objectStore('q').put(row);
      }
      const meta = tx.objectStore('meta');
      const sum = (await meta.get('sum')) as { counts: Record<string, number> } | undefined;
      const counts = { ...sum?.counts };
      for (const { row } of made) counts[row.state] = (counts[row.state] ?? 0) + 1;
      await meta.put({ certificatesWaiting: 0, ...sum, counts }, 'sum');
      await meta.put(head, `head:${signer.kid}`);
      await tx.done;
    });
  },

  /** Makes the rows of the lists for the person who is signed in. Gives how many devices there are, and how many the first screen shows. */
  async listDevices(): Promise<{ devices: number; first: number }> {
    const enrolment = await work.enrolment();
    if (enrolment === undefined) throw new Error('not enrolled');
    const { operator, memberships } = enrolment.credential;
    const { made } = await places.keepFor({ operator, orgs: memberships.map(({ org }) => org) });
    await made;
    const { devices, mine, waiting } = await places.overview();
    return { devices, first: mine.length + waiting.length };
  },

  /** `most`: so many records a request, for comparison. Gives milliseconds until every receipt was verified and stored. */
  async drain(most?: number): Promise<{ sent: number; ms: number }> {
    const began = performance.now();
    let settled = began;
    const outcome = await runDrain(
      {
        outbox: watched(most, () => {
          settled = performance.now();
        }),
        work,
        ...lostPorts,
        backend,
        clock,
        crypto,
        owner,
        force: true,
      },
      new AbortController().signal,
    );
    if (outcome === 'busy' || outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    return { sent: outcome.sent, ms: settled - began };
  },

  /** One drain whose end does not matter. */
  async tryDrain(): Promise<void> {
    const ports = { outbox, ...lostPorts, work, backend, clock, crypto, owner, force: true };
    await runDrain(ports, new AbortController().signal);
  },

  /** Captures and drains until the page dies; `onSaved` is told of what the phone said is saved. */
  async toil(onSaved: (id: string) => void, most: number): Promise<void> {
    const draining = (async () => {
      for (;;) {
        await bench.tryDrain().catch(() => undefined);
        await clock.sleep(30);
      }
    })();
    for (let made = 0; made < most; made++) {
      // A full phone, a lost connection: not saved, and the person was told so.
      await bench.capture().then(onSaved, () => undefined);
    }
    await draining;
  },

  summary: () => outbox.summary(),

  /** Signed envelopes that are not in the outbox, each as the request that sends it alone. */
  async loose(count: number): Promise<{ id: string; body: string }[]> {
    const enrolment = await work.enrolment();
    if (enrolment === undefined) throw new Error('not enrolled');
    let head = await outbox.head(enrolment.signer.kid);
    const bodies: { id: string; body: string }[] = [];
    for (let i = 0; i < count; i++) {
      const { payload } = someRegistration();
      const context = contextOf(enrolment);
      const sealed = await sealRecord('registration+jws', payload, context, head, enrolment.signer, crypto);
      head = sealed.head;
      const nonce = owner.replaceAll('-', '');
      bodies.push({
        id: payload.id,
        body: JSON.stringify({ batch: freshUuid(), nonce, head: null, records: [sealed.jws] }),
      });
    }
    // They hold their places in the chain; what is captured next follows them.
    await db.use((open) => open.put('meta', head, `head:${enrolment.signer.kid}`));
    return bodies;
  },

  /** Milliseconds of the reads behind the first screen, and of the least anybody could read for it; once each, cold. */
  async read(firstBefore: boolean): Promise<{ first: number; least: number }> {
    // Opening is the same for both, and both find the stores opened.
    await db.use((open) => open.get('meta', 'epoch'));
    const timed = async (work: () => Promise<unknown>) => {
      const began = performance.now();
      await work();
      return performance.now() - began;
    };
    const screen = () => timed(() => Promise.all([outbox.summary(), places.overview()]));
    const bare = () =>
      timed(() =>
        db.use((open) => {
          const tx = open.transaction(['q', 'meta'], 'readonly');
          const newest = tx.objectStore('q').index('created') as unknown as AllRecords;
          const rows = newest.getAllRecords({ direction: 'prev', count: 25 });
          return Promise.all([tx.objectStore('meta').get('sum'), rows]);
        }),
      );
    if (firstBefore) return { first: await screen(), least: await bare() };
    const least = await bare();
    return { first: await screen(), least };
  },

  /** Milliseconds of one capture and of one bare strict put of as many bytes, by turns. */
  async save(rounds: number): Promise<{ capture: number[]; put: number[] }> {
    const bare = await openBare();
    const capture: number[] = [];
    const put: number[] = [];
    for (let i = 0; i < rounds; i++) {
      let began = performance.now();
      await bench.capture();
      capture.push(performance.now() - began);
      const value = { id: freshUuid(), jws: JSON.stringify(someRegistration().payload) };
      began = performance.now();
      await strictPut(bare, value);
      put.push(performance.now() - began);
    }
    bare.close();
    return { capture, put };
  },
};

/** IndexedDB 3.0 (not in TypeScript's types yet). */
interface AllRecords {
  getAllRecords(options: { direction: 'prev'; count: number }): Promise<unknown>;
}

function freshUuid(): string {
  return globalThis.crypto.randomUUID();
}

/** The outbox, with at most so many leased at a time, and told of when receipts were stored. */
function watched(most: number | undefined, onSettled: () => void): IdbOutbox {
  return new Proxy(outbox, {
    get(target, name) {
      if (name === 'lease')
        return (terms: LeaseTerms) => target.lease({ ...terms, limit: most ?? terms.limit });
      if (name === 'settle')
        return async (results: readonly Settlement[]) => {
          await target.settle(results);
          onSettled();
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function rowOf(
  subject: ReturnType<typeof someRegistration>['subject'],
  { digest, head, jws }: Awaited<ReturnType<typeof sealRecord>>,
  kid: string,
  createdAt: number,
): QueuedRecord {
  return {
    ...subject,
    typ: 'registration+jws',
    state: 'saved',
    seq: head.seq,
    kid,
    digest,
    size: jws.length,
    createdAt,
    attempts: 0,
    nextAt: 0,
    leaseOwner: null,
    leaseUntil: 0,
    fault: null,
    code: null,
    detail: null,
    decidedAt: null,
    receivedAt: null,
    certificate: null,
    unproven: false,
  };
}

/** As it stands at one of so many sites, decided or not. */
function standing(row: QueuedRecord, { credential }: Enrolment, i: number, sites: number): QueuedRecord {
  const { operator, name } = credential;
  const site = `site-${i % sites}`;
  const state = i % 50 === 0 ? 'refused' : i % 50 === 1 ? 'held' : 'saved';
  return {
    ...row,
    ...{ operator, operatorName: name, state, model: 'Meter 42' },
    place: { site, siteTitle: `Site ${i % sites}`, position: `Flat ${i}`, digest: row.digest },
    ...(state === 'refused' ? { code: 'proof_wrong', decidedAt: '2026-01-01T00:00:00.000Z' } : {}),
    ...(state === 'held' ? { code: 'possession_needed', decidedAt: '2026-01-01T00:00:00.000Z' } : {}),
  };
}

function openBare(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('bare', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('s', { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function strictPut(open: IDBDatabase, value: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const tx = open.transaction('s', 'readwrite', { durability: 'strict' });
    tx.objectStore('s').put(value);
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
}

export type OurBench = typeof bench;
Object.assign(globalThis, { bench });
