import { setImmediate } from 'node:timers/promises';
import { type ListChanges, MOST_CHANGES, MOST_PLAIN_ROWS } from '../../contract/list-changes.ts';
import { concat, toBase64Url } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { LIST_LIFE, type ListChange } from '../ports/list-feed.ts';
import { type Org, scopeOf } from '../ports/orgs.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import type { StatementKeys } from '../trail/statement-keys.ts';

export interface ListChangesParts {
  readonly stores: Needs<'listFeed' | 'settings'>;
  readonly statementKeys: StatementKeys;
  readonly crypto: CryptoPort;
  readonly aud: string;
}

export interface ListAnswer {
  /** Where the phone is with this answer. */
  readonly to: string;
  /** Nothing has changed since the phone asked last. */
  readonly unchanged: boolean;
  statement(): Promise<{ readonly list: string; readonly digests: string }>;
}

/** Changes that are read at once: the database answers in this thread, so that others have their turn in between. */
const SLICE = 4_000;
/** Most bytes of plain rows in one answer, as JSON. */
const MOST_BYTES = 512 * 1024;

/** Phones are told what changed in the list since they asked last; whoever never asked is told all of it, piece by piece. */
export function listChanges(parts: ListChangesParts): (org: Org, after: string) => Promise<ListAnswer> {
  const { listFeed, settings } = parts.stores;
  return async (org, cursor) => {
    const scope = scopeOf(org);
    // The database's life among those that this installation had: numbers of another one say nothing.
    const life = await settings.settle(LIST_LIFE, toBase64Url(parts.crypto.random(12)));
    const [newest, whole, salt] = [
      await listFeed.newest(scope),
      await listFeed.isWhole(),
      await listFeed.salt(),
    ];
    const known = placeOf(cursor, life);
    const isHere =
      known !== undefined && known.at <= newest && known.since >= (await listFeed.forgottenBefore(scope));
    // Whoever begins now has nothing that went before.
    const from = isHere ? known : { at: 0, since: newest };
    const { changes, to, more } = await read(scope, org.name, from, parts);
    const next = `${life}.${to}.${Math.max(to, from.since)}`;
    return {
      to: `${next}${whole ? '' : '-'}`,
      unchanged: isHere && changes.length === 0,
      async statement() {
        const bytesOf = (is: ListChange['is']) =>
          concat(...changes.filter((one) => one.is === is).map((one) => one.digest));
        const there = bytesOf('there');
        const statement: ListChanges = {
          aud: parts.aud,
          org: org.name,
          after: isHere ? cursor : '',
          to: next,
          more,
          whole,
          salt,
          digests: await parts.crypto.digest(there),
          gone: toBase64Url(bytesOf('gone')),
          moved: toBase64Url(bytesOf('moved')),
          rows: changes.flatMap(({ digest, row }) =>
            row === undefined ? [] : [{ digest: toBase64Url(digest), row }],
          ),
        };
        const { jws } = await (await parts.statementKeys.active()).sign('list+jws', statement);
        return { list: jws, digests: toBase64Url(there) };
      },
    };
  };
}

/** Where a phone is: it has every change up to `at`, and of what has gone also what had gone by `since`. */
interface Place {
  readonly at: number;
  readonly since: number;
}

function placeOf(cursor: string, life: string): Place | undefined {
  const [of, at, since] = cursor.split('.');
  return of === life ? { at: Number(at), since: Number(since) } : undefined;
}

async function read(
  scope: string,
  org: string,
  from: Place,
  { stores }: ListChangesParts,
): Promise<{ changes: readonly ListChange[]; to: number; more: boolean }> {
  const changes: ListChange[] = [];
  let bytes = 0;
  const plainFrom = await stores.listFeed.newestFrom(org, MOST_PLAIN_ROWS);
  for (let to = from.at; ; ) {
    const limits = { changes: SLICE, plainFrom, since: from.since };
    const slice = await stores.listFeed.after(scope, org, to, limits);
    for (const change of slice) {
      bytes += change.row === undefined ? 0 : JSON.stringify(change.row).length;
      if (changes.length === MOST_CHANGES || bytes > MOST_BYTES) return { changes, to, more: true };
      changes.push(change);
      to = change.n;
    }
    if (slice.length < SLICE) return { changes, to, more: false };
    await setImmediate();
  }
}

/** Rows whose digests are computed in one transaction. */
const AT_ONCE = 500;

/** Computes the digests of rows from before digests stood beside them. Others write in between. */
export async function digestList(
  { stores, transact }: { readonly stores: Needs<'listFeed'>; readonly transact: Transact<'listFeed'> },
  goesOn: () => boolean,
): Promise<void> {
  while (goesOn() && !(await stores.listFeed.isWhole())) {
    await transact((tx) => tx.listFeed.digestSome(AT_ONCE));
    await setImmediate();
  }
}
