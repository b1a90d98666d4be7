import { type AttestationRow, fromCell } from './list-csv.ts';
import { udidFromImei, udidFromUuid } from './udid.ts';

const TOKEN = /^[A-Za-z0-9_-]{20,2048}\.[A-Za-z0-9_-]{20,2048}$/;
const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/;
const LONGEST = 16 * 1024 * 1024;

/**
 * Reads Nordic's `attestation_tokens.csv`, ours and what its own script wrote (nRFCloud/utils, gather_attestation_tokens.py):
 * each modem, the last line of one that was read twice, and the numbers of lines that are none. No field of it ever needs a quote.
 */
export function readAttestationTokens(text: string): {
  readonly rows: readonly AttestationRow[];
  readonly faults: readonly number[];
} {
  if (text.length > LONGEST) return { rows: [], faults: [1] };
  const rows = new Map<string, AttestationRow>();
  const faults: number[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line === '') continue;
    const row = readAttestationToken(line.split(',').map((field) => fromCell(field.trim())));
    if (row === undefined) faults.push(at + 1);
    else rows.set(row.imei, row);
  }
  return { rows: [...rows.values()], faults };
}

/** One line of it, in its four fields. */
export function readAttestationToken(fields: readonly string[]): AttestationRow | undefined {
  const [imei = '', uuid = '', token = '', at = ''] = fields;
  const sound =
    fields.length === 4 &&
    /^\d{15}$/.test(imei) &&
    udidFromImei(imei).ok &&
    udidFromUuid(uuid).ok &&
    TOKEN.test(token) &&
    INSTANT.test(at);
  return sound ? { imei, uuid: uuid.toLowerCase(), token, at } : undefined;
}
