import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { GroupStores } from '../../server/ports/group-stores.ts';
import type { StoredRecord } from '../../server/ports/records.ts';

/** A record's envelope, signed by nobody: what was received is not verified again. */
export function jwsOf({ header, payload }: Pick<StoredRecord, 'header' | 'payload'>): string {
  const part = (value: unknown) => toBase64Url(utf8(JSON.stringify(value)));
  return `${part(header)}.${part(payload)}.${toBase64Url(new Uint8Array(64))}`;
}

/** Puts a record into the store as if it had been received: with its envelope, which holds no place in a chain. */
export async function keep(
  {
    envelopes,
    records,
  }: {
    readonly envelopes: Pick<GroupStores['envelopes'], 'keep'>;
    readonly records: Pick<GroupStores['records'], 'add'>;
  },
  record: StoredRecord,
): Promise<void> {
  const { id, digest, header, author, receivedAt } = record;
  await envelopes.keep({
    digest,
    kid: header.kid,
    seq: header.seq,
    prev: header.prev,
    inChain: false,
    id,
    jws: jwsOf(record),
    uploader: author,
    receivedAt,
    code: null,
    receipt: null,
  });
  await records.add(record);
}
