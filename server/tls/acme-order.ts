import { type Authorization, Client, crypto, type Order } from 'acme-client';
import type { AcmeConfig, Challenge } from '../config/public-address.ts';
import { AcmeFault, faultOfProblem } from './acme-fault.ts';
import type { AcmeTransport } from './acme-transport.ts';

/** How often a CA is asked whether it has looked, where it names no time, and at most; milliseconds. */
const ASK_AGAIN = 1_000;
const LONGEST_STEP = 60_000;

export interface Wanted {
  readonly host: string;
  readonly challenge: Challenge;
  /** PEM, of the account and of the certificate. Secrets. */
  readonly accountKey: string;
  readonly key: string;
}

/** Puts what a CA looks for in its place, and takes it away again. */
export interface Answers {
  /** @param answer the key authorization; for dns-01 the value of the record (RFC 8555 section 8.4) */
  put(token: string, answer: string): Promise<void>;
  remove(token: string, answer: string): Promise<void>;
}

/** Orders one certificate (RFC 8555 section 7.4), and gives it with those above it, PEM. Throws AcmeFault. */
export function orderCertificate(
  wanted: Wanted,
  config: AcmeConfig,
  {
    answers,
    transport,
    signal,
  }: { readonly answers: Answers; readonly transport: AcmeTransport; readonly signal: AbortSignal },
): Promise<string> {
  const { host, challenge: kind } = wanted;

  async function sleep(): Promise<void> {
    const wait = Math.min(Math.max(transport.wait() ?? ASK_AGAIN, ASK_AGAIN), LONGEST_STEP);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, wait);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    if (signal.aborted) throw new AcmeFault('timed_out');
  }

  async function prove(client: Client, order: Order, authorization: Authorization): Promise<void> {
    // A CA may go by what it saw a while ago (RFC 8555 section 7.1.4).
    if (authorization.status === 'valid') return;
    const challenge = authorization.challenges.find(({ type }) => type === kind);
    if (challenge === undefined) throw new AcmeFault('no_challenge');
    const answer = await client.getChallengeKeyAuthorization(challenge);
    try {
      await answers.put(challenge.token, answer);
      await client.completeChallenge(challenge);
      for (;;) {
        const [now] = await client.getAuthorizations({ ...order, authorizations: [authorization.url] });
        if (now?.status === 'valid') return;
        if (now?.status !== 'pending') {
          const failed = now?.challenges.find(({ type }) => type === kind);
          throw faultOfProblem(failed !== undefined && 'error' in failed ? failed.error : undefined);
        }
        await sleep();
      }
    } finally {
      await answers.remove(challenge.token, answer);
    }
  }

  return transport.run(async () => {
    const client = new Client({
      directoryUrl: config.directory,
      accountKey: wanted.accountKey,
      ...(config.binding === undefined ? {} : { externalAccountBinding: config.binding }),
    });
    try {
      // An account that there is already is found by its key (section 7.3.1).
      await client.createAccount({ termsOfServiceAgreed: true, contact: [`mailto:${config.email}`] });
    } catch (error) {
      // A CA says "unauthorized" of an account as of a name.
      if (error instanceof AcmeFault && error.code === 'name_not_seen') throw error.of('account_refused');
      throw error;
    }
    const order = await client.createOrder({ identifiers: [{ type: 'dns', value: host }] });
    for (const authorization of await client.getAuthorizations(order))
      await prove(client, order, authorization);
    const [, csr] = await crypto.createCsr({ altNames: [host] }, wanted.key);
    let state = await client.getOrder(order);
    while (state.status === 'pending') {
      await sleep();
      state = await client.getOrder(order);
    }
    if (state.status === 'ready') state = await client.finalizeOrder(state, csr);
    while (state.status === 'processing' || state.status === 'ready') {
      await sleep();
      state = await client.getOrder(order);
    }
    if (state.status !== 'valid') throw faultOfProblem('error' in state ? state.error : undefined);
    return client.getCertificate(state);
  }, signal);
}
