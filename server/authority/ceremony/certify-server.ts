import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { parseCsr, verifyCsr } from '../../../core/csr.ts';
import { DerError } from '../../../core/der.ts';
import { toInstant } from '../../../core/instant.ts';
import { parseDomainName } from '../../../core/name.ts';
import { type CertificateAuthority, intentName } from '../../ports/certificate-authority.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { commandLine } from '../../trail/actors.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';

const DAY = 24 * 3_600_000;
/** Nobody can revoke a server certificate, so it lives only as long as somebody remembers it. */
export const LONGEST_DAYS = 90;

export interface ServerRequest {
  readonly org: string;
  readonly host: string;
  /** PKCS#10, DER. Only its key is used. */
  readonly csr: Uint8Array;
  readonly days: number;
}

interface Parts {
  readonly stores: Needs<'domains'>;
  readonly transact: Transact<'audit'>;
  readonly ca: CertificateAuthority;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly publicUrl: string;
}

export type ServerAnswer =
  | { readonly ok: true; readonly der: Uint8Array; readonly chainPem: string }
  | { readonly ok: false; readonly code: 'no_authority' | 'name_not_allowed' | 'request_invalid' };

/** Issues a certificate for a service of an organisation: first it goes on the trail, then it is signed. */
export async function certifyServer(request: ServerRequest, parts: Parts): Promise<ServerAnswer> {
  // Our own CA signs it, whichever CA signs devices.
  const current = await parts.ca.issuer(request.org);
  const issuer = current && (await parts.ca.issuerNamed(current.own));
  if (issuer === undefined) return { ok: false, code: 'no_authority' };
  if (!(await mayBeNamed(request, parts))) return { ok: false, code: 'name_not_allowed' };
  const spki = await keyOf(request.csr, parts.crypto);
  if (spki === undefined) return { ok: false, code: 'request_invalid' };
  const lifetime = Math.min(request.days, LONGEST_DAYS) * DAY;
  const intent = issuer.prepareServer({ host: request.host, spki, lifetime });
  await parts.transact(async (tx) =>
    audit(tx.audit, {
      at: toInstant(parts.clock.now()),
      step: STEPS.admin,
      event: 'server certificate intended',
      actor: commandLine(),
      org: request.org,
      subject: request.host,
      detail: `${intentName(intent)}, until ${intent.notAfter}`,
    }),
  );
  return { ok: true, der: (await issuer.sign(intent)).der, chainPem: issuer.chainPem };
}

/**
 * Whether the host is this server's own name, or a name in one of the organisation's domains that no device can have
 * (devices have names below `d`).
 */
async function mayBeNamed({ org, host }: ServerRequest, { stores, publicUrl }: Parts): Promise<boolean> {
  const parsed = parseDomainName(host);
  if (!parsed.ok || parsed.name !== host) return false;
  if (host === new URL(publicUrl).hostname) return true;
  const around = (await stores.domains.domains()).filter(
    ({ name }) => host === name || host.endsWith(`.${name}`),
  );
  // A domain within another domain may belong to another organisation, so the nearest one decides.
  const nearest = around.toSorted((a, b) => b.name.length - a.name.length)[0];
  if (nearest?.org !== org) return false;
  return !host
    .slice(0, host.length - nearest.name.length)
    .split('.')
    .includes('d');
}

async function keyOf(csr: Uint8Array, crypto: CryptoPort): Promise<Uint8Array | undefined> {
  try {
    const request = parseCsr(csr);
    return (await verifyCsr(request, crypto)) === 'valid' ? request.spki : undefined;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
