import type { WishedKind } from '../../contract/notice.ts';
import type { OrgName } from './issuer-name.ts';
import type { Needs } from './stores.ts';

/** What is written beside the change that a notice is about: both are durable, or neither. */
export type NoticeStores = Needs<'notices' | 'noticeWishes' | 'pushedBrowsers'>;

export interface InvitedByMail {
  readonly invitation: string;
  readonly to: string;
  readonly link: string;
  /** Name of the organisation, as its members see it. */
  readonly title: string | undefined;
  readonly org: OrgName | null;
  readonly expiresAt: string;
}

/** Tells people what they have to know while they are not looking. What is told, and to whom, is durable; telling it comes later. */
export interface Notifier {
  /** Sends an invitation's link to the invited address. False where this server sends no mail. */
  invite(invited: InvitedByMail, tx: Pick<NoticeStores, 'notices'>): Promise<boolean>;
  /** Tells a person, in each way they agreed to. `about` says what it is about, so that it is told once; they are not shown it. */
  tell(
    notice: {
      readonly kind: WishedKind;
      readonly operator: string;
      readonly org: OrgName | null;
      readonly about: string;
    },
    tx: NoticeStores,
  ): Promise<void>;
  /** An alarm to the administrators of an organisation; with null, to those of the installation. */
  alarm(
    alarm: { readonly org: OrgName | null; readonly about: string },
    tx: NoticeStores & Needs<'people' | 'installationAdministrators'>,
  ): Promise<void>;
}
