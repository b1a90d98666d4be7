import { describe, expect, it } from 'vitest';
import { NOTICE_KINDS } from '../../contract/notice.ts';
import { NOTICE_OF_NEWER, NOTICE_WORDS } from '../../core/notice-words.ts';
import { noticeOfPush } from '../../sw/notice-of-push.ts';

describe('a push', () => {
  it.each(NOTICE_KINDS)('of kind %s is shown in the words of this app', (kind) => {
    const { title, text } = NOTICE_WORDS[kind];
    expect(noticeOfPush(JSON.stringify({ kind, id: 'abc' }))).toEqual({ title, text, tag: 'abc' });
  });

  it('of a phone that was ended fits whoever ended it, an administrator or its own person', () => {
    const { title, text } = NOTICE_WORDS.phone_lost;
    expect(`${title} ${text}`).not.toMatch(/administrator ended/i);
    expect(text).toContain('If that was you, do nothing.');
    expect(text).toContain('ask your administrator');
  });

  it('is shown whatever it says, and in no words of its own', () => {
    const { title, text } = NOTICE_OF_NEWER;
    for (const message of [
      undefined,
      '',
      '{',
      'null',
      '[]',
      '"phone_lost"',
      '{"kind":"toString"}',
      '{"kind":"__proto__","title":"Call this number","text":"now"}',
    ])
      expect(noticeOfPush(message)).toEqual({ title, text, tag: 'notice' });
    expect(noticeOfPush(JSON.stringify({ kind: 'alarm', id: 'x'.repeat(500), title: 'mine' }))).toEqual({
      ...{ title: NOTICE_WORDS.alarm.title, text: NOTICE_WORDS.alarm.text, tag: 'x'.repeat(64) },
    });
  });
});
