import { parse } from '../../contract/parse.ts';
import type { Registration } from '../../contract/registration.ts';
import { StatementHeader } from '../../contract/statement.ts';
import { toInstant } from '../../core/instant.ts';
import { parseJws } from '../../core/jws.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { cryptoPort } from '../../core/webcrypto.ts';
import { captureRecord } from '../../src/effects/capture-record.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { DatabaseHandle } from '../../src/storage/database.ts';
import { OperatorKeyStore } from '../../src/storage/operator-key.ts';
import { IdbOutbox } from '../../src/storage/outbox.ts';
import { IdbWorkStore } from '../../src/storage/work-store.ts';

/** A second page's view of the app's own storage: saves what a test gives it, and tells what receipts were signed by. */
const crypto = cryptoPort(globalThis.crypto);
const clock = systemClock;
const db = new DatabaseHandle();
const work = new IdbWorkStore(db, new OperatorKeyStore(db));
const capture = new IdbOutbox(db);

const phone = {
  /** Gives the record's id once it is saved. Id and time are this phone's, by its own clock. */
  async capture(org: string, made: Registration): Promise<string> {
    const now = clock.now();
    const payload = { ...made, id: uuid7(now, crypto), capturedAt: toInstant(now) };
    const { id, udid, domain } = payload;
    const subject = { id, org, udid, domain, title: 'Roof', about: null, simulated: false };
    await captureRecord({ capture, work, clock, crypto }, 'registration+jws', subject, payload);
    return id;
  },

  /** What became of each record, in the order of the chain. */
  async rows() {
    const rows = await capture.page(1000);
    return rows.map(({ id, seq, udid, state, code, certificate }) => ({
      ...{ id, seq, udid, state, code },
      fingerprint: certificate?.fingerprint,
      leafPem: certificate?.leafPem,
    }));
  },

  /** Statement keys that this phone trusts, and by which of them each receipt that it keeps was signed. */
  async trust(): Promise<{ readonly keys: string[]; readonly receipts: (string | undefined)[] }> {
    const receipts = await db.use((open) => open.getAll('rcpt'));
    return {
      keys: [...(await work.statementKeys()).keys()],
      receipts: receipts.map(({ receipt }) => parse(StatementHeader, parseJws(receipt)?.header)?.kid),
    };
  },
};

export type OfflinePhone = typeof phone;
Object.assign(globalThis, { phone });
