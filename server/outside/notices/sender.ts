import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { fromInstant, toInstant } from '../../../core/instant.ts';
import type { DeliveryFault, DeliveryResult } from '../../ports/deliveries.ts';
import type { StepListener } from '../../ports/instrument.ts';
import type { NoticeEnd, WaitingNotice } from '../../ports/notices.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import type { PostOptions } from '../post.ts';
import { mailText } from './mail-text.ts';
import type { Mailer } from './mailer.ts';
import { nextTry } from './next-try.ts';
import { sealedFor } from './notifier.ts';
import { push } from './push.ts';
import type { PushKey } from './push-key.ts';

export interface NoticeSenderParts {
  readonly stores: Needs<'notices' | 'noticeWishes' | 'pushedBrowsers' | 'invitations' | 'people' | 'leases'>;
  readonly transact: Transact<'notices' | 'audit'>;
  /** Undefined where this server sends no mail. */
  readonly mailer: Mailer | undefined;
  readonly key: () => Promise<PushKey>;
  readonly pushes: PostOptions;
  readonly sealer: Sealer;
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** Name of this process, as owner of its lease. */
  readonly writer: string;
  readonly onStep: StepListener;
  readonly onFault: (error: unknown) => void;
}

export interface NoticeSender {
  /** Tells what is due, as far as possible now. */
  run(): Promise<void>;
  /** Stops after what is under way. */
  close(): Promise<void>;
}

const LEASE = { name: 'notices', life: 60_000 };
const PAGE = 20;
/** How long notices that ended are kept: so long the same is not told again. */
const KEPT = 30 * 24 * 3_600_000;
/** An invitation that waits for a second person is looked at again after this. */
const LOOK = 30_000;
/** Faults of the mail server itself: the other mails would meet it too. */
const OF_SERVER: readonly DeliveryFault[] = ['not_reached', 'not_trusted', 'timed_out', 'not_authorized'];

/** `dropped`: nobody needs it any more. `later`: it may not be told yet. */
type Outcome = DeliveryResult | 'dropped' | 'later';

/**
 * Tells notices, at-least-once, by one process at a time. It is noted that one was told after somebody took it, so a crash in
 * between tells it again, with the same id, by which mail programs and push services know it.
 */
export function noticeSender(parts: NoticeSenderParts): NoticeSender {
  const { stores, transact, mailer, key, pushes, sealer, publicUrl, clock, crypto, writer } = parts;
  const { onStep, onFault } = parts;
  let closing = false;
  let running: Promise<void> | undefined;

  async function renewLease(): Promise<boolean> {
    const now = clock.now();
    const until = toInstant(now + LEASE.life);
    return stores.leases.take({ name: LEASE.name, owner: writer, now: toInstant(now), until });
  }

  async function round(): Promise<void> {
    const due = await stores.notices.due(toInstant(clock.now()), PAGE);
    if (due.length === 0 || !(await renewLease())) return;
    try {
      for (let page = due; page.length > 0 && !closing; ) {
        await Promise.all([
          tellMails(page),
          ...page.map((one) => one.way === 'push' && settle(one, tellPush)),
        ]);
        page = (await renewLease()) ? await stores.notices.due(toInstant(clock.now()), PAGE) : [];
      }
      await stores.notices.forget(toInstant(clock.now() - KEPT));
    } finally {
      await stores.leases.leave(LEASE.name, writer);
    }
  }

  /** One after another: many at once would look like an attack to the mail server. */
  async function tellMails(page: readonly WaitingNotice[]): Promise<void> {
    let down: DeliveryResult | undefined;
    for (const notice of page.filter(({ way }) => way === 'mail')) {
      if (closing || !(await renewLease())) return;
      const result = await settle(notice, async (one) => down ?? tellMail(one));
      if (typeof result === 'object' && !result.ok && OF_SERVER.includes(result.fault)) down = result;
    }
  }

  async function settle(
    notice: WaitingNotice,
    attempt: (notice: WaitingNotice) => Promise<Outcome>,
  ): Promise<Outcome | undefined> {
    try {
      const result = await attempt(notice);
      const now = clock.now();
      if (result === 'dropped') await stores.notices.end(notice.id, 'dropped', toInstant(now));
      else if (result === 'later')
        await stores.notices.delay(notice.id, {
          ...{ tries: notice.tries, nextAt: toInstant(now + LOOK), fault: null },
        });
      else if (result.ok) {
        onStep('told');
        await stores.notices.end(notice.id, 'sent', toInstant(now));
      } else {
        const next = nextTry(notice, result, now, crypto);
        if (next === undefined) await giveUp(notice, result.fault, now);
        else await stores.notices.delay(notice.id, next);
      }
      return result;
    } catch (error) {
      onFault(error);
      return undefined;
    }
  }

  /** With a word on the trail, which says neither to whom it was to go nor what it held. */
  async function giveUp(notice: WaitingNotice, fault: DeliveryFault, now: number): Promise<void> {
    const at = toInstant(now);
    const how: NoticeEnd = 'dead';
    await transact(async (tx) => {
      if (!(await tx.notices.end(notice.id, how, at))) return;
      await audit(tx.audit, {
        ...{ at, step: STEPS.admin, event: 'notice given up', actor: 'server', org: notice.org },
        ...{ subject: notice.about, detail: `${notice.kind} by ${notice.way}: ${fault}` },
      });
    });
  }

  async function tellMail(notice: WaitingNotice): Promise<Outcome> {
    if (await isForNobody(notice)) return 'dropped';
    const parts = await mailParts(notice);
    if (parts === 'dropped' || parts === 'later') return parts;
    if (mailer === undefined) return { ok: false, fault: 'not_reached' };
    const { to, ...said } = parts;
    return mailer.send({ id: notice.id, to, ...mailText({ ...said, kind: notice.kind, publicUrl }) });
  }

  async function mailParts({ id, kind, about, operator, sealed }: WaitingNotice) {
    const now = toInstant(clock.now());
    if (kind === 'invitation') {
      const invitation = await stores.invitations.invitation(about);
      if (invitation === undefined || invitation.usedAt !== null || invitation.withdrawnAt !== null)
        return 'dropped';
      if (invitation.expiresAt <= now) return 'dropped';
      if (invitation.waits) return 'later';
    }
    if (sealed !== null) {
      const text = sealer.open(sealed, sealedFor(id));
      // The vault that sealed it is not here any more; whoever asked has to ask again.
      if (text === undefined) return 'dropped';
      return JSON.parse(text) as { to: string; link?: string; code?: string; title?: string };
    }
    const to = operator === null ? undefined : await stores.noticeWishes.address(operator);
    return to === undefined ? 'dropped' : { to };
  }

  async function tellPush(notice: WaitingNotice): Promise<Outcome> {
    const { id, kind, browser: browserId, endsAt } = notice;
    const browser = browserId === null ? undefined : await stores.pushedBrowsers.browser(browserId);
    if (browser === undefined || browser.operator !== notice.operator) return 'dropped';
    if (await isForNobody(notice)) return 'dropped';
    const now = clock.now();
    const pushed = { id, kind, life: fromInstant(endsAt) - now };
    const result = await push(browser, pushed, { key: await key(), now }, pushes);
    if (result.ok || result.fault !== 'not_there') return result;
    await stores.pushedBrowsers.remove(browser.id);
    return 'dropped';
  }

  /** Whether it is too late, the person is gone, or has changed their mind since. */
  async function isForNobody({ kind, way, operator, endsAt }: WaitingNotice): Promise<boolean> {
    if (endsAt <= toInstant(clock.now())) return true;
    if (operator === null) return false;
    const person = await stores.people.person(operator);
    if (person === undefined || person.revokedAt !== null) return true;
    if (kind === 'address' || kind === 'invitation') return false;
    const wish = (await stores.noticeWishes.ofOperator(operator)).find((one) => one.kind === kind);
    return wish?.[way] !== true;
  }

  return {
    run() {
      if (closing) return Promise.resolve();
      running ??= round().finally(() => {
        running = undefined;
      });
      return running;
    },
    async close() {
      closing = true;
      await running;
    },
  };
}
