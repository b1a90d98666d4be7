import type { ListRow } from '../../../contract/list-row.ts';
import { fromBase64Url } from '../../../core/bytes.ts';
import { isStrong, parseSpki } from '../../../core/spki.ts';
import { isMakerName, isUdid } from '../../../core/udid.ts';

export interface RowFault {
  readonly code: string;
  readonly detail: string;
}

/** Checks what the row's schema cannot express. Undefined if the row is valid. */
export function checkRow(row: ListRow): RowFault | undefined {
  return (
    checkName(row, 'udid_invalid') ??
    checkFormer(row) ??
    checkVoucher(row) ??
    checkAnchor(row) ??
    (row.publicKey === undefined ? undefined : checkKey(row.publicKey))
  );
}

function checkName(name: { readonly maker: string; readonly udid: string }, code: string) {
  if (!isMakerName(name.maker))
    return fault('maker_name', 'the maker is not [a-z][a-z0-9]{1,15}, or is reserved');
  if (!isUdid(name.udid)) return fault(code, 'not a canonical UDID');
  const scheme = name.udid.slice(0, name.udid.indexOf('-'));
  if (isMakerName(scheme) && scheme !== name.maker) return fault(code, "the UDID is another maker's");
  return undefined;
}

function checkFormer({ maker, udid, derivedFrom }: ListRow): RowFault | undefined {
  if (derivedFrom === undefined) return undefined;
  if (derivedFrom.maker === maker && derivedFrom.udid === udid)
    return fault('derived_from', 'a device is not derived from itself');
  return checkName(derivedFrom, 'derived_from');
}

function checkVoucher({ anchor, voucher, udid, aliases }: ListRow): RowFault | undefined {
  if (voucher === undefined) return undefined;
  if (anchor !== 'voucher') return fault('anchor', 'a voucher stands with anchor "voucher" only');
  if (Object.keys(voucher).length === 0) return fault('voucher', 'nothing is named that vouches');
  if (voucher.attestation !== undefined && ![udid, ...aliases].some((name) => name.startsWith('uuid-')))
    return fault('voucher', 'what attests a key names a UUID, and the row has none (uuid-…)');
  const unfit = (voucher.attestation ?? []).some((key) => typeOf(key) !== 'P-256');
  return unfit
    ? fault('voucher', 'an attestation key is a P-256 key: what attests is signed by ES256')
    : undefined;
}

function checkAnchor({ anchor, publicKey }: ListRow): RowFault | undefined {
  switch (anchor) {
    case 'key':
      return publicKey === undefined
        ? fault('public_key_missing', 'anchor "key" needs a public key')
        : undefined;
    case 'voucher':
      return undefined;
    case 'udid-only':
      return publicKey === undefined
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

function typeOf(publicKey: string): string | undefined {
  try {
    return parseSpki(fromBase64Url(publicKey) ?? new Uint8Array()).type;
  } catch {
    return undefined;
  }
}

function fault(code: string, detail: string): RowFault {
  return { code, detail };
}
