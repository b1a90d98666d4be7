import {
  Number as Decimal,
  Boolean as Flag,
  Integer,
  Array as List,
  Object as Obj,
  type Static,
} from 'typebox/type';
import { CHECK_FAILURES, CHECKS, NOT_CHECKABLE } from './codes.ts';
import {
  Base64Url,
  Digest,
  DomainName,
  Instant,
  Maker,
  Maybe,
  OneOf,
  RecordId,
  SiteId,
  Udid,
  Words,
} from './scalars.ts';

export const LinkKind = OneOf('serial', 'bluetooth', 'usb', 'simulated');
export const CheckResult = Obj(
  {
    check: OneOf(...CHECKS),
    result: OneOf('passed', 'failed', 'not_checkable'),
    code: Maybe(OneOf(...CHECK_FAILURES, ...NOT_CHECKABLE)),
  },
  { additionalProperties: false },
);
export type CheckResult = Static<typeof CheckResult>;

/** What the label said, with any secret cut out before it came here. */
export const LabelEvidence = Obj(
  {
    how: OneOf('camera', 'photo', 'typed', 'simulated'),
    kind: Words(32),
    text: Words(2048),
    aliases: List(Words(128), { maxItems: 16 }),
    publicKey: Maybe(Base64Url(1024)),
    model: Maybe(Words(128)),
  },
  { additionalProperties: false },
);

/** `idevid`: the maker's certificate of the device and what leads to the maker's CA, DER in base64url, joined by dots. */
const Attestation = OneOf('nordic-keygen', 'nordic-attesttoken', 'arduino-jwt', 'idevid');

/** What the device itself said and gave. `publicKey` and `csr` are DER as base64url. */
export const DeviceEvidence = Obj(
  {
    link: LinkKind,
    driver: Words(32),
    firmware: Maybe(Words(128)),
    model: Maybe(Words(128)),
    aliases: List(Words(128), { maxItems: 16 }),
    publicKey: Base64Url(1024),
    csr: Base64Url(8192),
    subjectSaysNothing: Flag(),
    /** Where the public key came from: told by the device, or cut out of its request, which then proves nothing by it. */
    keyFrom: Maybe(OneOf('device', 'csr')),
    possession: OneOf('static', 'fresh'),
    /** What the device was asked to sign is made of these (core/possession.ts). */
    challenge: Maybe(Obj({ pack: Digest, nonce: Digest }, { additionalProperties: false })),
    proof: Maybe(
      Obj({ over: OneOf('challenge', 'jwt'), signature: Base64Url(4096) }, { additionalProperties: false }),
    ),
    /** What the device states under a key that the phone may not know, as it gave it. */
    attestations: Maybe(
      List(Obj({ kind: Attestation, text: Words(6144) }, { additionalProperties: false }), { maxItems: 4 }),
    ),
    /** Whether this firmware takes a certificate from us. Absent: it does. */
    installs: Maybe(Flag()),
  },
  { additionalProperties: false },
);

/** By the phone, with the person's consent. */
export const Location = Obj(
  { latitude: Decimal(), longitude: Decimal(), accuracyMetres: Decimal() },
  { additionalProperties: false },
);

/** Where it stands. Photos are named by the digest of their bytes, which travel later. */
export const Place = Obj(
  {
    site: Maybe(Words(64)),
    position: Maybe(Words(200)),
    location: Maybe(Location),
    photos: List(Obj({ digest: Digest, bytes: Integer({ minimum: 1 }) }, { additionalProperties: false }), {
      maxItems: 3,
    }),
  },
  { additionalProperties: false },
);

/** The record "this operator saw this device prove its key, here, then, for this domain". */
export const Registration = Obj(
  {
    id: RecordId,
    app: Words(32),
    capturedAt: Instant,
    /** Absent where the phone could not tell; the list row decides. */
    maker: Maybe(Maker),
    udid: Udid,
    domain: DomainName,
    place: Place,
    label: LabelEvidence,
    device: DeviceEvidence,
    checks: List(CheckResult, { maxItems: 16 }),
    pack: Digest,
    asFound: Flag(),
    /** Why it is submitted as found, in the person's words, for whoever decides. */
    because: Maybe(Words(300)),
    /**
     * Where the device stood by what the phone knew: the domain, and the digest of the place there (core/place.ts). Another domain
     * than `domain`: the device is moved. The same one: its place is corrected. Where it stands elsewhere by now, nothing changes.
     */
    from: Maybe(Obj({ domain: DomainName, place: Digest }, { additionalProperties: false })),
    /** The device in whose place this one stands from now on. It ends when this one is bound. */
    replaces: Maybe(Obj({ maker: Maker, udid: Udid }, { additionalProperties: false })),
  },
  { additionalProperties: false },
);
export type Registration = Static<typeof Registration>;

/** One that is signed or received now. Registrations that were kept earlier may name an empty site, and are read all the same. */
export const NewRegistration = Obj(
  {
    ...Registration.properties,
    place: Obj({ ...Place.properties, site: Maybe(SiteId) }, { additionalProperties: false }),
  },
  { additionalProperties: false },
);
