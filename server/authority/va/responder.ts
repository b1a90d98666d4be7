import { createHash } from 'node:crypto';
import { toHex } from '../../../core/bytes.ts';
import { DerError } from '../../../core/der.ts';
import type { CertificateAuthority } from '../../ports/certificate-authority.ts';
import type { IssuerName } from '../../ports/issuer-name.ts';
import type { Needs } from '../../ports/stores.ts';
import { publicKeyBits } from '../../x509/extensions.ts';
import { authorityName } from '../../x509/x509-name.ts';
import { type CertificateId, type HashName, parseOcspRequest } from './ocsp-request.ts';
import { OCSP_ERRORS, ocspResponse } from './ocsp-response.ts';
import { type ResponderParts, responderKey } from './responder-key.ts';

const HOUR = 3_600_000;
/** How long a verifier may rely on an answer. */
const LIFE = 24 * HOUR;
/** How long an answer is cached if nothing has changed. */
const CACHED_FOR = HOUR;
const MOST_CACHED = 20_000;

export interface StatusParts extends ResponderParts {
  readonly stores: Needs<'responders' | 'certificateStates' | 'authorities'>;
  readonly ca: CertificateAuthority;
}

export interface StatusAnswer {
  readonly der: Uint8Array;
  /** Milliseconds since 1970; undefined if nothing was signed. */
  readonly signedAt: number | undefined;
  readonly until: number | undefined;
}

export interface StatusResponder {
  /** OCSPResponse for an OCSPRequest, both DER. */
  answer(request: Uint8Array): Promise<StatusAnswer>;
}

const error = (der: Uint8Array): StatusAnswer => ({ der, signedAt: undefined, until: undefined });

/**
 * Answers whether certificates were revoked (RFC 6960, in the lightweight profile of RFC 5019). Serials that were
 * never issued get no signed answer, so that nobody can make us sign without end. A signed answer is cached and given
 * to everybody.
 */
export function statusResponder(parts: StatusParts): StatusResponder {
  const { stores, ca, clock } = parts;
  const cache = new Map<string, StatusAnswer & { readonly state: string }>();
  let issuers = new Map<string, IssuerName>();

  /** Name of the issuing CA that a request means. If it is unknown, new CAs are looked up. */
  async function issuerOf(id: CertificateId): Promise<IssuerName | undefined> {
    const name = `${id.hash} ${id.nameHash} ${id.keyHash}`;
    const all = issuers.has(name)
      ? []
      : (await stores.authorities.authorities()).filter(({ org }) => org !== null);
    if (all.length * 2 > issuers.size) {
      issuers = new Map();
      for (const authority of all) {
        const issuer = await ca.issuerNamed(authority.name);
        if (issuer === undefined) continue;
        for (const hash of ['sha1', 'sha256'] as const) {
          const digest = digestWith(hash);
          const key = digest(publicKeyBits(issuer.spki));
          issuers.set(`${hash} ${digest(authorityName(issuer.org))} ${key}`, issuer.name);
        }
      }
    }
    return issuers.get(name);
  }

  async function signFor(ids: readonly CertificateId[]): Promise<StatusAnswer> {
    const names = new Set<IssuerName | undefined>();
    for (const id of ids) names.add(await issuerOf(id));
    const [issuerName] = names;
    const issuer =
      names.size === 1 && issuerName !== undefined ? await ca.issuerNamed(issuerName) : undefined;
    if (issuer === undefined) return error(OCSP_ERRORS.unauthorized);
    const statuses = [];
    for (const { whole, serial } of ids) {
      const status = await stores.certificateStates.status(serial);
      if (status?.issuer !== issuer.name) return error(OCSP_ERRORS.unauthorized);
      statuses.push({ id: whole, revoked: status.revoked });
    }
    const now = clock.now();
    const name = ids.map(({ whole }) => toHex(whole)).join();
    const state = JSON.stringify(statuses.map(({ revoked }) => revoked ?? null));
    const cached = cache.get(name);
    if (cached?.state === state && now - (cached.signedAt ?? 0) < CACHED_FOR) return cached;
    const key = await responderKey(issuer, parts);
    const der = await ocspResponse(statuses, { thisUpdate: now, nextUpdate: now + LIFE }, key);
    const answer = { der, signedAt: now, until: now + LIFE, state };
    if (cache.size >= MOST_CACHED) cache.clear();
    cache.set(name, answer);
    return answer;
  }

  return {
    async answer(request) {
      try {
        return await signFor(parseOcspRequest(request));
      } catch (fault) {
        if (fault instanceof DerError) return error(OCSP_ERRORS.malformed);
        throw fault;
      }
    },
  };
}

function digestWith(hash: HashName): (data: Uint8Array) => string {
  return (data) => createHash(hash).update(data).digest('hex');
}
