import { isUdid } from '../udid.ts';
import { MAX_LABEL_LENGTH } from './label.ts';

/** Hyphens and dashes that keyboards put in place of `-`. */
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g;
/** White space and the invisible marks that copying from a message leaves behind. */
const NOISE = /[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+/g;

/**
 * A typed code as parseLabel takes it: full-width characters made plain, dashes to hyphens, spaces and invisible marks out,
 * and in lower case where that makes it a UDID (phones capitalise the first letter). Anything else keeps its case,
 * because a serial's case counts.
 */
export function normaliseTyped(text: string): string {
  if (text.length > MAX_LABEL_LENGTH) return text;
  const plain = text.normalize('NFKC').replace(DASHES, '-').replace(NOISE, '');
  const lower = plain.toLowerCase();
  return isUdid(lower) ? lower : plain;
}
