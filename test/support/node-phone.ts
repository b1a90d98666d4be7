import type { RecordType } from '../../contract/envelope.ts';
import type { PublicJwk } from '../../contract/public-jwk.ts';
import type { Registration } from '../../contract/registration.ts';
import { toInstant } from '../../core/instant.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { accordClient } from '../../src/backend/accord-client.ts';
import { accountClient } from '../../src/backend/account-client.ts';
import { photoClient } from '../../src/backend/photo-client.ts';
import { rescueClient } from '../../src/backend/rescue-client.ts';
import { syncClient } from '../../src/backend/sync-client.ts';
import { captureRecord } from '../../src/effects/capture-record.ts';
import { type KeyKeeper, type PrepareResult, prepare } from '../../src/effects/prepare.ts';
import { exportRecords, importFile } from '../../src/effects/rescue/rescue.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { QueuedRecord } from '../../src/ports/outbox.ts';
import type { ImportOutcome } from '../../src/ports/rescue.ts';
import { type DrainOutcome, drain } from '../../src/sync/drain.ts';
import { sendPhotos } from '../../src/sync/send-photos.ts';
import { MemoryOutbox, MemoryStorage } from './memory-outbox.ts';
import { MemoryPhotos } from './memory-photos.ts';
import { crypto, EPOCH, makeKey, type TestKey } from './records.ts';
import { MemoryWork } from './records-backend.ts';

const { fetch: realFetch } = globalThis;

/**
 * The app's own sending, preparing and capturing against a real server, with memory in the place of the browser's storage. The
 * clients ask by path alone, so `fetch` is told which phone asks; phones of one test take turns.
 */
export class NodePhone {
  readonly person: string;
  readonly storage = new MemoryStorage();
  readonly outbox = new MemoryOutbox(this.storage);
  readonly work = new MemoryWork(new Map(), undefined, this.storage);
  readonly photos = new MemoryPhotos();
  readonly #server: () => string;
  #cookie = '';

  constructor(person: string, server: () => string) {
    this.person = person;
    this.#server = server;
  }

  get kid(): string {
    return this.work.enrolled?.signer.kid ?? '';
  }

  /** Signs in, and does step 0 as the app does. `isKeyUnknown`: the drain found out that the key must be enrolled again. */
  async signIn(isKeyUnknown = false): Promise<PrepareResult> {
    return this.#online(async () => {
      const session = await accountClient.signIn(this.person);
      if (!session.ok) return session;
      await this.outbox.noteAccord({ signedIn: true, notBefore: 0 });
      const beforePacks = async () => {
        const outcome = await this.#drain();
        return outcome.kind === 'stopped' && (await this.outbox.accord()).signedIn
          ? outcome.failure
          : undefined;
      };
      const ports = { backend: accountClient, work: this.work, keys: this.#keys, clock: systemClock, crypto };
      return prepare({ ...ports, beforePacks, isKeyUnknown }, session.value);
    });
  }

  drain(): Promise<DrainOutcome> {
    return this.#online(() => this.#drain());
  }

  /** Everything on this phone as a rescue file; the key for it is fetched while there is signal. */
  async rescueFile(): Promise<string> {
    let key: PublicJwk | undefined;
    const keys = {
      rescueKey: async () => key,
      saveRescueKey: async (one: PublicJwk) => {
        key = one;
      },
    };
    const unsent = async () => Promise.reject(new Error('all are asked for'));
    const ports = {
      backend: rescueClient,
      keys,
      outbox: { unsent },
      again: async () => this.outbox,
      work: this.work,
      crypto,
    };
    const file = await this.#online(() => exportRecords(ports, 'all'));
    return file?.text ?? '';
  }

  importFile(text: string): Promise<ImportOutcome> {
    return this.#online(() => importFile(text, rescueClient, () => undefined));
  }

  uploadPhotos(): Promise<void> {
    const ports = { photos: this.photos, work: this.work, backend: photoClient, clock: systemClock, crypto };
    return this.#online(() => sendPhotos({ ...ports, force: true }, new AbortController().signal));
  }

  register(org: string, made: Registration): Promise<QueuedRecord> {
    const now = systemClock.now();
    const payload = { ...made, id: uuid7(now, crypto), capturedAt: toInstant(now) };
    return this.#capture('registration+jws', org, payload, null);
  }

  /** Says that a certificate was written, as step 11 does. */
  confirm(row: QueuedRecord): Promise<QueuedRecord> {
    const now = systemClock.now();
    const fingerprint = row.certificate?.fingerprint ?? '';
    const payload = {
      id: uuid7(now, crypto),
      app: '0.1.0',
      capturedAt: toInstant(now),
      registration: row.id,
      udid: row.udid,
      domain: row.domain,
      certificate: fingerprint,
      link: 'serial',
      written: [{ parts: ['leaf'], digest: fingerprint }],
    };
    return this.#capture('confirmation+jws', row.org, payload, row.id);
  }

  rows(): QueuedRecord[] {
    return [...this.storage.rows.values()].sort((a, b) => a.seq - b.seq);
  }

  #capture(
    typ: RecordType,
    org: string,
    payload: { readonly id: string; readonly udid: string; readonly domain: string },
    about: string | null,
  ): Promise<QueuedRecord> {
    const { id, udid, domain } = payload;
    const subject = { id, org, udid, domain, title: 'Roof', about, simulated: false };
    const ports = { capture: this.outbox, work: this.work, clock: systemClock, crypto };
    return captureRecord(ports, typ, subject, payload);
  }

  #drain(): Promise<DrainOutcome> {
    const backend = { ...syncClient, ...accordClient };
    const ports = { outbox: this.outbox, work: this.work, backend, clock: systemClock, crypto };
    const more = {
      again: this.outbox,
      kept: this.work,
      owner: this.person,
      force: true,
      alone: true,
      photos: async () => this.photos,
    };
    return drain({ ...ports, ...more }, new AbortController().signal);
  }

  readonly #keys: KeyKeeper<TestKey> = {
    make: makeKey,
    epoch: async () => EPOCH,
    save: async ({ signer }, credential, credentialDigest, jws) => {
      this.work.enrolled = { credential, credentialDigest, signer, epoch: EPOCH, persistent: true };
      this.work.newest = credentialDigest;
      this.work.credentialTexts.push(jws);
      return true;
    },
    renew: async (credential, credentialDigest, jws) => {
      const { enrolled } = this.work;
      if (enrolled === undefined) return;
      this.work.enrolled = { ...enrolled, credential, credentialDigest };
      this.work.newest = credentialDigest;
      this.work.credentialTexts.push(jws);
    },
  };

  async #online<T>(work: () => Promise<T>): Promise<T> {
    const server = this.#server();
    globalThis.fetch = async (path, init) => {
      if (typeof path !== 'string' || !path.startsWith('/')) return realFetch(path, init);
      const headers = new Headers(init?.headers);
      headers.set('cookie', this.#cookie);
      headers.set('origin', server);
      const answer = await realFetch(server + path, { ...init, headers });
      this.#cookie = answer.headers.get('set-cookie')?.split(';', 1)[0] ?? this.#cookie;
      return answer;
    };
    try {
      return await work();
    } finally {
      globalThis.fetch = realFetch;
    }
  }
}
