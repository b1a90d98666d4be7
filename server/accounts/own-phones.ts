import type { OwnPhone } from '../../contract/account.ts';
import type { Needs } from '../ports/stores.ts';

const MOST = 64;

/** A person's operator keys, the newest first, with what their phones reported last. */
export async function ownPhones(
  operator: string,
  { stores }: { readonly stores: Needs<'operatorKeys' | 'heads'> },
): Promise<OwnPhone[]> {
  const phones: OwnPhone[] = [];
  for (const { kid, enrolledAt, revokedAt } of (await stores.operatorKeys.ofOperator(operator)).slice(
    0,
    MOST,
  )) {
    const head = await stores.heads.head(kid);
    phones.push({
      ...{ kid, enrolledAt, unsent: head?.unsent ?? 0 },
      ...(head === undefined ? {} : { reportedAt: head.reportedAt }),
      ...(revokedAt === null ? {} : { revokedAt }),
    });
  }
  return phones;
}
