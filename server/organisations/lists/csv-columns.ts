import { ANCHORS, ListRow } from '../../../contract/list-row.ts';
import { parse } from '../../../contract/parse.ts';
import { toBase64Url } from '../../../core/bytes.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { LIST_COLUMNS, VOUCHER_COLUMNS } from '../../../core/list-csv.ts';
import type { RowFault } from './check-row.ts';
import { IDENTITIES, toUdid } from './identity.ts';
import { readKey, readVoucher } from './key-columns.ts';

/** Column names of other systems, with ours. */
const SYNONYMS: Readonly<Record<string, string>> = {
  'device-id': 'device',
  device_id: 'device',
  pubkey: 'public_key',
};
const KNOWN: readonly string[] = [...LIST_COLUMNS, ...VOUCHER_COLUMNS, ...IDENTITIES];

/** The columns of a header, by our names. */
export function columnsOf(fields: readonly string[]): string[] {
  return fields.map((field) => field.trim().toLowerCase()).map((name) => SYNONYMS[name] ?? name);
}

/** Describes what is wrong with a header; undefined if it is valid. */
export function headerFault(columns: readonly string[], maker: string | undefined): string | undefined {
  const foreign = columns.find((column) => !KNOWN.includes(column));
  if (foreign !== undefined) return `unknown column "${foreign.slice(0, 40)}"`;
  if (new Set(columns).size !== columns.length) return 'a column stands twice';
  if (columns.filter((column) => IDENTITIES.some((name) => name === column)).length !== 1)
    return `exactly one of ${IDENTITIES.join(', ')} is needed`;
  if (maker === undefined && !columns.includes('maker')) return 'no maker column, and none given apart';
  return undefined;
}

/**
 * A row of our CSV: `maker` (or given apart), one of {@link IDENTITIES}, `anchor`, `public_key` (DER in base64, PEM,
 * or the bare point), `model`, `order`, `aliases` (separated by `;`), the columns of a voucher, and `derived_from`
 * (`maker/udid`).
 */
export async function rowOfColumns(
  columns: readonly string[],
  fields: readonly string[],
  makerApart: string | undefined,
  crypto: CryptoPort,
): Promise<ListRow | RowFault> {
  if (fields.length !== columns.length)
    return { code: 'columns', detail: `${fields.length} fields, ${columns.length} expected` };
  const record = new Map(columns.map((column, index) => [column, (fields[index] ?? '').trim()]));
  const text = (column: string) => record.get(column) || undefined;
  const maker = text('maker') ?? makerApart ?? '';
  const kind = IDENTITIES.find((name) => record.has(name)) ?? 'udid';
  const identity = text(kind) ?? '';
  const udid = await toUdid(kind, identity, maker, crypto);
  if (!udid.ok) return { code: udid.code, detail: `${kind} is not usable` };
  const key = text('public_key');
  const publicKey = key === undefined ? undefined : readKey(key);
  if (key !== undefined && publicKey === undefined)
    return { code: 'public_key_malformed', detail: 'neither base64 nor base64url DER, nor PEM, nor a point' };
  const voucher = await readVoucher(text, crypto);
  if (voucher !== undefined && 'wrong' in voucher) return { code: 'voucher', detail: voucher.wrong };
  const former = text('derived_from');
  const derivedFrom = former === undefined ? undefined : readFormer(former);
  if (former !== undefined && derivedFrom === undefined)
    return { code: 'derived_from', detail: 'not maker/udid' };
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
    ...(derivedFrom === undefined ? {} : { derivedFrom }),
  };
  return parse(ListRow, row) ?? { code: 'row_invalid', detail: 'a field is too long or of a wrong form' };
}

function readFormer(text: string): { maker: string; udid: string } | undefined {
  const [maker = '', udid = '', ...more] = text.split('/');
  return more.length > 0 || udid === '' ? undefined : { maker, udid };
}
