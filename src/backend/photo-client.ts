import { PhotoAnswer, PhotoProgress, PhotosOfRecord } from '../../contract/photo.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import type { BackendResult } from '../ports/backend.ts';
import type { PhotoBackend } from '../ports/photos.ts';
import { fail, postJson, read, request } from './request.ts';

export const photoClient: PhotoBackend & {
  photosOfRecord(org: string, record: string): Promise<BackendResult<PhotosOfRecord['photos']>>;
  photo(org: string, digest: string): Promise<BackendResult<Uint8Array>>;
} = {
  async sendPart(part, signal) {
    const answer = read(await request('/api/photos', postJson(part), signal), PhotoProgress);
    // Who answers for another photo is not our backend.
    return answer.ok && answer.value.digest !== part.digest ? fail({ kind: 'not_our_backend' }) : answer;
  },
  async photosOfRecord(org, record) {
    const query = new URLSearchParams({ org, record });
    const answer = read(await request(`/api/photos?${query}`, {}), PhotosOfRecord);
    return answer.ok ? { ok: true, value: answer.value.photos } : answer;
  },
  async photo(org, digest) {
    const query = new URLSearchParams({ org });
    const answer = read(await request(`/api/photos/${digest}?${query}`, {}), PhotoAnswer);
    if (!answer.ok) return answer;
    const data = fromBase64Url(answer.value.data);
    return data === undefined ? fail({ kind: 'not_our_backend' }) : { ok: true, value: data };
  },
};
