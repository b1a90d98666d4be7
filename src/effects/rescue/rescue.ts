import type { CryptoPort } from '../../../core/crypto.ts';
import type { SendAgain } from '../../ports/again.ts';
import type { OutboxUpkeep } from '../../ports/keeping.ts';
import type { ImportOutcome, RescueBackend, RescueKeyStore } from '../../ports/rescue.ts';
import type { WorkStore } from '../../ports/work.ts';
import { readRescueFile, rescueKeyOf, writeRescueFile } from './rescue-file.ts';

export interface RescuePorts {
  readonly backend: RescueBackend;
  readonly keys: RescueKeyStore;
  readonly outbox: Pick<OutboxUpkeep, 'unsent'>;
  readonly again: () => Promise<Pick<SendAgain, 'rowsWhere' | 'papers'>>;
  readonly work: WorkStore;
  readonly crypto: CryptoPort;
}

/** Fetches the key while there is signal; on the day it is needed there is none. */
export async function prepareRescue({ backend, keys, work, crypto }: RescuePorts): Promise<void> {
  const enrolment = await work.enrolment();
  const answer = enrolment && (await backend.rescueKey());
  if (enrolment === undefined || answer?.ok !== true) return;
  const known = await work.statementKeys();
  const key = await rescueKeyOf(answer.value, enrolment.credential.aud, known, crypto);
  if (key !== undefined) await keys.saveRescueKey(key);
}

/** Records whose envelopes are in memory at a time. */
const CHUNK = 500;

/**
 * Everything without a receipt as one file, or everything: a backend that was put back to an older copy may have lost what it
 * signed for. Undefined where this phone never got the key to seal it to.
 */
export async function exportRecords(
  ports: RescuePorts,
  which: 'unsent' | 'all',
): Promise<{ readonly text: string; readonly count: number } | undefined> {
  let key = await ports.keys.rescueKey();
  if (key === undefined) {
    await prepareRescue(ports);
    key = await ports.keys.rescueKey();
  }
  if (key === undefined) return undefined;
  const records =
    which === 'all' ? await allRecords(ports) : (await ports.outbox.unsent()).map(({ jws }) => jws);
  return { text: await writeRescueFile(records, key), count: records.length };
}

async function allRecords(ports: RescuePorts): Promise<string[]> {
  const again = await ports.again();
  const ids = (await again.rowsWhere(() => true)).map(({ id }) => id);
  const records: string[] = [];
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    const papers = await again.papers(chunk);
    for (const id of chunk) {
      const jws = papers.get(id)?.jws;
      if (jws !== undefined) records.push(jws);
    }
  }
  return records;
}

/** Carries a colleague's file to the backend, part by part. Repeating it is harmless. */
export async function importFile(
  text: string,
  backend: Pick<RescueBackend, 'sendPart'>,
  onProgress: (done: number, of: number) => void,
): Promise<ImportOutcome> {
  const parts = readRescueFile(text);
  if (parts === undefined) return { kind: 'not_a_rescue_file' };
  const counts = { taken: 0, known: 0, refused: 0 };
  for (const [i, part] of parts.entries()) {
    onProgress(i, parts.length);
    const answer = await backend.sendPart(part);
    if (!answer.ok) return { kind: 'stopped', failure: answer.failure, taken: counts.taken };
    for (const { status } of answer.value.results) {
      if (status === 'received') counts.taken++;
      else if (status === 'duplicate') counts.known++;
      else counts.refused++;
    }
  }
  onProgress(parts.length, parts.length);
  return { kind: 'done', ...counts };
}
