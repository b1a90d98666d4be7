import { MOST_DEVICES } from '../../../contract/device-limits.ts';
import { toInstant } from '../../../core/instant.ts';
import { deviceStates } from '../../authority/ra/custody/device-state.ts';
import { decideRowClaim } from '../../authority/ra/custody/release-row.ts';
import { decideHeld, heldRecords } from '../../authority/ra/records/approvals.ts';
import { importRows } from '../../organisations/lists/import-rows.ts';
import type { Binding } from '../../ports/bindings.ts';
import { ProblemError } from '../problem.ts';
import { rateLimit } from '../rate-limit.ts';
import { viewChange } from './change-view.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

/** Most devices found: more than anybody reads, and further letters narrow the search. */
const FOUND = 50;
const MOST_WORDS = 5;

/** Lists and decisions for people at a desk. */
export function deskHandlers(
  parts: HttpParts,
): Pick<Handlers, 'importList' | 'devices' | 'approvals' | 'decideApproval'> {
  const { installation, decider } = parts;
  const { stores, clock, transact } = installation;
  const limit = rateLimit(60, clock.steady);
  const limitFinds = rateLimit(60, clock.steady);
  const bindingsOf = async (
    { org, find, udid, domain }: Parameters<Handlers['devices']>[0]['query'],
    operator: string,
  ): Promise<readonly Binding[]> => {
    const { bindingHistory, liveBindings } = stores;
    if (udid !== undefined) {
      const all = (await bindingHistory.ofUdid(udid)).filter((binding) => binding.org === org);
      return all.sort((one, other) => (one.boundAt < other.boundAt ? 1 : -1));
    }
    if (domain !== undefined) return liveBindings.inDomain(org, domain, MOST_DEVICES);
    if (find === undefined) return bindingHistory.ofOrg(org, MOST_DEVICES);
    // A search reads every device of the organisation, so it has a lower limit.
    limitFinds(operator);
    return bindingHistory.find(org, find.split(/\s+/).slice(0, MOST_WORDS), FOUND);
  };
  return {
    async importList({ session, query, body }) {
      const org = await stores.orgs.org(query.org);
      // A real organisation's list comes from its maker, over the command line. The page imports rows for practice only.
      if (org === undefined || !org.training) throw new ProblemError('forbidden');
      limit(session.operator);
      return importRows(body.rows, org, session.operator, { transact, clock });
    },

    async devices({ session, query }) {
      const bindings = await bindingsOf(query, session.operator);
      const devices = await deviceStates(bindings, query.org, stores, {
        crypto: installation.crypto,
        history: query.udid !== undefined,
      });
      return { devices };
    },

    approvals: async ({ query }) => ({ held: await heldRecords(query.org, stores, installation.crypto) }),

    async decideApproval({ session, params, query, body }) {
      const request = { record: params.record, org: query.org, by: session.operator, ...body };
      const word = { by: session.operator, because: body.reason.trim(), decision: body.decision };
      const claim = { ...word, record: params.record, org: query.org };
      const onRow = await decideRowClaim(claim, { transact, decider, clock });
      const result =
        onRow === 'not_found' ? await decideHeld(request, { stores, transact, decider, clock }) : onRow;
      switch (result) {
        case 'not_found':
          throw new ProblemError('not_found');
        case 'own_record':
          throw new ProblemError('forbidden', 'Four eyes: somebody else must decide your own record');
        case 'not_held':
          throw new ProblemError('conflict', 'This record does not wait for anybody');
        case 'suspended':
          throw new ProblemError(
            'conflict',
            'The device is suspended: resume it first, then approve this record, or refuse it',
          );
        case 'row_elsewhere':
          throw new ProblemError('forbidden', 'Its list row is another organisation’s, whose people decide');
        case 'done':
          break;
      }
      // What became of another organisation's record is told to that one; here it is enough that this was decided.
      if (onRow === 'done')
        return {
          record: params.record,
          ...(body.decision === 'approve'
            ? ({ outcome: 'noted' } as const)
            : ({ outcome: 'refused', code: 'transfer_refused' } as const)),
          at: toInstant(clock.now()),
        };
      const last = await stores.changes.lastOf(query.org, params.record);
      if (last === undefined) throw new ProblemError('unavailable');
      return viewChange(query.org, last, installation);
    },
  };
}
