import { utf8 } from '../bytes.ts';
import { udidFromMac } from '../udid.ts';
import type { LabelFormat, LabelResult } from './label.ts';

const FINAL = /^LW:D0:([0-9A-F]{16}):([0-9A-F]{16}):([0-9A-F]{8})((?::[A-Z][^:]{0,64}){0,8})$/i;
/** Drafts 3 and 2, still on devices: the same three numbers under a URN. */
const DRAFTS = [
  /^URN:DEV:LW:([0-9A-F]{16})_([0-9A-F]{16})_([0-9A-F]{8})((?:_[A-Z][^_]{0,64}){0,8})$/i,
  /^URN:LW:DP:([0-9A-F]{16})_([0-9A-F]{16})_([0-9A-F]{8})()$/i,
];

/** O is the owner token, V what draft 3 calls it. Without it the checksum says nothing any more, so it goes too. */
const SPOKEN = /^[OVC]/i;

/**
 * A LoRaWAN device's code (LoRa Alliance TR005): JoinEUI, DevEUI, the profile's number, then fields of one letter each. The
 * DevEUI is the device's EUI-64. Its owner token is for the join server's claim only, so it is cut out and kept nowhere.
 */
export const lorawanFormat: LabelFormat = {
  kind: 'lorawan',
  claims: (text) => /^(?:LW:|URN:DEV:LW:|URN:LW:)/i.test(text),
  parse(text) {
    const final = FINAL.exec(text);
    const found = final ?? DRAFTS.map((form) => form.exec(text)).find((match) => match !== null);
    if (!found) return MALFORMED;
    const [, , eui = '', profile = '', tail = ''] = found;
    const mark = final === null ? '_' : ':';
    const fields = tail.split(mark).slice(1);
    const check = fields.findIndex((field) => /^C/i.test(field));
    if (check >= 0 && !(check === fields.length - 1 && holds(text, fields[check] ?? ''))) return MALFORMED;
    const named = udidFromMac(eui);
    if (!named.ok) return { ok: false, code: named.code === 'mac_blank' ? 'mac_blank' : 'lorawan_malformed' };
    const serial = fields.find((field) => /^S./i.test(field))?.slice(1);
    return {
      ok: true,
      label: {
        kind: 'lorawan',
        udid: named.udid,
        aliases: [eui.toLowerCase(), ...(serial === undefined ? [] : [serial])],
        model: `LoRaWAN ${profile.toUpperCase()}`,
        redacted: [
          text.slice(0, text.length - tail.length),
          ...fields.filter((field) => !SPOKEN.test(field)),
        ].join(mark),
      },
    };
  },
};

const MALFORMED: LabelResult = { ok: false, code: 'lorawan_malformed' };

/** CRC-16/MODBUS over all that stands before the field (found by TR005's own example). */
function holds(text: string, field: string): boolean {
  let crc = 0xffff;
  for (const byte of utf8(text.slice(0, text.length - field.length - 1))) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return field.slice(1).toUpperCase() === crc.toString(16).padStart(4, '0').toUpperCase();
}
