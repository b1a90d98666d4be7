import { DeviceError } from '../../../ports/device.ts';
import type { ListedCredential } from './modem.ts';

/** Where Nordic's own tools and nRF Cloud's firmware put the device's credentials (nRFCloud/utils). */
const DEFAULT_TAG = 16_842_753;
/** Above it tags are the modem's own (AT%CMNG, sec_tag). */
const HIGHEST = 2_147_483_647;

/**
 * The tag this firmware looks in. The list tells only what is there: nothing means the usual one, one tag means that one,
 * and several mean that the site must say.
 */
export function secTagOf(list: readonly ListedCredential[]): number {
  const tags = [...new Set(list.map(({ tag }) => tag).filter((tag) => tag <= HIGHEST))];
  const [only] = tags;
  if (only === undefined || tags.includes(DEFAULT_TAG)) return DEFAULT_TAG;
  if (tags.length === 1) return only;
  throw new DeviceError('sec_tag_unknown', '%CMNG list');
}
