import { Boolean as Flag, Array as List, Object as Obj, type Static, String as Text } from 'typebox/type';
import { Digest, Instant, Maybe, OneOf, Words } from './scalars.ts';

/** What a person may want to be told of while not looking. The mail with an invitation's link is none of these: whoever invites asks for it. */
export const WISHED_KINDS = ['phone_lost', 'alarm'] as const;
export const WishedKind = OneOf(...WISHED_KINDS);
export type WishedKind = Static<typeof WishedKind>;

/** All that goes out. */
export const NOTICE_KINDS = ['invitation', 'address', ...WISHED_KINDS] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/**
 * A mail address: the characters of a browser's field of that type (HTML, section 4.10.5.1.5), and no longer than SMTP takes
 * (RFC 5321, section 4.5.3.1). What could end a header or begin another address is not among them.
 */
const ADDRESS = "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]*";
export const MailAddress = Text({ maxLength: 254, pattern: `^${ADDRESS}$` });

/** PushSubscriptionJSON (Push API, section 8), as far as a sender needs it: a P-256 point of 65 bytes and a secret of 16 (RFC 8291, section 2). */
export const PushSubscription = Obj(
  {
    endpoint: Text({ maxLength: 1024, pattern: '^https://' }),
    keys: Obj(
      {
        p256dh: Text({ pattern: '^B[A-Za-z0-9_-]{86}$' }),
        auth: Text({ pattern: '^[A-Za-z0-9_-]{22}$' }),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
export type PushSubscription = Static<typeof PushSubscription>;

/** By which ways a person wants to be told of one kind. */
export const NoticeWish = Obj(
  { kind: WishedKind, mail: Flag(), push: Flag() },
  { additionalProperties: false },
);
export type NoticeWish = Static<typeof NoticeWish>;

/** What one gets while not looking, and where. */
export const OwnNotices = Obj({
  /** Whether this server sends mail. */
  mail: Flag(),
  /** The confirmed address. */
  address: Maybe(MailAddress),
  /** An address that a code was sent to, and that waits for it. */
  waiting: Maybe(MailAddress),
  /** `applicationServerKey` of the Push API: 65 bytes, base64url. */
  pushKey: Text({ pattern: '^B[A-Za-z0-9_-]{86}$' }),
  wishes: List(NoticeWish, { maxItems: WISHED_KINDS.length }),
  /** Browsers that are told by push. */
  browsers: List(Obj({ id: Digest, label: Words(120), madeAt: Instant }), { maxItems: 16 }),
});
export type OwnNotices = Static<typeof OwnNotices>;

/** Changes what is given and nothing else. */
export const NoticesChange = Obj(
  {
    wishes: Maybe(List(NoticeWish, { maxItems: WISHED_KINDS.length })),
    /** A code goes to it, and it counts once that code came back. Empty: no address any more. */
    address: Maybe(Text({ maxLength: 254, pattern: `^(?:${ADDRESS})?$` })),
    code: Maybe(Text({ pattern: '^[0-9]{8}$' })),
    subscribe: Maybe(PushSubscription),
    /** `id` of a browser that is told no more. */
    unsubscribe: Maybe(Digest),
  },
  { additionalProperties: false },
);
export type NoticesChange = Static<typeof NoticesChange>;
