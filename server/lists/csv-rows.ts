import { ANCHORS, ListRow } from '../../contract/list-row.ts';
import { parse } from '../../contract/parse.ts';
import { fromBase64, fromBase64Url, fromHex, toBase64Url } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { LIST_COLUMNS, VOUCHER_COLUMNS } from '../../core/list-csv.ts';
import { fromPem } from '../../core/pem.ts';
import { udidFromImei, udidFromMac, udidFromSerial } from '../../core/udid.ts';
import { parseCsv } from './csv.ts';

const IDENTITIES = ['udid', 'serial', 'mac', 'imei'] as const;
type Identity = (typeof IDENTITIES)[number];

export interface CsvFault {
  readonly line: number;
  readonly code: string;
  readonly detail: string;
}

export interface CsvRows {
  readonly rows: { readonly line: number; readonly row: ListRow }[];
  readonly faults: CsvFault[];
}

/**
 * Rows of a maker's list from our CSV: a header of `maker`, one of `udid serial mac imei`, `anchor`, `public_key` (DER
 * SubjectPublicKeyInfo in base64, or PEM), `model`, `order`, `aliases` (separated by `;`), `voucher_ca` and
 * `voucher_certificate` (SHA-256 of a certificate, in hexadecimal or base64url). `maker` may be given apart.
 * Text is at most 64 MiB.
 */
export async function rowsFromCsv(
  text: string,
  maker: string | undefined,
  crypto: CryptoPort,
): Promise<CsvRows> {
  const out: CsvRows = { rows: [], faults: [] };
  if (text.length > 64 * 1024 * 1024) {
    out.faults.push({ line: 1, code: 'too_large', detail: 'split the file' });
    return out;
  }
  const { lines, broken } = parseCsv(text);
  if (broken !== undefined)
    out.faults.push({ line: broken, code: 'csv_malformed', detail: 'a quote is out of place' });
  const [head, ...body] = lines;
  const columns = (head?.fields ?? []).map((field) => field.trim().toLowerCase());
  const fault = headerFault(columns, maker);
  if (fault !== undefined) {
    out.faults.push({ line: head?.line ?? 1, code: 'columns', detail: fault });
    return out;
  }
  for (const { line, fields } of body) {
    if (fields.length !== columns.length) {
      out.faults.push({
        line,
        code: 'columns',
        detail: `${fields.length} fields, ${columns.length} expected`,
      });
      continue;
    }
    const record = new Map(columns.map((column, index) => [column, (fields[index] ?? '').trim()]));
    const row = await toRow(record, maker, crypto);
    if ('code' in row) out.faults.push({ line, ...row });
    else out.rows.push({ line, row });
  }
  return out;
}

function headerFault(columns: readonly string[], maker: string | undefined): string | undefined {
  const known: readonly string[] = [...LIST_COLUMNS, ...VOUCHER_COLUMNS, ...IDENTITIES];
  const foreign = columns.find((column) => !known.includes(column));
  if (foreign !== undefined) return `unknown column "${foreign.slice(0, 40)}"`;
  if (new Set(columns).size !== columns.length) return 'a column stands twice';
  if (columns.filter((column) => IDENTITIES.some((name) => name === column)).length !== 1)
    return 'exactly one of udid, serial, mac and imei is needed';
  if (maker === undefined && !columns.includes('maker')) return 'no maker column, and none given apart';
  return undefined;
}

async function toRow(
  record: ReadonlyMap<string, string>,
  given: string | undefined,
  crypto: CryptoPort,
): Promise<ListRow | { code: string; detail: string }> {
  const text = (column: string) => record.get(column) || undefined;
  const maker = text('maker') ?? given ?? '';
  const kind = IDENTITIES.find((name) => record.has(name)) ?? 'udid';
  const identity = text(kind) ?? '';
  const udid = await toUdid(kind, identity, maker, crypto);
  if (!udid.ok) return { code: udid.code, detail: `${kind} is not usable` };
  const key = text('public_key');
  const publicKey = key === undefined ? undefined : readKey(key);
  if (key !== undefined && publicKey === undefined)
    return { code: 'public_key_malformed', detail: 'neither base64 nor base64url DER, nor PEM' };
  const [ca, certificate] = VOUCHER_COLUMNS.map((column) => readDigest(text(column)));
  if (ca === null || certificate === null)
    return { code: 'voucher', detail: 'not a SHA-256, in hexadecimal or base64url' };
  const voucher =
    ca === undefined && certificate === undefined
      ? undefined
      : { ...(ca === undefined ? {} : { ca }), ...(certificate === undefined ? {} : { certificate }) };
  const least = voucher === undefined ? 'udid-only' : 'voucher';
  const anchor = text('anchor') ?? (publicKey === undefined ? least : 'key');
  if (!ANCHORS.some((word) => word === anchor)) return { code: 'anchor', detail: ANCHORS.join(', ') };
  const others = (text('aliases') ?? '').split(';').map((alias) => alias.trim());
  const aliases = [...new Set([...(kind === 'udid' ? [] : [identity]), ...others])].filter((a) => a !== '');
  const model = text('model');
  const order = text('order');
  const row = {
    maker,
    udid: udid.udid,
    aliases,
    anchor,
    ...(publicKey === undefined ? {} : { publicKey: toBase64Url(publicKey) }),
    ...(voucher === undefined ? {} : { voucher }),
    ...(model === undefined ? {} : { model }),
    ...(order === undefined ? {} : { order }),
  };
  return parse(ListRow, row) ?? { code: 'row_invalid', detail: 'a field is too long or of a wrong form' };
}

async function toUdid(kind: Identity, text: string, maker: string, crypto: CryptoPort) {
  switch (kind) {
    case 'udid':
      return { ok: true, udid: text } as const; // judged with the rest of the row (check-row.ts)
    case 'serial':
      return udidFromSerial(crypto, maker, text);
    case 'mac':
      return udidFromMac(text);
    case 'imei':
      return udidFromImei(text);
  }
}

function readKey(text: string): Uint8Array | undefined {
  if (text.startsWith('-----BEGIN')) return fromPem('PUBLIC KEY', text)[0];
  // base64url too: the simulator and the API write keys that way.
  return fromBase64(text) ?? fromBase64Url(text);
}

/** SHA-256 as base64url; null if it is none. OpenSSL writes it with colons. */
function readDigest(text: string | undefined): string | null | undefined {
  if (text === undefined) return undefined;
  const hex = text.replaceAll(':', '').toLowerCase();
  const bytes = hex.length === 64 ? fromHex(hex) : fromBase64Url(text);
  return bytes?.length === 32 ? toBase64Url(bytes) : null;
}
