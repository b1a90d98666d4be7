import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ConfigError, type Environment } from './config-error.ts';

/** How a CA is to see that a name is ours (RFC 8555 section 8, RFC 8737). */
export const CHALLENGES = ['http-01', 'tls-alpn-01', 'dns-01'] as const;
export type Challenge = (typeof CHALLENGES)[number];

/** A certificate for this server's own name, from a CA that speaks ACME (RFC 8555). */
export interface AcmeConfig {
  /** Whom the CA writes to. */
  readonly email: string;
  /** Address of the CA's directory. */
  readonly directory: string;
  /** PEM file: whom to believe that it is that CA's server; the machine's own trust if it is undefined. */
  readonly trustFile: string | undefined;
  /** The only challenge to answer; undefined: http-01 and tls-alpn-01 by turns. */
  readonly challenge: Challenge | undefined;
  /** Program that sets and removes a TXT record, for dns-01. */
  readonly dnsHook: string | undefined;
  /** Account that the CA knows us by already (RFC 8555 section 7.3.4). `hmacKey`: base64url. A secret. */
  readonly binding: { readonly kid: string; readonly hmacKey: string } | undefined;
}

/** Where people, phones and verifiers reach this server, and how. */
export interface PublicAddress {
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string;
  /** Address of CRLs, OCSP and CA certificates, without a slash at the end; it stands in certificates. */
  readonly verifierUrl: string;
  /** Port without TLS, for verifiers and whoever typed no `https`; undefined if there is none. */
  readonly httpPort: number | undefined;
  /** Addresses and ranges whose `X-Forwarded-` headers are believed. */
  readonly proxies: readonly string[];
  readonly demo: boolean;
  readonly acme: AcmeConfig | undefined;
}

interface Given {
  /** Whether certificate and key are given as files. */
  readonly hasFiles: boolean;
  readonly acmeHmacKey: string | undefined;
}

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';
/** Every address of this machine, of both versions of IP. */
const EVERYWHERE = '::';

/** Throws ConfigError. */
export function readPublicAddress(environment: Environment, given: Given): PublicAddress {
  const { FIELDBIND_PUBLIC_URL: said } = environment;
  const port = readPort('PORT', environment.PORT);
  const proxies = readProxies(environment.FIELDBIND_TRUSTED_PROXIES);
  const scheme = given.hasFiles ? 'https' : 'http';
  const publicUrl = readUrl(said || `${scheme}://localhost:${port ?? 4600}`, 'FIELDBIND_PUBLIC_URL');
  const url = new URL(publicUrl);
  const isPublic = !isLoopback(url.hostname);
  if (isPublic) demandReachable(url, environment, { ...given, isProxied: proxies.length > 0 });
  const acme = readAcme(environment, url, given);
  const endsHere = isPublic && (acme !== undefined || given.hasFiles);
  const demo = readDemo(environment.FIELDBIND_DEMO, !said);
  if (demo && isPublic) throw new ConfigError(demoInPublic(publicUrl));
  const plain = readHttpPort(environment.FIELDBIND_HTTP_PORT);
  return {
    port: port ?? (endsHere ? Number(url.port || 443) : 4600),
    host: readHost(environment.FIELDBIND_HOST, {
      demo,
      isPublic: endsHere || isFarProxied(isPublic, proxies),
    }),
    publicUrl,
    verifierUrl: readVerifierUrl(environment.FIELDBIND_VERIFIER_URL, url, isPublic && plain !== 'off'),
    httpPort: plain === 'off' ? undefined : (plain ?? (endsHere ? 80 : undefined)),
    proxies,
    demo,
    acme,
  };
}

/** Name of the server in an address: a browser takes it for this machine itself (Secure Contexts, section 3.1). */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

export function readPort(name: string, text: string | undefined): number | undefined {
  if (!text) return undefined;
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65535)
    throw new ConfigError(`${name} is not a number from 0 to 65535`);
  return Number(text);
}

function readHttpPort(text: string | undefined): number | 'off' | undefined {
  return text === 'off' ? 'off' : readPort('FIELDBIND_HTTP_PORT', text);
}

/** What other machines reach must be an https address by name, and something must hold a certificate for it. */
function demandReachable(
  { protocol, hostname, pathname }: URL,
  environment: Environment,
  { hasFiles, isProxied }: Given & { readonly isProxied: boolean },
): void {
  if (isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0)
    throw new ConfigError(
      `FIELDBIND_PUBLIC_URL is the bare address ${hostname}, by which nobody could sign in: passkeys need a name. Give this server a name in DNS, and use that`,
    );
  if (protocol !== 'https:')
    throw new ConfigError(
      `FIELDBIND_PUBLIC_URL is http://${hostname}, where a browser gives a page no camera, no cable and no offline work: use https://${hostname}`,
    );
  if (pathname !== '/')
    throw new ConfigError('FIELDBIND_PUBLIC_URL has a path: this server needs a name of its own');
  if (!environment.FIELDBIND_ACME && !hasFiles && !isProxied)
    throw new ConfigError(
      'FIELDBIND_PUBLIC_URL is an https address, and nothing here has a certificate for it: set FIELDBIND_ACME to your e-mail address to get one, FIELDBIND_TLS_CERT and FIELDBIND_TLS_KEY to the files of one, or FIELDBIND_TRUSTED_PROXIES to the address of the proxy that has one',
    );
}

/** Listening on this machine only is no help there: a proxy on it serves everybody. */
function demoInPublic(publicUrl: string): string {
  return `FIELDBIND_DEMO is on, but demo people sign in without a password, and ${publicUrl} is for everybody: set FIELDBIND_DEMO=0, or unset FIELDBIND_PUBLIC_URL to try things on this machine`;
}

function isFarProxied(isPublic: boolean, proxies: readonly string[]): boolean {
  return isPublic && proxies.some((proxy) => !/^(?:127\.|::1(?:\/|$))/.test(proxy));
}

/**
 * Anybody who reaches this server can sign in as a demo person, so with them it listens on this machine only. Without them
 * it is reached by whoever its public address is for.
 */
function readHost(
  text: string | undefined,
  { demo, isPublic }: { readonly demo: boolean; readonly isPublic: boolean },
): string {
  if (text === '127.0.0.1' || text === 'localhost') return '127.0.0.1';
  if (!demo) return text || (isPublic ? EVERYWHERE : '127.0.0.1');
  if (!text) return '127.0.0.1';
  throw new ConfigError(
    `FIELDBIND_HOST is ${text}, but demo people sign in without a password, so with them this server listens on 127.0.0.1 only: set FIELDBIND_DEMO=0`,
  );
}

function readDemo(text: string | undefined, isUntouched: boolean): boolean {
  if (!text) return isUntouched;
  if (text === '1' || text === 'on') return true;
  if (text === '0' || text === 'off') return false;
  throw new ConfigError('FIELDBIND_DEMO is neither 1 nor 0');
}

function readUrl(text: string, name: string): string {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== ''
  )
    throw new ConfigError(`${name} is not a plain http or https address`);
  return url.href.replace(/\/+$/, '');
}

/**
 * Whoever checks a certificate fetches lists without TLS: with it, that fetch would need the same kind of check (RFC 5280
 * section 8). What is fetched is signed.
 */
function readVerifierUrl(text: string | undefined, { href, hostname }: URL, hasPlain: boolean): string {
  if (text) return readUrl(text, 'FIELDBIND_VERIFIER_URL');
  return hasPlain ? `http://${hostname}` : href.replace(/\/+$/, '');
}

/** Addresses and ranges. Throws ConfigError. */
export function readProxies(text: string | undefined): string[] {
  const words = (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
  for (const word of words) {
    const [address = '', bits, ...more] = word.split('/');
    const most = { 4: 32, 6: 128 }[isIP(address)];
    const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (most ?? 0));
    if (most === undefined || !isRange || more.length > 0)
      throw new ConfigError('FIELDBIND_TRUSTED_PROXIES is not a list like 10.0.0.5,192.168.0.0/24');
  }
  return words;
}

function readAcme(environment: Environment, url: URL, given: Given): AcmeConfig | undefined {
  const {
    FIELDBIND_ACME: email,
    FIELDBIND_ACME_DIRECTORY: directory,
    FIELDBIND_ACME_CHALLENGE: challenge,
    FIELDBIND_ACME_DNS_HOOK: dnsHook,
    FIELDBIND_ACME_TRUST: trustFile,
    FIELDBIND_ACME_EAB_KID: kid,
  } = environment;
  const { hasFiles, acmeHmacKey: hmacKey } = given;
  if (!email) {
    if (directory || challenge || dnsHook || trustFile || kid || hmacKey)
      throw new ConfigError(
        'FIELDBIND_ACME is missing: set it to the e-mail address that the CA may write to',
      );
    return undefined;
  }
  if (!/^[^\s@<>,;:"]{1,64}@[^\s@<>,;:"]{1,250}$/.test(email))
    throw new ConfigError('FIELDBIND_ACME is not an e-mail address');
  if (hasFiles)
    throw new ConfigError(
      'FIELDBIND_ACME and FIELDBIND_TLS_CERT are both set: unset the one that is not to be used',
    );
  if (url.protocol !== 'https:' || isLoopback(url.hostname))
    throw new ConfigError(
      'FIELDBIND_ACME needs FIELDBIND_PUBLIC_URL to be an https address by a name in DNS',
    );
  const at = URL.parse(directory || LETS_ENCRYPT);
  if (at?.protocol !== 'https:' || at.username !== '')
    throw new ConfigError('FIELDBIND_ACME_DIRECTORY is not an https address');
  if (challenge && !isChallenge(challenge))
    throw new ConfigError(`FIELDBIND_ACME_CHALLENGE is none of ${CHALLENGES.join(', ')}`);
  if (challenge === 'dns-01' && !dnsHook)
    throw new ConfigError('FIELDBIND_ACME_CHALLENGE is dns-01, which needs FIELDBIND_ACME_DNS_HOOK');
  if (!kid !== !hmacKey)
    throw new ConfigError('FIELDBIND_ACME_EAB_KID and FIELDBIND_ACME_EAB_HMAC are needed together');
  if (hmacKey && !/^[A-Za-z0-9_+/-]{16,}={0,2}$/.test(hmacKey))
    throw new ConfigError('FIELDBIND_ACME_EAB_HMAC is not a key in base64url');
  return {
    email,
    directory: at.href,
    trustFile: trustFile ? resolve(trustFile) : undefined,
    challenge: challenge && isChallenge(challenge) ? challenge : dnsHook ? 'dns-01' : undefined,
    dnsHook: dnsHook ? resolve(dnsHook) : undefined,
    binding: kid && hmacKey ? { kid, hmacKey } : undefined,
  };
}

function isChallenge(text: string): text is Challenge {
  return CHALLENGES.some((one) => one === text);
}
