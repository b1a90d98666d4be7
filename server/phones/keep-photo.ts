import { parse } from '../../contract/parse.ts';
import { MAX_PHOTO_BYTES, type PhotoKept, type PhotoPart, type PhotoProgress } from '../../contract/photo.ts';
import { Registration } from '../../contract/registration.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import type { StoredPhoto } from '../ports/photos.ts';
import type { StoredRecord } from '../ports/records.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import type { StatementKeys } from '../trail/statement-keys.ts';

/** Quota of one organisation: about 50,000 photos. One person may bring half of them, so that nobody fills it alone. */
export const PHOTO_QUOTA_BYTES = 20 * 1024 ** 3;
const SHARE_OF_ONE = 0.5;
/** An upload that went no further for so long gives its room back when it is needed; the phone then begins anew. */
const UNFINISHED = 7 * 24 * 3_600_000;
/** JPEG begins with SOI and the first byte of a marker (ITU-T T.81, annex B). */
const JPEG = [0xff, 0xd8, 0xff] as const;

export interface PhotoParts {
  readonly stores: Needs<'records' | 'photos'>;
  readonly transact: Transact<'photos'>;
  readonly statementKeys: StatementKeys;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly aud: string;
  readonly quota?: number;
}

/** Who brings a photo, and the organisations that person is of. */
export interface Uploader {
  readonly operator: string;
  readonly orgs: readonly string[];
}

/** Takes photos, part by part. */
export interface PhotoIntake {
  keepPart(part: PhotoPart, by: Uploader): Promise<KeepResult>;
}

export type KeepResult =
  | { readonly ok: true; readonly progress: PhotoProgress }
  /** `not_named`: no received record of the uploader's organisations names the photo. */
  | { readonly ok: false; readonly reason: 'not_named' | 'too_large' | 'unfit' | 'quota' };

/** The photos that a record names. Only registrations name photos. */
export function photosNamed(record: StoredRecord | undefined) {
  return parse(Registration, record?.payload)?.place.photos ?? [];
}

/**
 * Stores one part if it begins where the photo ends so far, and returns the progress. Only a photo that a received
 * record names is stored, so nobody can fill the store with anything else. Room is taken by bytes that came, and by no
 * promise of them: an empty part only asks. Once all bytes are here, the digest decides; the answer is then signed, and
 * repeated for a phone that did not receive it.
 */
export async function keepPart(
  part: PhotoPart,
  { operator, orgs }: Uploader,
  parts: PhotoParts,
): Promise<KeepResult> {
  const record = await parts.stores.records.record(part.record);
  const org = record?.header.org;
  const named = photosNamed(record).find(({ digest }) => digest === part.digest);
  if (org === undefined || !orgs.includes(org) || named === undefined)
    return { ok: false, reason: 'not_named' };
  const data = fromBase64Url(part.data);
  if (named.bytes > MAX_PHOTO_BYTES) return { ok: false, reason: 'too_large' };
  if (data === undefined || part.offset + data.length > named.bytes) return { ok: false, reason: 'unfit' };
  if (part.offset === 0 && data.length > 0 && !JPEG.every((byte, i) => data[i] === byte)) {
    return { ok: false, reason: 'unfit' };
  }
  const now = parts.clock.now();
  const at = toInstant(now);
  const quota = parts.quota ?? PHOTO_QUOTA_BYTES;
  const photo = await parts.transact(async ({ photos }) => {
    const stored = await photos.photo(org, part.digest);
    const stands = stored?.have ?? 0;
    const takes = (stored?.keptAt ?? null) === null && stands === part.offset && data.length > 0;
    // A photo is not begun in vain: at first there must be room for all of it.
    const needed = stored === undefined ? named.bytes : takes ? data.length : 0;
    const hasRoom = () => isRoom(org, operator, needed, quota, photos);
    if (needed > 0 && !(await hasRoom())) {
      await photos.dropUnfinished(org, toInstant(now - UNFINISHED), part.digest);
      if (!(await hasRoom())) return undefined;
    }
    if (takes) {
      if (stored === undefined)
        await photos.begin({ org, digest: part.digest, bytes: named.bytes, operator, at });
      await photos.add(org, part.digest, stands, data, at);
      if (stands + data.length === named.bytes) await settleWhole(org, part.digest, at, parts.crypto, photos);
    }
    const nothing = { org, digest: part.digest, bytes: named.bytes, have: 0, keptAt: null };
    return (await photos.photo(org, part.digest)) ?? nothing;
  });
  if (photo === undefined) return { ok: false, reason: 'quota' };
  return { ok: true, progress: await progressOf(photo, parts) };
}

async function isRoom(
  org: string,
  operator: string,
  needed: number,
  quota: number,
  photos: Needs<'photos'>['photos'],
): Promise<boolean> {
  if ((await photos.bytesOf(org)) + needed > quota) return false;
  return (await photos.bytesOf(org, operator)) + needed <= quota * SHARE_OF_ONE;
}

async function settleWhole(
  org: string,
  digest: string,
  at: string,
  crypto: CryptoPort,
  photos: Needs<'photos'>['photos'],
): Promise<void> {
  const whole = await photos.data(org, digest);
  if ((await crypto.digest(whole)) === digest) await photos.keep(org, digest, at);
  else await photos.dropParts(org, digest);
}

async function progressOf(
  { org, digest, bytes, have, keptAt }: StoredPhoto,
  parts: PhotoParts,
): Promise<PhotoProgress> {
  if (keptAt === null) return { digest, have };
  const payload: PhotoKept = { aud: parts.aud, org, digest, bytes, at: keptAt };
  const { jws } = await (await parts.statementKeys.active()).sign('photo+jws', payload);
  return { digest, have, kept: jws };
}
