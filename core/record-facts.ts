import type { Registration } from '../contract/registration.ts';
import type { CryptoPort } from './crypto.ts';
import { placeDigest } from './place.ts';

/** What a list of devices shows of a registration, without opening its envelope. */
export interface RecordFacts {
  readonly place: {
    readonly site?: string;
    readonly siteTitle?: string;
    readonly position?: string;
    /** {@link placeDigest} */
    readonly digest: string;
  };
  /** A visit that says that the device stands elsewhere than this phone knew. One that leaves it there overwrites nobody's place. */
  readonly corrects?: true;
  readonly names: readonly string[];
  readonly model?: string;
  readonly maker?: string;
}

/** Of label and device, each name once. */
export async function factsOf(
  { domain, place, label, device, maker, from }: Registration,
  crypto: Pick<CryptoPort, 'digest'>,
  siteTitle?: string,
): Promise<RecordFacts> {
  const { site, position } = place;
  const model = device.model ?? label.model;
  return {
    place: {
      digest: await placeDigest({ domain, site, position }, crypto),
      ...(site === undefined ? {} : { site }),
      ...(siteTitle === undefined ? {} : { siteTitle }),
      ...(position === undefined ? {} : { position }),
    },
    ...(from === undefined ? {} : { corrects: true }),
    names: [...new Set([...label.aliases, ...device.aliases])].slice(0, 16),
    ...(model === undefined ? {} : { model }),
    ...(maker === undefined ? {} : { maker }),
  };
}
