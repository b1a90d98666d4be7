import { udidFromMac } from '../udid.ts';
import type { LabelFormat } from './label.ts';

const PREFIX = /^(?:urn:dev:mac:|MAC[:\s]\s*)/i;
/** Colons are used by nothing else; hyphens and dots by serials too, so there the whole shape must be right. */
const COLONS = /^[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){3,}$/i;
const PAIRS_OR_FOURS = /^(?:[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,7}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2,3})$/i;
const BARE = /^(?:[0-9a-f]{12}|[0-9a-f]{16})$/i;

/** EUI-48 or EUI-64, also as `urn:dev:mac:` (RFC 9039 section 4.1) or printed as `MAC: ...`. */
export const macFormat: LabelFormat = {
  kind: 'mac',
  claims: (text) => PREFIX.test(text) || BARE.test(text) || COLONS.test(text) || PAIRS_OR_FOURS.test(text),
  parse(text) {
    // Article numbers (GTIN-12, 16-digit IMEISV) look the same; a MAC of twelve decimal digits is 1 in 280.
    if (BARE.test(text) && /^[0-9]+$/.test(text)) return { ok: false, code: 'mac_ambiguous' };
    // RFC 9039 lets extra information follow an underscore; it names a part of the device, not another device.
    const result = udidFromMac(text.replace(PREFIX, '').replace(/_.*$/s, ''));
    if (!result.ok) return { ok: false, code: result.code === 'mac_blank' ? 'mac_blank' : 'mac_malformed' };
    return {
      ok: true,
      label: { kind: 'mac', udid: result.udid, aliases: [result.udid.slice('mac-'.length)], redacted: text },
    };
  },
};
