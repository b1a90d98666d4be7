import { arduinoFormat } from './arduino.ts';
import { dppFormat } from './dpp.ts';
import { espFormat } from './esp.ts';
import { imeiFormat } from './imei.ts';
import { type LabelFormat, type LabelResult, MAX_LABEL_LENGTH } from './label.ts';
import { lorawanFormat } from './lorawan.ts';
import { macFormat } from './mac.ts';
import { matterFormat } from './matter.ts';
import { udidFormat } from './udid-text.ts';
import { uuidFormat } from './uuid.ts';

/** In the order they are asked: formats with a prefix, then those with a check digit, then plain ones. */
const FORMATS: readonly LabelFormat[] = [
  dppFormat,
  espFormat,
  lorawanFormat,
  imeiFormat,
  matterFormat,
  uuidFormat,
  macFormat,
  arduinoFormat,
  udidFormat,
];

/** Meaning of a scanned or typed code. Hostile text is refused with a code; nothing throws. */
export function parseLabel(text: string): LabelResult {
  if (text.length > MAX_LABEL_LENGTH || !text.isWellFormed()) return { ok: false, code: 'label_unreadable' };
  const bare = text.trim();
  if (bare === '') return { ok: false, code: 'label_unreadable' };
  const format = FORMATS.find((candidate) => candidate.claims(bare));
  if (format !== undefined) return format.parse(bare);
  // What a serial looks like; anything with other marks in it is a different kind of code altogether.
  return {
    ok: false,
    code: /^[A-Za-z0-9][A-Za-z0-9._/ -]{0,62}$/.test(bare) ? 'udid_no_scheme' : 'label_unknown',
  };
}
