import type { NoticeKind, WishedKind } from '../../../contract/notice.ts';
import { utf8 } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import type { OrgName } from '../../ports/issuer-name.ts';
import type { Notice } from '../../ports/notices.ts';
import type { NoticeStores, Notifier } from '../../ports/notifier.ts';
import type { Sealer } from '../../ports/sealer.ts';

/** After two days nobody is helped by hearing of it: whoever opens the app sees what is. */
const LIFE = 48 * 3_600_000;

export interface NotifierParts {
  /** Whether this server sends mail. */
  readonly mail: boolean;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly crypto: Pick<CryptoPort, 'digest'>;
}

/** Purpose of what is sealed in a notice. */
export const sealedFor = (id: string) => `notice ${id}`;

/** Names a notice by all that makes it another one. */
export function noticeId(
  { kind, about, operator, way, browser }: Pick<Notice, 'kind' | 'about' | 'operator' | 'way' | 'browser'>,
  { digest }: Pick<CryptoPort, 'digest'>,
): Promise<string> {
  return digest(utf8(JSON.stringify(['notice', kind, about, operator, way, browser])));
}

export function notifier({ mail, sealer, clock, crypto }: NotifierParts): Notifier {
  interface Told {
    readonly kind: WishedKind;
    readonly operator: string;
    readonly org: OrgName | null;
    readonly about: string;
  }

  async function add(
    notice: { readonly kind: NoticeKind } & Pick<Notice, 'way' | 'org' | 'operator' | 'browser' | 'about'>,
    tx: Pick<NoticeStores, 'notices'>,
  ): Promise<void> {
    const now = clock.now();
    const id = await noticeId(notice, crypto);
    const times = { madeAt: toInstant(now), endsAt: toInstant(now + LIFE) };
    await tx.notices.add({ ...notice, ...times, id, sealed: null });
  }

  async function tell({ kind, operator, org, about }: Told, tx: NoticeStores): Promise<void> {
    const wish = (await tx.noticeWishes.ofOperator(operator)).find((one) => one.kind === kind);
    const notice = { kind, operator, org, about };
    if (wish?.mail === true && mail && (await tx.noticeWishes.address(operator)) !== undefined)
      await add({ ...notice, way: 'mail', browser: null }, tx);
    if (wish?.push === true)
      for (const { id } of await tx.pushedBrowsers.ofOperator(operator))
        await add({ ...notice, way: 'push', browser: id }, tx);
  }

  return {
    async invite({ invitation, to, link, title, org, expiresAt }, tx) {
      if (!mail) return false;
      const about = invitation;
      const notice = { kind: 'invitation', way: 'mail', org, operator: null, browser: null, about } as const;
      const id = await noticeId(notice, crypto);
      const sealed = sealer.seal(JSON.stringify({ to, link, title }), sealedFor(id));
      await tx.notices.add({
        ...{ ...notice, id, sealed, madeAt: toInstant(clock.now()), endsAt: expiresAt },
      });
      return true;
    },
    tell,
    async alarm({ org, about }, tx) {
      const told =
        org === null ? await tx.installationAdministrators.all() : await tx.people.administrators(org);
      for (const operator of told) await tell({ kind: 'alarm', operator, org, about }, tx);
    },
  };
}
