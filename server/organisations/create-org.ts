import { toBase64Url } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import type { Ceremonies } from '../authority/ceremony/ceremonies.ts';
import { mayBeOrg } from '../ports/ca-names.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { commandLine } from '../trail/actors.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

export interface OrgParts {
  readonly stores: Needs<'orgs'>;
  readonly transact: Transact<'orgs' | 'audit'>;
  readonly ceremonies: Pick<Ceremonies, 'establish'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

type Establish = Parameters<Ceremonies['establish']>[0];

export interface NewOrg {
  readonly name: string;
  readonly title: string;
  readonly training: boolean;
  /** Curve of the issuing CA's key; P-256 if left out. */
  readonly curve?: Establish['curve'];
  /** Who makes it, for the trail; the command line if left out. */
  readonly by?: string;
}

/** Creates an organisation with its issuing CA. Idempotent: what a crash left half-made is completed. */
export async function createOrg(
  org: NewOrg,
  parts: OrgParts,
): Promise<'made' | 'there' | 'name_not_allowed'> {
  if (!mayBeOrg(org.name)) return 'name_not_allowed';
  const existing = await parts.stores.orgs.org(org.name);
  if (existing !== undefined && existing.training !== org.training) return 'name_not_allowed';
  // The CA is created first, so that an organisation that exists can always issue.
  const { by, ...wanted } = org;
  await parts.ceremonies.establish(wanted);
  if (existing !== undefined) return 'there';
  const at = toInstant(parts.clock.now());
  const salt = toBase64Url(parts.crypto.random(32));
  await parts.transact(async (tx) => {
    await tx.orgs.saveOrg({ name: org.name, title: org.title, training: org.training, salt }, at);
    await audit(tx.audit, {
      at,
      step: STEPS.admin,
      event: 'organisation created',
      actor: by ?? commandLine(),
      org: org.name,
      subject: org.name,
      detail: org.training ? 'training' : '',
    });
  });
  return 'made';
}
