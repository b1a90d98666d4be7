import { Boolean as Flag, Array as List, Object as Obj, type Static, String as Text } from 'typebox/type';
import { ListRow } from './list-row.ts';
import { Role } from './operator.ts';
import { Location } from './registration.ts';
import { Audience, Base64Url, Digest, DomainName, Instant, Maybe, OrgName, Pem, Words } from './scalars.ts';

/** Most open sites of one domain. */
export const MOST_SITES = 5_000;

/** An operational domain this operator may bind devices to. `anchorPem`: what its devices trust for its services. */
export const PackDomain = Obj(
  {
    name: DomainName,
    title: Words(120),
    sites: List(
      Obj({ id: Words(64), title: Words(120), location: Maybe(Location) }, { additionalProperties: false }),
      {
        maxItems: MOST_SITES,
      },
    ),
    anchorPem: Pem(8192),
  },
  { additionalProperties: false },
);
export type PackDomain = Static<typeof PackDomain>;

/** First 12 bytes of SHA-256(salt ‖ UDID ‖ SPKI), base64url: says "on the list", names nobody. */
export const RowDigest = Text({ pattern: '^[A-Za-z0-9_-]{16}$' });

/**
 * What a phone takes along: everything that steps 1 to 7 and 10 need without signal. One pack per organisation, so
 * that a training organisation's trust never stands beside a real one's.
 */
export const WorkPack = Obj(
  {
    aud: Audience,
    org: OrgName,
    role: Role,
    training: Flag(),
    issuedAt: Instant,
    notAfter: Instant,
    app: Words(32),
    challenge: Obj({ value: Digest, notAfter: Instant }, { additionalProperties: false }),
    domains: List(PackDomain, { maxItems: 500 }),
    bundlePem: Pem(16384),
    crl: Base64Url(4 * 1024 * 1024),
    salt: Digest,
    rows: List(ListRow, { maxItems: 20000 }),
    digests: List(RowDigest, { maxItems: 1000000 }),
    tombstones: List(Digest, { maxItems: 100000 }),
  },
  { additionalProperties: false },
);
export type WorkPack = Static<typeof WorkPack>;
