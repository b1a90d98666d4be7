import { Boolean as Flag, Array as List, Object as Obj, type Static, String as Text } from 'typebox/type';
import { ListRow } from './list-row.ts';
import { Audience, Base64Url, CompactJws, Digest, OrgName } from './scalars.ts';
import { RowDigest } from './work-pack.ts';

/** Bytes of a row's digest: the first of SHA-256(salt ‖ UDID ‖ SPKI). */
export const ROW_DIGEST_BYTES = 12;
/** Most changes in one answer. */
export const MOST_CHANGES = 50_000;
/** Most rows of its own organisation that a phone keeps as they are; older ones are digests to it. */
export const MOST_PLAIN_ROWS = 20_000;

/** Place among the changes of a list; opaque to the page. Empty: before the first. */
export const ListCursor = Text({ pattern: '^([A-Za-z0-9_-]{16}\\.[0-9]{1,15}\\.[0-9]{1,15})?$' });

const digests = (most: number) => Base64Url(most * ROW_DIGEST_BYTES * 2);

/**
 * What changed in the maker's list since a phone asked last. The digests themselves come beside this statement, which
 * names them by the SHA-256 of their bytes, so that they are not encoded twice. Own rows come as they are too.
 */
export const ListChanges = Obj(
  {
    aud: Audience,
    org: OrgName,
    /** Where these changes begin. Empty: what the phone has of the list is to be forgotten first. */
    after: ListCursor,
    to: ListCursor,
    /** There are more changes after these. */
    more: Flag(),
    /** The backend knows the digest of every row. */
    whole: Flag(),
    salt: Digest,
    digests: Digest,
    /** Digests that no row has any more. */
    gone: digests(MOST_CHANGES),
    /** Digests of rows that are another organisation's now. */
    moved: digests(MOST_CHANGES),
    rows: List(Obj({ digest: RowDigest, row: ListRow }, { additionalProperties: false }), {
      maxItems: MOST_PLAIN_ROWS,
    }),
  },
  { additionalProperties: false },
);
export type ListChanges = Static<typeof ListChanges>;

/** `digests`: of every row that was added or changed, one after the other. */
export const ListChangesAnswer = Obj({ list: CompactJws(16 * 1024 * 1024), digests: digests(MOST_CHANGES) });
export type ListChangesAnswer = Static<typeof ListChangesAnswer>;
