import { randomUUID } from 'node:crypto';
import { toBase64Url } from '../../../core/bytes.ts';
import { fromPem } from '../../../core/pem.ts';
import { takeCertificates } from '../../authority/ra/found/take-certificates.ts';
import { takePack } from '../../authority/ra/found/take-pack.ts';
import { chainStates } from '../../phones/chains.ts';
import { keepLoss, phoneStates } from '../../phones/phones.ts';
import { ownPack, takeStatements } from '../../phones/take-statements.ts';
import { ProblemError } from '../problem.ts';
import { rateLimit } from '../rate-limit.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

/**
 * The state of phones for support, reports of lost storage, and rescue files that colleagues bring for a phone that
 * cannot send.
 */
export function phoneHandlers({
  installation,
  intake,
  rescue,
  decider,
  endKey,
  onFault,
}: HttpParts): Pick<Handlers, 'phones' | 'reportLoss' | 'chains' | 'handBack' | 'rescueKey' | 'rescue'> {
  const { stores, transact, clock, crypto } = installation;
  const limit = rateLimit(30, clock.steady);
  const limitHandBack = rateLimit(120, clock.steady);
  const limitParts = rateLimit(300, clock.steady);
  return {
    phones: async ({ query }) => ({ phones: await phoneStates(query.org, stores, clock.now()) }),
    async reportLoss({ session, body }) {
      limit(session.operator);
      if (!(await keepLoss(body, session.operator, { transact, clock }))) throw new ProblemError('not_found');
      return body;
    },
    async chains({ session, body }) {
      limitHandBack(session.operator);
      return chainStates(body, stores);
    },
    async handBack({ session, body }) {
      limitHandBack(session.operator);
      const by = session.operator;
      const statements = await takeStatements([...body.statements, ...body.packs], by, {
        ...installation,
        endKey,
      });
      // What takes rights away comes first, so that nothing that it speaks of is adopted as if it were good.
      let holds = 0;
      for (const text of body.packs) {
        const pack = await ownPack(text, installation);
        if (pack !== undefined) holds += await takePack(pack, by, installation);
      }
      const ders = body.certificates.flatMap((pem) => fromPem('CERTIFICATE', pem).slice(0, 1));
      const taken = await takeCertificates(ders, by, installation);
      return { statements, certificates: taken.certificates, holds: holds + taken.holds };
    },
    async rescueKey() {
      const rescueKey = await rescue.key();
      if (rescueKey === undefined) throw new ProblemError('unavailable');
      return { rescueKey };
    },
    async rescue({ session, body }) {
      limitParts(session.operator);
      const records = await rescue.open(body.part);
      if (records === undefined)
        throw new ProblemError('request_invalid', 'This part was not sealed to this installation');
      // The envelopes name their authors; the person who brings them is only the uploader.
      const batch = {
        batch: randomUUID(),
        nonce: toBase64Url(crypto.random(16)),
        head: null,
        records: [...records],
      };
      const { answer, undecided } = await intake.receive(batch, session.operator);
      decider.take(undecided).catch(onFault);
      return answer;
    },
  };
}
