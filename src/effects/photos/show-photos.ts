import type { PhotosOfRecord } from '../../../contract/photo.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import type { BackendResult } from '../../ports/backend.ts';
import type { ArchivedPhoto } from '../../ports/photos.ts';

export interface PhotoArchive {
  photosOfRecord(org: string, record: string): Promise<BackendResult<PhotosOfRecord['photos']>>;
  photo(org: string, digest: string): Promise<BackendResult<Uint8Array>>;
}

/** The photos a record names, each held against the digest in it. */
export async function showPhotos(
  archive: PhotoArchive,
  crypto: CryptoPort,
  org: string,
  record: string,
): Promise<BackendResult<readonly ArchivedPhoto[]>> {
  const named = await archive.photosOfRecord(org, record);
  if (!named.ok) return named;
  const shown: ArchivedPhoto[] = [];
  for (const photo of named.value) {
    if (!photo.here) {
      shown.push({ ...photo, data: undefined });
      continue;
    }
    const answer = await archive.photo(org, photo.digest);
    if (!answer.ok) return answer;
    const same = (await crypto.digest(answer.value)) === photo.digest;
    shown.push({ ...photo, data: same ? answer.value : 'changed' });
  }
  return { ok: true, value: shown };
}
