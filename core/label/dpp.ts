import { type Bytes, fromBase64 } from '../bytes.ts';
import { type Udid, udidFromMac } from '../udid.ts';
import { uncompressedSpki } from './compressed-point.ts';
import type { LabelErrorCode, LabelFormat } from './label.ts';

const PREFIX = 'DPP:';

/**
 * Wi-Fi Easy Connect bootstrapping URI (Wi-Fi Alliance, Easy Connect 3.0, section 5.2.1; wpa_supplicant's dpp.c):
 * `DPP:` then fields `X:value;` and a last `;`. Only K, the bootstrapping key, is required; unknown fields are ignored.
 * Without M there is no UDID, and the list is searched by the key.
 */
export const dppFormat: LabelFormat = {
  kind: 'dpp',
  claims: (text) => text.slice(0, PREFIX.length).toUpperCase() === PREFIX,
  parse(text) {
    const fields = fieldsOf(text.slice(PREFIX.length));
    if (fields === undefined) return { ok: false, code: 'dpp_malformed' };
    const key = keyOf(fields.get('K'));
    if (typeof key === 'string') return { ok: false, code: key };
    const mac = fields.get('M');
    const named = mac === undefined ? undefined : udidFromMac(mac);
    if (named?.ok === false)
      return { ok: false, code: named.code === 'mac_blank' ? 'mac_blank' : 'mac_malformed' };
    const information = fields.get('I')?.trim();
    const aliases = [
      ...(named === undefined ? [] : [bareMac(named.udid)]),
      ...(information ? [information] : []),
    ];
    const identity = named === undefined ? {} : { udid: named.udid };
    return { ok: true, label: { kind: 'dpp', ...identity, aliases, publicKey: key, redacted: text } };
  },
};

/** Fields by their letter; undefined if the text breaks off, a field comes twice or anything follows the end mark. */
function fieldsOf(body: string): ReadonlyMap<string, string> | undefined {
  if (!body.endsWith(';;')) return undefined;
  const fields = new Map<string, string>();
  for (const field of body.slice(0, -2).split(';')) {
    const colon = field.indexOf(':');
    if (colon < 1) return undefined;
    const name = field.slice(0, colon);
    // Which of two would count is up to each reader, so a label with two keys could be two devices.
    if (fields.has(name)) return undefined;
    fields.set(name, field.slice(colon + 1));
  }
  return fields;
}

function keyOf(base64: string | undefined): Bytes | LabelErrorCode {
  if (base64 === undefined || base64 === '') return 'dpp_no_key';
  // Some label printers leave the padding out; the bytes are the same.
  const bare = base64.replace(/=+$/, '');
  const spki = fromBase64(bare.padEnd(Math.ceil(bare.length / 4) * 4, '='));
  if (spki === undefined) return 'dpp_bad_key';
  const result = uncompressedSpki(spki);
  if (result.ok) return result.spki;
  return result.code === 'curve' ? 'dpp_curve' : 'dpp_bad_key';
}

function bareMac(udid: Udid): string {
  return udid.slice('mac-'.length);
}
