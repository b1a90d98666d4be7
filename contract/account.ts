import {
  Boolean as Flag,
  Integer,
  Array as List,
  Object as Obj,
  type Static,
  String as Text,
} from 'typebox/type';
import { MailAddress } from './notice.ts';
import { OperatorId, Role } from './operator.ts';
import { Base64Url, Digest, Instant, Maybe, OneOf, OrgName, Uuid, Words } from './scalars.ts';

/**
 * What is not seen: control characters (C0, C1), line and paragraph separators, marks of text direction, fillers, and tags (Unicode
 * general categories Cc, Zl, Zp and Cf). Joiners stand in names of some scripts, so they are let through, and make no name alone.
 */
const UNSEEN =
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\u{e0000}-\u{e007f}';
/** What a person or an organisation is called: it stands in lists and sentences, and is not blank. */
export const PersonName = Text({
  minLength: 1,
  maxLength: 120,
  pattern: `^[^${UNSEEN}]*[^\\s\\u200c\\u200d${UNSEEN}][^${UNSEEN}]*$`,
});

/** Names a passkey: the credential id of WebAuthn, at most 1023 bytes (WebAuthn level 3, section 4). */
const CredentialId = Text({ minLength: 1, maxLength: 1364, pattern: '^[A-Za-z0-9_-]+$' });
/** Where an authenticator may be reached, in WebAuthn's own words; new ones are let through. */
const Transports = List(Text({ maxLength: 32, pattern: '^[a-z-]+$' }), { maxItems: 8 });

/** PublicKeyCredentialCreationOptionsJSON (WebAuthn level 3, section 5.1.8), as far as we fill it. */
export const RegistrationOptions = Obj({
  rp: Obj({ id: Words(253), name: Words(64) }),
  user: Obj({ id: Base64Url(64), name: Words(120), displayName: Words(120) }),
  challenge: Base64Url(64),
  pubKeyCredParams: List(Obj({ alg: Integer(), type: OneOf('public-key') }), { maxItems: 8 }),
  timeout: Integer({ minimum: 0 }),
  excludeCredentials: List(
    Obj({ id: CredentialId, type: OneOf('public-key'), transports: Maybe(Transports) }),
    { maxItems: 32 },
  ),
  authenticatorSelection: Obj({
    residentKey: OneOf('required'),
    requireResidentKey: Flag(),
    userVerification: OneOf('required'),
  }),
  attestation: OneOf('none'),
});
export type RegistrationOptions = Static<typeof RegistrationOptions>;

/** PublicKeyCredentialRequestOptionsJSON: no credential is named, so that nobody learns who has which. */
export const SignInChallenge = Obj({
  rpId: Words(253),
  challenge: Base64Url(64),
  timeout: Integer({ minimum: 0 }),
  userVerification: OneOf('required'),
  allowCredentials: List(Obj({}), { maxItems: 0 }),
});
export type SignInChallenge = Static<typeof SignInChallenge>;

/** RegistrationResponseJSON; what else browsers add is passed over. */
export const RegistrationResponse = Obj({
  id: CredentialId,
  rawId: CredentialId,
  type: OneOf('public-key'),
  response: Obj({
    clientDataJSON: Base64Url(4_096),
    attestationObject: Base64Url(16_384),
    transports: Maybe(Transports),
  }),
  clientExtensionResults: Obj({}),
});
export type RegistrationResponse = Static<typeof RegistrationResponse>;

/** AuthenticationResponseJSON; what else browsers add is passed over. */
export const AuthenticationResponse = Obj({
  id: CredentialId,
  rawId: CredentialId,
  type: OneOf('public-key'),
  response: Obj({
    clientDataJSON: Base64Url(4_096),
    authenticatorData: Base64Url(4_096),
    signature: Base64Url(2_048),
    userHandle: Maybe(Base64Url(128)),
  }),
  clientExtensionResults: Obj({}),
});
export type AuthenticationResponse = Static<typeof AuthenticationResponse>;

export const PasskeyName = Obj({ id: CredentialId }, { additionalProperties: false });
export const PasskeySignIn = Obj({ response: AuthenticationResponse }, { additionalProperties: false });

/** The secret of an invitation: 32 random bytes. It stands behind the `#` of a link, which browsers send to nobody. */
export const InvitationToken = Text({ pattern: '^[A-Za-z0-9_-]{43}$' });

/**
 * What an invitation is for: the first administrator of an installation (`set-up`), a new person (`join`), another device of
 * the person who made it (`device`), or a person who lost all passkeys (`recovery`).
 */
export const INVITATION_KINDS = ['set-up', 'join', 'device', 'recovery'] as const;
export const InvitationKind = OneOf(...INVITATION_KINDS);
export type InvitationKind = Static<typeof InvitationKind>;

export const InvitationRead = Obj({ token: InvitationToken }, { additionalProperties: false });
/** An invitation as whoever holds its link sees it. */
export const InvitationShown = Obj({
  kind: InvitationKind,
  /** Of the person, as whoever invites wrote it; nobody's yet at set-up. */
  name: Maybe(Words(120)),
  org: Maybe(OrgName),
  title: Maybe(Words(120)),
  role: Maybe(Role),
  /** Name of whoever made it. */
  by: Maybe(Words(120)),
  expiresAt: Instant,
});
export type InvitationShown = Static<typeof InvitationShown>;

/** At set-up: the first organisation. */
export const FirstOrg = Obj({ name: OrgName, title: PersonName }, { additionalProperties: false });

export const InvitationAccept = Obj(
  { token: InvitationToken, name: Maybe(PersonName), org: Maybe(FirstOrg) },
  { additionalProperties: false },
);
export type InvitationAccept = Static<typeof InvitationAccept>;
export const InvitationTake = Obj(
  { token: InvitationToken, response: RegistrationResponse },
  { additionalProperties: false },
);

/** A link to accept an invitation by, shown once: the server keeps a digest of its secret only. */
export const InvitationLink = Obj({
  id: Uuid,
  link: Words(512),
  expiresAt: Instant,
  waits: Flag(),
  /** Whether it goes by mail as well; only where an address was given. */
  mailed: Maybe(Flag()),
});
export type InvitationLink = Static<typeof InvitationLink>;

/** A passkey of one's own. */
export const OwnPasskey = Obj({
  id: CredentialId,
  label: Words(120),
  madeAt: Instant,
  usedAt: Maybe(Instant),
  /** A passkey that its maker keeps a copy of (WebAuthn level 3, section 6.1.3). */
  backedUp: Flag(),
});
export type OwnPasskey = Static<typeof OwnPasskey>;
export const OwnPasskeys = Obj({ passkeys: List(OwnPasskey, { maxItems: 32 }) });

/** A phone of one's own: an operator key that signs records for this person. */
export const OwnPhone = Obj({
  kid: Digest,
  enrolledAt: Instant,
  reportedAt: Maybe(Instant),
  unsent: Integer({ minimum: 0 }),
  revokedAt: Maybe(Instant),
});
export type OwnPhone = Static<typeof OwnPhone>;
export const OwnPhones = Obj({ phones: List(OwnPhone, { maxItems: 64 }) });

/** One who works in an organisation, as its administrators see them. */
export const OrgPerson = Obj({
  operator: OperatorId,
  name: Words(120),
  role: Role,
  passkeys: Integer({ minimum: 0 }),
  sessions: Integer({ minimum: 0 }),
  lastSeenAt: Maybe(Instant),
  phones: List(
    Obj({
      kid: Digest,
      reportedAt: Maybe(Instant),
      unsent: Integer({ minimum: 0 }),
      revokedAt: Maybe(Instant),
    }),
    { maxItems: 64 },
  ),
});
export type OrgPerson = Static<typeof OrgPerson>;
export const OpenInvitation = Obj({
  id: Uuid,
  kind: InvitationKind,
  name: Words(120),
  role: Maybe(Role),
  by: Words(120),
  madeAt: Instant,
  expiresAt: Instant,
  /** Waits for a second administrator. */
  waits: Flag(),
});
export type OpenInvitation = Static<typeof OpenInvitation>;
export const OrgPeople = Obj({
  people: List(OrgPerson, { maxItems: 2_000 }),
  invitations: List(OpenInvitation, { maxItems: 500 }),
});
export type OrgPeople = Static<typeof OrgPeople>;

/** Invites a new person, or one who lost all passkeys (`operator`). */
export const Invite = Obj(
  {
    name: PersonName,
    role: Maybe(Role),
    operator: Maybe(OperatorId),
    /** Where the link is sent, if this server sends mail. */
    email: Maybe(MailAddress),
  },
  { additionalProperties: false },
);
export type Invite = Static<typeof Invite>;
const Because = Text({ minLength: 1, maxLength: 300, pattern: '\\S' });
export const RoleChange = Obj({ role: Maybe(Role), because: Because }, { additionalProperties: false });
export const PhoneEnd = Obj({ because: Because }, { additionalProperties: false });

/** An organisation as an installation administrator sees it. */
export const InstalledOrg = Obj({
  name: OrgName,
  title: Words(120),
  training: Flag(),
  people: Integer({ minimum: 0 }),
  /** Names of its administrators. */
  administrators: List(Words(120), { maxItems: 64 }),
});
export const InstalledOrgs = Obj({
  orgs: List(InstalledOrg, { maxItems: 10_000 }),
  /** Of people whom no single organisation may recover. */
  recoveries: List(OpenInvitation, { maxItems: 500 }),
});
export type InstalledOrgs = Static<typeof InstalledOrgs>;
/** A new organisation, and whom it is made for: its first administrator, who is invited. */
export const NewOrg = Obj(
  { name: OrgName, title: PersonName, administrator: PersonName },
  { additionalProperties: false },
);
export const AdministratorInvite = Obj({ name: PersonName }, { additionalProperties: false });
export const Recovery = Obj({ because: Because }, { additionalProperties: false });
export const InstallationChange = Obj({ isOne: Flag(), because: Because }, { additionalProperties: false });
