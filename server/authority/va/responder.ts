import { createHash } from 'node:crypto';
import { DerError } from '../../../core/der.ts';
import type {
  CertificateAuthority,
  IssuerIdentity,
  StatusSigner,
} from '../../ports/certificate-authority.ts';
import type { IssuerName } from '../../ports/issuer-name.ts';
import { NotNow } from '../../ports/not-now.ts';
import type { ServerClock } from '../../ports/server-clock.ts';
import type { Needs } from '../../ports/stores.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { publicKeyBits } from '../../x509/extensions.ts';
import { type CertificateId, type HashName, parseOcspRequest } from './ocsp-request.ts';
import { OCSP_ERRORS, ocspResponse, type SingleStatus } from './ocsp-response.ts';
import { type ResponderParts, responderKey } from './responder-key.ts';
import { signatureBudget } from './signature-budget.ts';
import { STATUS_LEEWAY } from './status-leeway.ts';

const HOUR = 3_600_000;
/** How long a verifier may rely on an answer. */
const LIFE = 24 * HOUR;
/** How long an answer is cached if nothing has changed. */
const CACHED_FOR = HOUR;
const MOST_CACHED = 20_000;
/**
 * Answers signed in a second, over all that ask. A million certificates whose status is asked once an hour need 280; a
 * signature with what it reads takes less than half a millisecond.
 */
const SIGNED_PER_SECOND = 400;
/** Of these, answers about several certificates: they can be put together without end, so each may be a new one. */
const SEVERAL_PER_SECOND = 20;

export interface StatusParts extends ResponderParts {
  readonly clock: ServerClock;
  readonly stores: Needs<'responders' | 'certificateStates' | 'authorities'>;
  readonly ca: CertificateAuthority;
}

export interface StatusAnswer {
  readonly der: Uint8Array;
  /** Milliseconds since 1970; undefined if nothing was signed. */
  readonly signedAt: number | undefined;
  readonly until: number | undefined;
}

interface CachedAnswer {
  readonly state: string;
  readonly signedAt: number;
  readonly answer: Promise<StatusAnswer>;
}

export interface StatusResponder {
  /** OCSPResponse for an OCSPRequest, both DER. */
  answer(request: Uint8Array): Promise<StatusAnswer>;
}

const error = (der: Uint8Array): StatusAnswer => ({ der, signedAt: undefined, until: undefined });

/**
 * Answers whether certificates were revoked (RFC 6960, in the lightweight profile of RFC 5019). Serials that were
 * never issued get no signed answer. A signed answer belongs to its certificate and not to the request: it is cached and given
 * to everybody, in whatever order and however often a request names it. What is left to ask in new ways, several
 * certificates at once, is bounded by the second; beyond that the answer is `tryLater`, which nobody signs.
 */
export function statusResponder(parts: StatusParts): StatusResponder {
  const { stores, ca, clock } = parts;
  const cache = new Map<string, CachedAnswer>();
  const maySign = signatureBudget(SIGNED_PER_SECOND, clock.steady);
  const maySignSeveral = signatureBudget(SEVERAL_PER_SECOND, clock.steady);
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
          issuers.set(`${hash} ${digest(issuer.subject)} ${key}`, issuer.name);
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
    const asked = new Map(ids.map((id) => [`${id.serial} ${id.hash} ${id.parameters}`, id]));
    const name = `${issuer.name} ${[...asked.keys()].sort().join()}`;
    const statuses = [];
    for (const [, id] of [...asked].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const status = await stores.certificateStates.status(id.serial);
      if (status?.issuer !== issuer.name) return error(OCSP_ERRORS.unauthorized);
      statuses.push({ id, revoked: status.revoked });
    }
    const state = JSON.stringify(statuses.map(({ revoked }) => revoked ?? null));
    const now = clock.now();
    const cached = cache.get(name);
    // An answer that is being signed is there already: whoever asks meanwhile gets the same one.
    // One of the future was signed by a clock that was ahead.
    if (cached?.state === state && isWithin(now - cached.signedAt, CACHED_FOR)) return cached.answer;
    if ((statuses.length > 1 && !maySignSeveral()) || !maySign()) return error(OCSP_ERRORS.tryLater);
    const answer = sign(issuer, statuses, now);
    keep(name, { state, signedAt: now, answer });
    return answer.catch((fault: unknown) => {
      if (cache.get(name)?.answer === answer) cache.delete(name);
      throw fault;
    });
  }

  async function sign(
    issuer: IssuerIdentity & StatusSigner,
    statuses: readonly SingleStatus[],
    now: number,
  ): Promise<StatusAnswer> {
    const key = await responderKey(issuer, parts);
    const times = { producedAt: now, thisUpdate: now - STATUS_LEEWAY, nextUpdate: now + LIFE };
    const der = await ocspResponse(statuses, times, key);
    return { der, signedAt: now, until: now + LIFE };
  }

  /** The answer that was signed longest ago goes first: forgetting all at once would have all of them signed anew. */
  function keep(name: string, answer: CachedAnswer): void {
    cache.delete(name);
    cache.set(name, answer);
    const [oldest] = cache.keys();
    if (cache.size > MOST_CACHED && oldest !== undefined) cache.delete(oldest);
  }

  return {
    async answer(request) {
      try {
        return await signFor(parseOcspRequest(request));
      } catch (fault) {
        if (fault instanceof DerError) return error(OCSP_ERRORS.malformed);
        // RFC 6960 section 2.3. What is cached may be of before a revocation, so it is not given either.
        if (fault instanceof Unavailable || fault instanceof NotNow) return error(OCSP_ERRORS.tryLater);
        throw fault;
      }
    },
  };
}

function isWithin(age: number, most: number): boolean {
  return age >= 0 && age < most;
}

function digestWith(hash: HashName): (data: Uint8Array) => string {
  return (data) => createHash(hash).update(data).digest('hex');
}
