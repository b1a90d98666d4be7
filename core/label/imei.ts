import { udidFromImei } from '../udid.ts';
import type { LabelFormat } from './label.ts';

const PREFIX = /^IMEI[:\s]\s*/i;

/** A bare IMEI, or one printed as `IMEI: ...`. 15 digits are always taken for one: nothing else here has that length. */
export const imeiFormat: LabelFormat = {
  kind: 'imei',
  claims: (text) => PREFIX.test(text) || /^[0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{6}[ -]?[0-9]$/.test(text),
  parse(text) {
    const result = udidFromImei(text.replace(PREFIX, ''));
    if (!result.ok) return { ok: false, code: codeOf(result.code) };
    const aliases = [result.udid.slice('imei-'.length)];
    return { ok: true, label: { kind: 'imei', udid: result.udid, aliases, redacted: text } };
  },
};

function codeOf(code: string): 'imei_blank' | 'imei_check_digit' | 'imei_malformed' {
  return code === 'imei_blank' || code === 'imei_check_digit' ? code : 'imei_malformed';
}
