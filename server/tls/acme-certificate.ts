import type { SecureContext } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { crypto as acmeCrypto } from 'acme-client';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import type { AcmeConfig, Challenge } from '../config/public-address.ts';
import type { AcmeChallenge, ServerCertificate } from '../ports/server-certificates.ts';
import type { ServerKeys } from '../ports/signer.ts';
import type { Needs } from '../ports/stores.ts';
import { sha256Hex } from '../x509/node-crypto.ts';
import { AcmeFault } from './acme-fault.ts';
import { type Answers, orderCertificate } from './acme-order.ts';
import { acmeTransport } from './acme-transport.ts';
import { type CertificateSource, LOOK, type SourceParts } from './certificate-source.ts';
import { runDnsHook } from './dns-hook.ts';
import { mustWait, renewalAt, waitAfter } from './next-acme-try.ts';
import { judgePair, lifeOf, namedOnTrail, PAIR_WORDS, type ServerPair } from './server-pair.ts';

/** Another process that finds the lease leaves the work to the first one, which renews it while it works. Milliseconds. */
const LEASE = 2 * 60_000;
/** How long nothing is ordered after a fault of our own: each try may make the CA sign. */
const PAUSE = 10 * 60_000;
const LONGEST_ORDER = 15 * 60_000;
/** A CA looks within seconds, from several places, and may do so again. */
const CHALLENGE_LIFE = 30 * 60_000;

const DAY = 24 * 3_600_000;
const NO_WAIT = { nextAt: null, askedUntil: null } as const;

export interface AcmeParts extends SourceParts {
  readonly stores: Needs<'serverCertificates' | 'acmeChallenges' | 'leases'>;
  readonly keys: ServerKeys;
  readonly crypto: Pick<CryptoPort, 'random'>;
  /** Name of this process, as owner of its leases. */
  readonly writer: string;
  /** Whether there is a listener without TLS, for http-01. */
  readonly hasPlain: boolean;
  /** Whether other processes may work with this database. */
  readonly isShared: boolean;
  readonly onFault: (error: unknown) => void;
}

/**
 * This server's certificate by ACME: got, kept, and renewed before the last third of its life. The certificate is in the database,
 * its key in the folder of keys, and all processes take both into use; one of them orders. Whatever the CA answers, the
 * certificate that there is stays in use.
 */
export function acmeCertificate(host: string, config: AcmeConfig, parts: AcmeParts): CertificateSource {
  const { stores, keys, clock, crypto, writer, say, note, isShared } = parts;
  const transport = acmeTransport(config.trustFile);
  const ending = new AbortController();
  let shown: { readonly n: number; readonly pair: ServerPair } | undefined;
  let onNewest = (): void => undefined;
  let contexts = new Map<string, { readonly token: string; readonly context: SecureContext }>();
  let running: Promise<void> | undefined;
  /** Whoever puts something right starts the server again, and need not wait for what was reckoned before. */
  let hasTried = false;
  let pausedUntil = 0;
  /** Number of a certificate that cannot be used here, which is said once. */
  let unusable = 0;

  const keyName = (n: number) => `server_tls_${n}`;
  const accountName = `server_acme_${sha256Hex(config.directory).slice(0, 16)}`;
  const lease = `acme ${host}`;
  const rowOf = async (): Promise<ServerCertificate> =>
    (await stores.serverCertificates.of(host)) ?? { host, n: 0, chain: '', failures: 0, ...NO_WAIT };

  /** Takes the newest certificate into use, if its key is here. */
  function take(n: number, chain: string): void {
    const key = keys.textOf(keyName(n));
    const fault = key === undefined ? undefined : judgePair({ chain, key }, { host, now: clock.now() });
    if (key !== undefined && fault === undefined) {
      shown = { n, pair: { chain, key } };
      onNewest();
      return;
    }
    if (unusable === n) return;
    unusable = n;
    const why =
      fault === undefined
        ? 'its key is not in the folder of keys, which all processes share'
        : PAIR_WORDS[fault];
    say(`the certificate of ${host} in the database cannot be used: ${why}`);
  }

  async function lookForChallenges(): Promise<void> {
    const open = await stores.acmeChallenges.open('tls-alpn-01', toInstant(clock.now()));
    const next = new Map<string, { readonly token: string; readonly context: SecureContext }>();
    for (const one of open)
      next.set(one.host, contexts.get(one.host)?.token === one.token ? known(one) : await contextOf(one));
    contexts = next;
  }
  const known = (one: AcmeChallenge) =>
    contexts.get(one.host) ?? { token: '', context: createSecureContext() };

  /** A key on the same curve as the certificate in use: by then the handshake has chosen its signature algorithm. */
  async function contextOf({ host: name, token, answer }: AcmeChallenge) {
    const authorization = { identifier: { type: 'dns', value: name } };
    const key = await acmeCrypto.createPrivateEcdsaKey('P-256');
    const [, cert] = await acmeCrypto.createAlpnCertificate(authorization as never, answer, key);
    return { token, context: createSecureContext({ key, cert }) };
  }

  function challengeOf(failures: number): Challenge {
    if (config.challenge !== undefined) return config.challenge;
    return parts.hasPlain && failures % 2 === 0 ? 'http-01' : 'tls-alpn-01';
  }

  function answersFor(kind: Challenge, signal: AbortSignal): Answers {
    if (kind === 'dns-01') {
      const record = (value: string) => ({ name: `_acme-challenge.${host}`, value });
      const hook = config.dnsHook ?? '';
      return {
        put: (_token, value) => runDnsHook(hook, 'set', record(value), signal),
        remove: (_token, value) =>
          runDnsHook(hook, 'clear', record(value), ending.signal).catch((error: unknown) => {
            if (!(error instanceof AcmeFault)) throw error;
            say(`${error.message}: it was to remove the record of _acme-challenge.${host}`);
          }),
      };
    }
    return {
      async put(token, answer) {
        const now = clock.now();
        const until = toInstant(now + CHALLENGE_LIFE);
        await stores.acmeChallenges.save({ token, kind, host, answer, until }, toInstant(now));
        await lookForChallenges();
        // A CA may reach another process, which learns of the challenge when it looks.
        if (kind === 'tls-alpn-01' && isShared)
          await new Promise((resolve) => setTimeout(resolve, 3 * LOOK).unref());
      },
      remove: (token) => stores.acmeChallenges.remove(token),
    };
  }

  async function order(n: number, failures: number): Promise<ServerPair> {
    const challenge = challengeOf(failures);
    const key = keys.ensureText(keyName(n));
    const accountKey = keys.ensureText(accountName);
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(LONGEST_ORDER)]);
    const answers = answersFor(challenge, signal);
    const chain = await orderCertificate({ host, challenge, accountKey, key }, config, {
      answers,
      transport,
      signal,
    }).catch((error: unknown) => {
      // The library gives what it cannot read as errors of its own.
      throw error instanceof AcmeFault ? error : new AcmeFault('answer_unreadable');
    });
    const wrong = judgePair({ chain, key }, { host, now: clock.now() });
    if (wrong === undefined) return { chain, key };
    throw new AcmeFault(
      wrong === 'key_differs'
        ? 'answer_key'
        : wrong === 'other_name'
          ? 'answer_name'
          : wrong === 'unreadable'
            ? 'answer_unreadable'
            : 'answer_life',
    );
  }

  async function renew(): Promise<void> {
    if (!(await hold())) return;
    const holding = setInterval(() => void hold().catch(parts.onFault), LEASE / 4).unref();
    try {
      // Another process may have ordered since this one looked.
      const row = await rowOf();
      if (!isDue(row)) return;
      hasTried = true;
      try {
        const { chain } = await order(row.n + 1, row.failures);
        await stores.serverCertificates.keep({ host, n: row.n + 1, chain });
        await note('own certificate issued', namedOnTrail(chain));
        // The one before may be in use in another process until that looks.
        keys.remove(keyName(row.n - 1));
        take(row.n + 1, chain);
        say(`${host} has a certificate until ${toInstant(lifeOf(chain).until)}`);
      } catch (error) {
        if (!(error instanceof AcmeFault) || ending.signal.aborted) throw error;
        await failed(error, row.failures + 1);
      }
    } finally {
      clearInterval(holding);
      if (isShared) await stores.leases.leave(lease, writer);
    }
  }

  /** Whether this process may order. A process that works alone need not wait for one that was killed. */
  async function hold(): Promise<boolean> {
    const now = clock.now();
    const mine = { name: lease, owner: writer, now: toInstant(now), until: toInstant(now + LEASE) };
    return !isShared || stores.leases.take(mine);
  }

  async function failed(fault: AcmeFault, failures: number): Promise<void> {
    const now = clock.now();
    const nextAt = toInstant(now + waitAfter(failures, fault.retryAfter, crypto));
    const askedUntil = fault.retryAfter === undefined ? null : toInstant(now + fault.retryAfter);
    await stores.serverCertificates.failed({ host, failures, nextAt, askedUntil });
    const stays =
      shown === undefined
        ? 'until it has one, nobody can connect'
        : `the one in use is good until ${toInstant(lifeOf(shown.pair.chain).until)}`;
    say(`${host} got no certificate: ${fault.message}. The next try is at ${nextAt}; ${stays}`);
    await note('own certificate refused', fault.code);
  }

  function isDue({ n, chain, nextAt, askedUntil }: ServerCertificate): boolean {
    const now = clock.now();
    if (mustWait(hasTried ? nextAt : askedUntil, now)) return false;
    if (clock.steady.now() < pausedUntil) return false;
    if (n === 0) return true;
    const life = lifeOf(chain);
    // Processes that do not share their keys would else order one after another, without an end.
    return now >= renewalAt(life) || (unusable === n && now >= life.from + DAY);
  }

  return {
    current: () => shown?.pair,
    onNewest(listener) {
      onNewest = listener;
    },
    challenge: (name) => contexts.get(name)?.context,
    async look(mayOrder) {
      if (ending.signal.aborted || clock.doubt() !== undefined) return;
      const row = await rowOf();
      if (row.n > 0 && row.n !== shown?.n) take(row.n, row.chain);
      await lookForChallenges();
      if (!mayOrder || running !== undefined || !isDue(row)) return;
      running = renew()
        .catch((error: unknown) => {
          pausedUntil = clock.steady.now() + PAUSE;
          if (!ending.signal.aborted) parts.onFault(error);
        })
        .finally(() => {
          running = undefined;
        });
    },
    async close() {
      ending.abort();
      await running;
      transport.close();
    },
  };
}
