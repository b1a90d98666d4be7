import { toInstant } from '../../../core/instant.ts';
import { fromPem } from '../../../core/pem.ts';
import { verifyDevice } from '../../authority/va/verify-device.ts';
import { ProblemError } from '../problem.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

/** The five checks, for whoever is shown a certificate. */
export function verifyHandlers({ installation }: HttpParts): Pick<Handlers, 'verify'> {
  return {
    async verify({ body: { certificate, domain, udid } }) {
      const [leaf, ...more] = fromPem('CERTIFICATE', certificate);
      // With two certificates it would not be clear which one is meant.
      if (leaf === undefined || more.length > 0) throw new ProblemError('request_invalid');
      const { verdict, checks } = await verifyDevice(leaf, { domain, udid }, installation);
      return { verdict, checks: [...checks], at: toInstant(installation.clock.now()) };
    },
  };
}
