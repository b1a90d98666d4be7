import { createECDH } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { areUsable, encryptPush } from '../../server/outside/notices/encrypt-push.ts';

/** RFC 8291, section 5 and appendix A. */
const EXAMPLE = {
  plain: 'When I grow up, I want to be a watermelon',
  sender: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  body:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml' +
    'mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT' +
    'pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

describe('a push message', () => {
  it('is what RFC 8291 makes of its example, byte for byte', () => {
    const sender = createECDH('prime256v1');
    sender.setPrivateKey(Buffer.from(EXAMPLE.sender, 'base64url'));
    const given = { salt: Buffer.from(EXAMPLE.salt, 'base64url'), sender, length: 0 };
    expect(encryptPush(Buffer.from(EXAMPLE.plain), EXAMPLE, given).toString('base64url')).toBe(EXAMPLE.body);
  });

  it('is as long whatever it says, and never the same twice', () => {
    const [one, other] = ['a', 'another thing altogether'].map((text) =>
      encryptPush(Buffer.from(text), EXAMPLE),
    );
    expect(one?.length).toBe(other?.length);
    expect(encryptPush(Buffer.from('a'), EXAMPLE)).not.toEqual(one);
  });

  it('can be made for a point on the curve only', () => {
    const { p256dh, auth } = EXAMPLE.keys;
    expect(areUsable(EXAMPLE.keys)).toBe(true);
    expect(areUsable({ p256dh: `${p256dh.slice(0, -4)}AAAA`, auth })).toBe(false);
    expect(areUsable({ p256dh: `B${'A'.repeat(86)}`, auth })).toBe(false);
  });
});
