import { setTimeout as sleep } from 'node:timers/promises';
import { MOST_FIELD_ROWS } from '../../../contract/field-device.ts';
import { viewField } from '../../authority/ra/records/field-devices.ts';
import { ProblemError } from '../problem.ts';
import { rateLimit } from '../rate-limit.ts';
import { viewChange } from './change-view.ts';
import { fromCursor, toCursor } from './cursor.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

const PAGE = 200;
const LONGEST_WAIT = 2000;
/** Pieces of lists that one person's phones take in a minute: several million rows. */
const LIST_ANSWERS = 240;

/** What a phone in the field needs: its work pack, receipts for its records, and their outcomes. */
export function fieldHandlers({
  installation,
  intake,
  packs,
  anchors,
  lists,
  decider,
  onFault,
}: HttpParts): Pick<Handlers, 'workPack' | 'listChanges' | 'records' | 'changes' | 'fieldDevices'> {
  const { stores } = installation;
  const limitDevices = rateLimit(LIST_ANSWERS, installation.clock.steady);
  const limitLists = rateLimit(LIST_ANSWERS, installation.clock.steady);
  return {
    async workPack({ membership, query, request, reply }) {
      const { role } = membership;
      const org = await stores.orgs.org(query.org);
      if (org === undefined) throw new ProblemError('not_found');
      const { jws, digest } = await packs.pack(org, role, query.list);
      const etag = `"${digest}"`;
      reply.header('etag', etag).header('cache-control', 'private, no-cache');
      if (asks(request.headers['if-none-match'], etag)) {
        reply.code(304);
        return undefined;
      }
      return { pack: jws, anchor: await anchors.current() };
    },

    async listChanges({ session, query, request, reply }) {
      limitLists(session.operator);
      const org = await stores.orgs.org(query.org);
      if (org === undefined) throw new ProblemError('not_found');
      const answer = await lists(org, query.after);
      const etag = `"${answer.to}"`;
      reply.header('etag', etag).header('cache-control', 'private, no-cache');
      if (answer.unchanged && asks(request.headers['if-none-match'], etag)) {
        reply.code(304);
        return undefined;
      }
      return answer.statement();
    },

    async fieldDevices({ session, query }) {
      limitDevices(session.operator);
      const era = await stores.eras.current();
      const from = fromCursor(query.org, query.after, era);
      if (from === undefined) throw new ProblemError('request_invalid', 'This cursor is not of this stream');
      const found = await stores.deviceFeed.after(query.org, from, MOST_FIELD_ROWS + 1);
      const page = found.slice(0, MOST_FIELD_ROWS);
      const rows =
        page.length === 0
          ? { devices: [], records: [] }
          : await viewField(page, await stores.deviceFeed.facts(query.org, page), session.operator, {
              ...installation,
              onFault,
            });
      return {
        after: from === 0 ? '' : query.after,
        cursor: toCursor(query.org, page.at(-1)?.n ?? from, era),
        more: found.length > MOST_FIELD_ROWS,
        ...rows,
        ...(era === undefined ? {} : { era: era.era }),
      };
    },

    async records({ session, body }) {
      const { answer, undecided } = await intake.receive(body, session.operator);
      // Received records are durable, so their receipts go out at once. Whatever stays undecided is tried again later.
      decider.take(undecided).catch(onFault);
      return answer;
    },

    async changes({ query }) {
      // A phone that asks right after sending is better served by a short wait than by a second request.
      await Promise.race([decider.idle(), sleep(LONGEST_WAIT, undefined, { ref: false })]);
      const era = await stores.eras.current();
      const from = fromCursor(query.org, query.after, era);
      if (from === undefined) throw new ProblemError('request_invalid', 'This cursor is not of this stream');
      const found = await stores.changes.after(query.org, from, PAGE + 1);
      const page = found.slice(0, PAGE);
      const changes = [];
      for (const { change } of page) changes.push(await viewChange(query.org, change, installation));
      return {
        nonce: query.nonce,
        cursor: toCursor(query.org, page.at(-1)?.n ?? from, era),
        more: found.length > PAGE,
        changes,
        ...(era === undefined ? {} : { era: era.era }),
        anchor: await anchors.current(),
      };
    },
  };
}

function asks(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
