import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import type { LabelReader } from '../../ports/label-reader.ts';
import type { PhotoStore, PhotoTools } from '../../ports/photos.ts';
import { codeOf } from '../trouble.ts';
import { type PhotoArchive, showPhotos } from './show-photos.ts';
import { takePhoto } from './take-photo.ts';

/** A photo whose registration was not saved within it is nobody's. */
const LOOSE_PHOTO_MS = 24 * 3600 * 1000;

interface PhotoToolPorts {
  readonly store: PhotoStore;
  readonly archive: PhotoArchive;
  readonly labels: () => Promise<LabelReader>;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
}

/** Photos as evidence: taken for a registration, and shown of one. */
export function photoTools({ store, archive, labels, crypto, clock }: PhotoToolPorts): PhotoTools {
  const findCode = async (picture: Blob) => {
    try {
      return (await (await labels()).readPhoto(picture)).outline;
    } catch (error) {
      if (codeOf(error) === 'no_code_found') return undefined;
      throw error;
    }
  };
  return {
    store,
    async take(file, udid) {
      await store.sweep(clock.now() - LOOSE_PHOTO_MS);
      return takePhoto({ photos: store, crypto, clock, findCode }, file, udid);
    },
    ofRecord: (org, record) => showPhotos(archive, crypto, org, record),
  };
}
