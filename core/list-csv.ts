import type { ListRow } from '../contract/list-row.ts';
import { fromBase64Url, toBase64 } from './bytes.ts';

/** Columns of a maker's list in our form, in the order it is written. The importer takes them in any order. */
export const LIST_COLUMNS = ['maker', 'udid', 'anchor', 'public_key', 'model', 'order', 'aliases'] as const;

/** Where the list anchors vouchers (contract/list-row.ts says what each is), and where a handed-on row came from. */
export const VOUCHER_COLUMNS = [
  'voucher_ca',
  'voucher_certificate',
  'voucher_key',
  'attestation_key',
  'tpm_ek',
  'derived_from',
] as const;

/** A device's attestation token with the two names it goes by. */
export interface AttestationRow {
  readonly imei: string;
  readonly uuid: string;
  /** `<base64url token>.<base64url COSE>`, as the modem gave it. */
  readonly token: string;
  /** When it was read, RFC 3339. */
  readonly at: string;
}

/** A maker's list in our form: what the importer reads (`fieldbind list import`). Keys are SubjectPublicKeyInfo, DER, base64. */
export function listCsv(rows: readonly ListRow[]): string {
  // Left out where no row has one, as on every list made at a bench.
  const every = rows.some(({ voucher, derivedFrom }) => voucher !== undefined || derivedFrom !== undefined);
  return [listHeader(every), ...rows.map((row) => listLine(row, every))].join('');
}

/** The first line; `every`: with the columns of vouchers. */
export function listHeader(every: boolean): string {
  return csvLine(every ? [...LIST_COLUMNS, ...VOUCHER_COLUMNS] : LIST_COLUMNS);
}

export function listLine({ voucher, derivedFrom, ...row }: ListRow, every: boolean): string {
  return csvLine([
    row.maker,
    row.udid,
    row.anchor,
    row.publicKey === undefined ? '' : keyText(row.publicKey),
    row.model ?? '',
    row.order ?? '',
    row.aliases.join(';'),
    ...(every
      ? [
          voucher?.ca ?? '',
          voucher?.certificate ?? '',
          voucher?.key ?? '',
          (voucher?.attestation ?? []).map(keyText).join(';'),
          voucher?.tpm ?? '',
          derivedFrom === undefined ? '' : `${derivedFrom.maker}/${derivedFrom.udid}`,
        ]
      : []),
  ]);
}

function keyText(base64Url: string): string {
  return toBase64(fromBase64Url(base64Url) ?? new Uint8Array());
}

/** Nordic's `attestation_tokens.csv` (nRFCloud/utils, gather_attestation_tokens.py): `imei,uuid,token,date`, no header. */
export function attestationTokensCsv(rows: readonly AttestationRow[]): string {
  return rows.map(({ imei, uuid, token, at }) => csvLine([imei, uuid, token, at])).join('');
}

/** One line of CSV (RFC 4180); a field is quoted only where it must be, and none is a formula. */
export function csvLine(fields: readonly string[]): string {
  const cells = fields.map(toCell);
  return `${cells.map((f) => (/[",\r\n]/.test(f) ? `"${f.replaceAll('"', '""')}"` : f)).join(',')}\r\n`;
}

/**
 * Spreadsheets run a cell that begins with one of these (OWASP, CSV Injection), and in other countries another sign than the
 * comma begins a cell, quoted or not. So a beginning is looked for after every sign that separates somewhere.
 */
const BEGINS = '(?<=^|[,;|"\\t\\r\\n])( *)';
const RUNS = '(?=[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20])';
const TO_CELL = new RegExp(`${BEGINS}('*)${RUNS}`, 'g');
const FROM_CELL = new RegExp(`${BEGINS}'('*)${RUNS}`, 'g');

/** The value with an apostrophe before what a spreadsheet would run, which makes it text there. {@link fromCell} takes it off. */
export function toCell(value: string): string {
  return value.replace(TO_CELL, "$1'$2");
}

/** The value that {@link toCell} wrote. */
export function fromCell(cell: string): string {
  return cell.includes("'") ? cell.replace(FROM_CELL, '$1$2') : cell;
}
