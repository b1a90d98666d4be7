import { Credential } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import { Registration } from '../../contract/registration.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { parseJws } from '../../core/jws.ts';
import { factsOf } from '../../core/record-facts.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import type { Database, DatabaseHandle } from './database.ts';
import { CREDENTIALS } from './operator-key.ts';

/** What rows of older versions lack: who captured them, and what their envelopes say of place and names. */
export async function lackingIn(
  rows: readonly QueuedRecord[],
  { db, crypto }: { readonly db: DatabaseHandle; readonly crypto: Pick<CryptoPort, 'digest'> },
): Promise<ReadonlyMap<string, Partial<QueuedRecord>>> {
  const bare = rows.filter(({ operator }) => operator === undefined);
  if (bare.length === 0) return new Map();
  const [people, envelopes] = await db.use(async (open) => {
    const env = open.transaction('env').store;
    return Promise.all([peopleOf(open), Promise.all(bare.map(({ id }) => env.get(id)))]);
  });
  const filled = new Map<string, Partial<QueuedRecord>>();
  for (const [i, row] of bare.entries()) {
    const person = row.origin === 'code' ? undefined : people.get(row.kid);
    const jws = envelopes[i]?.jws;
    const said =
      row.typ === 'registration+jws' && jws !== undefined
        ? parse(Registration, parseJws(jws)?.payload)
        : undefined;
    filled.set(row.id, {
      operator: person?.operator ?? '',
      ...(person === undefined ? {} : { operatorName: person.name }),
      ...(said === undefined ? {} : await factsOf(said, crypto)),
    });
  }
  return filled;
}

/** Who captured by which key on this phone: every capture credential that came here says so. */
async function peopleOf(
  db: Database,
): Promise<ReadonlyMap<string, { readonly operator: string; readonly name: string }>> {
  const [stored, signed] = await Promise.all([
    db.get('keys', 'operator'),
    db.getAll('meta', IDBKeyRange.bound(CREDENTIALS, `${CREDENTIALS}\uffff`)),
  ]);
  const current = (stored as { readonly credential?: unknown } | undefined)?.credential;
  const all = [
    ...signed.map((jws) => (typeof jws === 'string' ? parseJws(jws)?.payload : undefined)),
    current,
  ];
  return new Map(
    all.flatMap((one) => {
      const credential = parse(Credential, one);
      return credential === undefined
        ? []
        : [[credential.kid, { operator: credential.operator, name: credential.name }] as const];
    }),
  );
}
