import {
  type NoticesChange,
  type NoticeWish,
  type OwnNotices,
  type PushSubscription,
  WISHED_KINDS,
} from '../../../contract/notice.ts';
import { utf8 } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import type { AddressProof, PushedBrowser } from '../../ports/notices.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import { mayConnect } from '../public-address.ts';
import { areUsable } from './encrypt-push.ts';
import { noticeId, sealedFor } from './notifier.ts';
import type { PushKey } from './push-key.ts';

type Stores = 'notices' | 'noticeWishes' | 'pushedBrowsers';

export interface OwnNoticesParts {
  readonly stores: Needs<Stores>;
  readonly transact: Transact<Stores | 'audit'>;
  /** Whether this server sends mail. */
  readonly mail: boolean;
  readonly key: () => Promise<PushKey>;
  /** Hosts of push services that may have a private address. */
  readonly allowed: readonly string[];
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

/** `conflict`: no mail goes out here. `proof_invalid`: a code that is wrong, or over. */
export type NoticesFault = 'request_invalid' | 'conflict' | 'rate_limited' | 'proof_invalid';

/** What one person is told, and where. */
export interface OwnNoticesDesk {
  read(operator: string): Promise<OwnNotices>;
  /** `label`: what the person knows this browser by. */
  change(operator: string, change: NoticesChange, label: string): Promise<NoticesFault | undefined>;
}

const MOST_BROWSERS = 16;
const CODE_LIFE = 15 * 60_000;
const CODE_TRIES = 5;
/** Between two codes, milliseconds: nobody's box is filled from here. */
export const CODE_PAUSE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** To one address, however many people ask for them. */
const CODES_AN_HOUR = 3;
/** By one person, whatever the addresses. */
const CODES_A_DAY = 10;

export function ownNotices(parts: OwnNoticesParts): OwnNoticesDesk {
  const { stores, transact, mail, key, allowed, sealer, clock, crypto } = parts;

  const hashOf = (operator: string, code: string) =>
    crypto.digest(utf8(JSON.stringify(['address code', operator, code])));

  function newCode(): string {
    const [a = 0, b = 0, c = 0, d = 0] = crypto.random(4);
    return String((((a * 256 + b) * 256 + c) * 256 + d) % 10 ** 8).padStart(8, '0');
  }

  /** A browser that may be pushed to; undefined if its address leads into our own network, or its keys are none. */
  async function browserOf(
    { endpoint, keys }: PushSubscription,
    operator: string,
    label: string,
  ): Promise<PushedBrowser | undefined> {
    const url = URL.parse(endpoint);
    if (url?.protocol !== 'https:' || url.username !== '' || !mayConnect(url, allowed)) return undefined;
    if (!areUsable(keys)) return undefined;
    const id = await crypto.digest(utf8(url.href));
    return { id, operator, endpoint: url.href, keys, label, madeAt: toInstant(clock.now()) };
  }

  /** What was asked for is noted apart from the proof, which whoever asks can take away. */
  async function mayAsk(operator: string, to: string, { noticeWishes }: Needs<Stores>): Promise<boolean> {
    const now = clock.now();
    // A clock that was ahead leaves instants of the future: the near ones count, and the far ones must lock nobody out.
    const around = (ms: number) => ({ from: toInstant(now - ms), to: toInstant(now + ms) });
    if ((await noticeWishes.countAsked({ operator }, around(CODE_PAUSE))) > 0) return false;
    if ((await noticeWishes.countAsked({ operator }, around(DAY))) >= CODES_A_DAY) return false;
    return (await noticeWishes.countAsked({ address: to }, around(HOUR))) < CODES_AN_HOUR;
  }

  /** False if there were too many of them. */
  async function askForCode(operator: string, address: string, tx: Needs<Stores>): Promise<boolean> {
    const to = await crypto.digest(utf8(address.toLowerCase()));
    if (!(await mayAsk(operator, to, tx))) return false;
    const now = clock.now();
    const code = newCode();
    const hash = await hashOf(operator, code);
    const times = { madeAt: toInstant(now), expiresAt: toInstant(now + CODE_LIFE) };
    await tx.noticeWishes.setProof(operator, { address, hash, tries: 0, ...times });
    await tx.noticeWishes.forgetAsked(toInstant(now - DAY));
    await tx.noticeWishes.noteAsked({ hash, operator, address: to, madeAt: times.madeAt });
    const notice = { kind: 'address', way: 'mail', operator, browser: null, about: operator } as const;
    const id = await noticeId({ ...notice, about: hash }, crypto);
    const sealed = sealer.seal(JSON.stringify({ to: address, code }), sealedFor(id));
    const { madeAt, expiresAt: endsAt } = times;
    await tx.notices.add({ ...notice, id, org: null, sealed, madeAt, endsAt });
    return true;
  }

  /** A wrong code counts: after some of them the right one is worth nothing either. */
  async function takeCode(operator: string, code: string, tx: Needs<Stores>): Promise<boolean> {
    const proof = await tx.noticeWishes.proof(operator);
    if (proof === undefined || proof.tries >= CODE_TRIES || isOver(proof)) return false;
    if (proof.hash !== (await hashOf(operator, code))) {
      await tx.noticeWishes.setProof(operator, { ...proof, tries: proof.tries + 1 });
      return false;
    }
    await tx.noticeWishes.setAddress(operator, proof.address);
    await tx.noticeWishes.setProof(operator, undefined);
    return true;
  }

  /** Takes a way that leads nowhere any more out of every wish, so that it is agreed to anew with the next address or browser. */
  async function unwish(
    operator: string,
    way: 'mail' | 'push',
    { noticeWishes }: Needs<Stores>,
    at: string,
  ): Promise<void> {
    for (const wish of await noticeWishes.ofOperator(operator))
      if (wish[way]) await noticeWishes.wish(operator, { ...wish, [way]: false }, at);
  }

  const isOver = ({ expiresAt }: AddressProof) => expiresAt <= toInstant(clock.now());

  return {
    async read(operator) {
      const { noticeWishes, pushedBrowsers } = stores;
      const address = await noticeWishes.address(operator);
      const proof = await noticeWishes.proof(operator);
      const wishes = await noticeWishes.ofOperator(operator);
      const none = (kind: NoticeWish['kind']): NoticeWish => ({ kind, mail: false, push: false });
      return {
        mail,
        ...(address === undefined ? {} : { address }),
        ...(proof === undefined || isOver(proof) ? {} : { waiting: proof.address }),
        pushKey: (await key()).publicKey,
        wishes: WISHED_KINDS.map((kind) => wishes.find((one) => one.kind === kind) ?? none(kind)),
        browsers: (await pushedBrowsers.ofOperator(operator))
          .slice(0, MOST_BROWSERS)
          .map(({ id, label, madeAt }) => ({ id, label, madeAt })),
      };
    },

    async change(operator, { wishes = [], address, code, subscribe, unsubscribe }, label) {
      const at = toInstant(clock.now());
      const browser = subscribe && (await browserOf(subscribe, operator, label));
      if (subscribe !== undefined && browser === undefined) return 'request_invalid';
      if (address !== undefined && address !== '' && !mail) return 'conflict';
      return transact(async (tx) => {
        if (address !== undefined && address !== '') {
          if (!(await askForCode(operator, address, tx))) return 'rate_limited';
        } else if (address === '') {
          await tx.noticeWishes.setAddress(operator, null);
          await tx.noticeWishes.setProof(operator, undefined);
        }
        if (code !== undefined && !(await takeCode(operator, code, tx))) return 'proof_invalid';
        for (const wish of wishes) await tx.noticeWishes.wish(operator, wish, at);
        if (browser !== undefined) await tx.pushedBrowsers.save(browser);
        const own = await tx.pushedBrowsers.ofOperator(operator);
        for (const { id } of own.slice(MOST_BROWSERS)) await tx.pushedBrowsers.remove(id);
        const isLeaving = own.some(({ id }) => id === unsubscribe);
        if (isLeaving) await tx.pushedBrowsers.remove(unsubscribe ?? '');
        if (address === '') await unwish(operator, 'mail', tx, at);
        if (isLeaving && own.length === 1) await unwish(operator, 'push', tx, at);
        await audit(tx.audit, {
          ...{ at, step: STEPS.admin, event: 'own notices changed', actor: operator, org: null },
          subject: operator,
        });
        return undefined;
      });
    },
  };
}
