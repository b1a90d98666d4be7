import { NOTICE_KINDS, type NoticeKind } from '../contract/notice.ts';
import { NOTICE_OF_NEWER, NOTICE_WORDS } from '../core/notice-words.ts';

/** What the system shows of one push. */
export interface ShownNotice {
  readonly title: string;
  readonly text: string;
  /** The same for the same notice, so that of two copies one is shown. */
  readonly tag: string;
}

/**
 * What to show for a push message. Our server says a kind and an id, and never words: whoever else could push has no say over what
 * stands on the screen. A push must be shown whatever it is, or the browser shows words of its own (Push API, section 5.3).
 */
export function noticeOfPush(message: string | undefined): ShownNotice {
  const { kind, id } = parsed(message);
  const known = NOTICE_KINDS.find((one): one is NoticeKind => one === kind);
  const { title, text } = known === undefined ? NOTICE_OF_NEWER : NOTICE_WORDS[known];
  return { title, text, tag: typeof id === 'string' ? id.slice(0, 64) : 'notice' };
}

function parsed(message: string | undefined): { readonly kind?: unknown; readonly id?: unknown } {
  try {
    const value: unknown = JSON.parse(message ?? '');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
