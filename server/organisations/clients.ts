import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import type { Client, ClientRight } from '../ports/clients.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

/** Prefix of every token, so that a leaked one can be found by searching for it. */
const PREFIX = 'fbc_';

export interface ClientParts {
  readonly stores: Needs<'clients' | 'orgs'>;
  readonly transact: Transact<'clients' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

const hashOf = (token: string, crypto: CryptoPort) => crypto.digest(utf8(`client:${token}`));

/** Creates a machine client and returns its token, which is shown only this once. */
export async function createClient(
  requested: {
    readonly name: string;
    readonly org: string;
    readonly rights: readonly ClientRight[];
    readonly by: string;
  },
  { stores, transact, clock, crypto }: ClientParts,
): Promise<
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly why: 'name_not_allowed' | 'name_taken' | 'org_unknown' }
> {
  const { name, org, rights, by } = requested;
  if (!/^[a-z][a-z0-9-]{1,30}$/.test(name)) return { ok: false, why: 'name_not_allowed' };
  if ((await stores.orgs.org(org)) === undefined) return { ok: false, why: 'org_unknown' };
  const token = PREFIX + toBase64Url(crypto.random(32));
  const hash = await hashOf(token, crypto);
  const madeAt = toInstant(clock.now());
  const added = await transact(async (tx) => {
    if (!(await tx.clients.add({ name, org, rights, hash, madeAt, madeBy: by, revokedAt: null })))
      return false;
    const entry = { at: madeAt, step: STEPS.admin, event: 'machine client made', actor: by };
    await audit(tx.audit, { ...entry, org, subject: name, detail: `may ${rights.join(', ')}` });
    return true;
  });
  return added ? { ok: true, token } : { ok: false, why: 'name_taken' };
}

export async function revokeClient(
  name: string,
  by: string,
  { transact, clock }: Pick<ClientParts, 'transact' | 'clock'>,
): Promise<boolean> {
  const at = toInstant(clock.now());
  return transact(async (tx) => {
    if (!(await tx.clients.revoke(name, at))) return false;
    const entry = { at, step: STEPS.admin, event: 'machine client revoked', actor: by };
    await audit(tx.audit, { ...entry, org: null, subject: name, detail: '' });
    return true;
  });
}

/** The client behind an Authorization header (RFC 6750 section 2.1); undefined if the token is unknown or revoked. */
export async function clientOf(
  header: string | undefined,
  { stores, crypto }: Pick<ClientParts, 'stores' | 'crypto'>,
): Promise<Client | undefined> {
  const token = /^Bearer (fbc_[A-Za-z0-9_-]{43})$/.exec(header ?? '')?.[1];
  const client = token && (await stores.clients.byHash(await hashOf(token, crypto)));
  return client !== undefined && client !== '' && client.revokedAt === null ? client : undefined;
}
