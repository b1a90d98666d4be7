import { isUdid } from '../udid.ts';
import type { LabelFormat } from './label.ts';

/**
 * A canonical UDID, as our own labels print it. Lower case only: `ABC-1` on a label is somebody's serial, not device `1` of
 * maker `abc`. What a person types is put into lower case first (normalise-typed.ts).
 */
export const udidFormat: LabelFormat = {
  kind: 'udid',
  claims: isUdid,
  parse: (text) =>
    isUdid(text)
      ? { ok: true, label: { kind: 'udid', udid: text, aliases: [], redacted: text } }
      : { ok: false, code: 'udid_no_scheme' },
};
