import type { FastifyRequest } from 'fastify';
import type { DeviceAct } from '../../../contract/device-state.ts';
import { toInstant } from '../../../core/instant.ts';
import { offerDevice } from '../../authority/ra/custody/decide-transfer.ts';
import {
  type LifeFault,
  type OwnDevice,
  resumeDevice,
  retireDevice,
  suspendDevice,
  type Word,
} from '../../authority/ra/custody/device-life.ts';
import { type ReplaceFault, replaceDevice } from '../../authority/ra/custody/replace-device.ts';
import { revokeDevice } from '../../authority/ra/custody/revoke-device.ts';
import { clientOf } from '../../organisations/clients.ts';
import type { ClientRight } from '../../ports/clients.ts';
import { clientName } from '../../ports/eras.ts';
import { ProblemError } from '../problem.ts';
import { rateLimit } from '../rate-limit.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

type Fault = LifeFault | ReplaceFault;

/** Why the act was refused, as a sentence for the caller. */
const WHY: Record<Exclude<Fault, 'not_found'>, string> = {
  not_ready: 'Its certificate is still being issued',
  suspended: 'It is suspended already',
  not_suspended: 'It is not suspended',
  four_eyes: 'Four eyes: somebody else than who reported it lost must say that it was found',
  sign_in_needed: 'Two eyes are two sign-ins: a signed-in person must say that it was found',
  with_unknown: 'The new device is not bound in this organisation: register it first',
  with_elsewhere: 'The new device is bound to another domain than the old one',
  with_taken: 'The new device took another one’s place already: retire the old one instead',
};

/** Acts on a bound device, by people at a desk and by machine clients. */
export function deviceHandlers({ installation }: HttpParts): Pick<Handlers, 'actOnDevice' | 'clientAct'> {
  const limit = rateLimit(60, installation.clock.steady);

  async function perform(device: OwnDevice, body: DeviceAct, word: Word): Promise<Fault | undefined> {
    const done = await run(device, body, word);
    return done.ok ? undefined : done.why;
  }

  async function run(device: OwnDevice, body: DeviceAct, word: Word) {
    switch (body.act) {
      case 'suspend':
        if (body.reason !== 'lost' && body.reason !== 'maintenance')
          throw new ProblemError('request_invalid');
        return suspendDevice(device, body.reason, word, installation);
      case 'resume':
        return resumeDevice(device, word, installation);
      case 'retire':
        return retireDevice(device, word, installation);
      case 'replace':
        if (body.with === undefined) throw new ProblemError('request_invalid');
        return replaceDevice(device, body.with, word, installation);
      case 'revoke': {
        if (body.reason !== 'stolen' && body.reason !== 'compromised')
          throw new ProblemError('request_invalid');
        // The key of a stolen device may be in other hands, and so may that of a broken one.
        const revoked = await revokeDevice(
          { ...device, reason: 'keyCompromise', by: word.by, because: `${body.reason}: ${word.because}` },
          installation,
        );
        return revoked.ok ? revoked : ({ ok: false, why: 'not_found' } as const);
      }
    }
  }

  function refuse(why: Fault | undefined): void {
    if (why === undefined) return;
    if (why === 'not_found') throw new ProblemError('not_found');
    throw new ProblemError(
      why === 'four_eyes' || why === 'sign_in_needed' ? 'forbidden' : 'conflict',
      WHY[why],
    );
  }

  function acted({ maker, udid }: OwnDevice) {
    return { maker, udid, at: toInstant(installation.clock.now()) };
  }

  async function requireClient(request: FastifyRequest, right: ClientRight) {
    const client = await clientOf(request.headers.authorization, installation);
    if (client === undefined) throw new ProblemError('unauthenticated');
    limit(`client ${client.name}`);
    if (!client.rights.includes(right)) throw new ProblemError('forbidden');
    if (await installation.stores.eras.unconfirmed(clientName(client.name)))
      throw new ProblemError('confirmation_needed');
    return client;
  }

  return {
    async actOnDevice({ session, params, query, body }) {
      limit(session.operator);
      const device = { org: query.org, ...params };
      refuse(await perform(device, body, { by: session.operator, because: body.because.trim() }));
      return acted(device);
    },

    async clientAct({ params, body, request }) {
      const { act, because, reason } = body;
      const client = await requireClient(request, act === 'give_up' ? 'transfer' : act);
      const device = { org: client.org, ...params };
      const word = { by: `client ${client.name}`, because: because.trim() };
      if (act === 'give_up') {
        const offered = await offerDevice(device, word, installation);
        refuse(offered === 'done' ? undefined : offered);
      } else
        refuse(
          await perform(device, reason === undefined ? { act, because } : { act, because, reason }, word),
        );
      return acted(device);
    },
  };
}
