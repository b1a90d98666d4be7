import type { ListRow } from '../../contract/list-row.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import { isStrong, parseSpki } from '../../core/spki.ts';
import { isMakerName, isUdid } from '../../core/udid.ts';

export interface RowFault {
  readonly code: string;
  readonly detail: string;
}

/** What a row's schema cannot say. Undefined if the row may stand. */
export function checkRow(row: ListRow): RowFault | undefined {
  if (!isMakerName(row.maker))
    return fault('maker_name', 'the maker is not [a-z][a-z0-9]{1,15}, or is reserved');
  if (!isUdid(row.udid)) return fault('udid_invalid', 'not a canonical UDID');
  const scheme = row.udid.slice(0, row.udid.indexOf('-'));
  if (isMakerName(scheme) && scheme !== row.maker)
    return fault('udid_invalid', "the UDID is another maker's");
  if (row.voucher !== undefined) {
    if (row.anchor !== 'voucher') return fault('anchor', 'a voucher stands with anchor "voucher" only');
    if (row.voucher.ca === undefined && row.voucher.certificate === undefined)
      return fault('voucher', 'neither a CA nor a certificate is named');
  }
  switch (row.anchor) {
    case 'key':
    case 'voucher':
      return row.publicKey === undefined
        ? row.anchor === 'key'
          ? fault('public_key_missing', 'anchor "key" needs a public key')
          : undefined
        : checkKey(row.publicKey);
    case 'udid-only':
      return row.publicKey === undefined
        ? undefined
        : fault('anchor', 'a row with a public key is not "udid-only"');
  }
}

function checkKey(publicKey: string): RowFault | undefined {
  try {
    const key = parseSpki(fromBase64Url(publicKey) ?? new Uint8Array());
    return isStrong(key) ? undefined : fault('key_weak', 'RSA keys need 2048 bits or more');
  } catch {
    return fault('public_key_malformed', 'not a SubjectPublicKeyInfo of a kind accepted here');
  }
}

function fault(code: string, detail: string): RowFault {
  return { code, detail };
}
