import { Enum, Optional, type TEnum, String as Text, type TSchema } from 'typebox/type';

/** SHA-256 as base64url without padding: 43 characters. */
export const Digest = Text({ pattern: '^[A-Za-z0-9_-]{43}$' });

/** UTC time with milliseconds, RFC 3339: one spelling only, so that text order is time order. */
export const Instant = Text({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });

/** Names one life of an installation's database: 128 random bits, base64url. */
export const EraId = Text({ pattern: '^[A-Za-z0-9_-]{22}$' });

/** UUIDv7 (RFC 9562 section 5.7) in lower case. Whoever creates a thing creates its id. */
export const RecordId = Text({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
});

export const Uuid = Text({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });

/** Canonical UDID; core/udid.ts decides its inner form. */
export const Udid = Text({ pattern: '^[a-z0-9-]{1,63}$' });

/** Maker's name: the scheme prefix of its UDIDs, and part of a device's identity. */
export const Maker = Text({ pattern: '^[a-z][a-z0-9]{1,15}$' });

export const OrgName = Text({ pattern: '^[a-z][a-z0-9-]{1,30}$' });

/** Operational domain; core/name.ts decides its inner form. */
export const DomainName = Text({ minLength: 3, maxLength: 64, pattern: '^[a-z0-9.-]+$' });

/** Installation identity: the audience of every signature. */
export const Audience = Text({ minLength: 1, maxLength: 128, pattern: '^[a-z0-9.:-]+$' });

/** base64url bytes, at most `max` characters. */
export const Base64Url = (max: number) => Text({ maxLength: max, pattern: '^[A-Za-z0-9_-]*$' });

/** Compact JWS, at most `max` characters. */
export const CompactJws = (max: number) =>
  Text({ maxLength: max, pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$' });

/** PEM text, at most `max` characters. */
export const Pem = (max: number) => Text({ maxLength: max, pattern: '^(-----BEGIN |$)' });

/** A site's name within its domain, and what people call it: no control characters, for it stands in lists and on maps. */
export const SiteId = Text({ minLength: 1, maxLength: 64 });
export const SiteTitle = Text({
  minLength: 1,
  maxLength: 120,
  pattern: '^[^\\u0000-\\u001f\\u007f]*\\S[^\\u0000-\\u001f\\u007f]*$',
});

/** Words a person typed or will read; never markup. */
export const Words = (max: number) => Text({ maxLength: max });

/** Optional without `undefined`: absent or present. */
export const Maybe = <T extends TSchema>(schema: T) => Optional(schema);

/** Closed list of words. */
export const OneOf = <T extends string[]>(...words: readonly [...T]): TEnum<T> => Enum<T>(words);
