import type { NoticeKind } from '../../../contract/notice.ts';
import { NOTICE_LINES, NOTICE_WORDS } from '../../../core/notice-words.ts';
import type { Mail } from './mailer.ts';

/** What a mail says beside its kind's own words. All of it is plain text. */
export interface MailParts {
  readonly kind: NoticeKind;
  /** Address of the app. */
  readonly publicUrl: string;
  readonly link?: string;
  readonly code?: string;
  /** Name of the organisation, as its members see it. */
  readonly title?: string | undefined;
}

export function mailText({ kind, publicUrl, link, code, title }: MailParts): Pick<Mail, 'subject' | 'text'> {
  const { title: subject, text } = NOTICE_WORDS[kind];
  const lines = [
    ...(title === undefined ? [] : [`${NOTICE_LINES.org} ${title}`]),
    ...[text, link, code].filter((line) => line !== undefined),
    `${NOTICE_LINES.from} ${publicUrl}`,
  ];
  return { subject, text: `${lines.join('\n\n')}\n` };
}
