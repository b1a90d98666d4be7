import { ListRow } from '../../../contract/list-row.ts';
import { parse } from '../../../contract/parse.ts';
import { readAttestationToken } from '../../../core/attestation-tokens.ts';
import { toBase64Url } from '../../../core/bytes.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import type { RowFault } from './check-row.ts';
import { parseCsv } from './csv.ts';
import { columnsOf, headerFault, rowOfColumns } from './csv-columns.ts';
import { toUdid } from './identity.ts';
import { keyOfCertificate, readKey } from './key-columns.ts';
import { csvPieces, type Position, START } from './pieces.ts';
import { tokenRow } from './token-row.ts';

/** The format of a file, detected from its contents. */
export interface ListFormat {
  readonly name: 'csv' | 'json' | 'nordic tokens' | 'nordic onboarding' | 'identity and key';
  readonly cut: 'csv' | 'json';
  /** Where its rows begin. */
  readonly begin: Position;
  toRow(text: string): Promise<ListRow | RowFault>;
}

type Fields = (fields: readonly string[]) => Promise<ListRow | RowFault>;

/**
 * Detects the format from the first 64 KiB of a file. JSON begins with a bracket. Nordic's files have no header, and
 * are known by a token in the third of four fields, or a certificate in the last of five. Two fields without a header
 * are an identity and its key. Everything else is our CSV, which has a header.
 */
export async function formatOf(
  head: Uint8Array,
  maker: string | undefined,
  crypto: CryptoPort,
): Promise<ListFormat | RowFault> {
  const [first] = Buffer.from(head.subarray(0, 1024)).toString('latin1').trimStart();
  if (first === '{' || first === '[')
    return { name: 'json', cut: 'json', begin: START, toRow: async (text) => rowOfJson(text) };
  const line = await firstPiece(head);
  const { lines, broken } = parseCsv(line?.text ?? '');
  if (broken !== undefined) return { code: 'csv_malformed', detail: 'a quote is out of place' };
  const fields = (lines[0]?.fields ?? []).map((field) => field.trim());
  const bare = (name: ListFormat['name'], read: (maker: string) => Fields): ListFormat | RowFault =>
    maker === undefined
      ? { code: 'columns', detail: 'this format names no maker, and none was given apart' }
      : { name, cut: 'csv', begin: START, toRow: overFields(read(maker)) };
  if (fields.length === 4 && readAttestationToken(fields) !== undefined)
    return bare('nordic tokens', (of) => (row) => tokenRow(row, of, crypto));
  if (fields.length === 5 && fields[4]?.startsWith('-----BEGIN CERTIFICATE'))
    return bare('nordic onboarding', (of) => (row) => onboardRow(row, of, crypto));
  if (fields.length === 2 && isKey(fields[1] ?? ''))
    return bare('identity and key', (of) => (row) => rowOfColumns(['device', 'public_key'], row, of, crypto));
  const columns = columnsOf(fields);
  const fault = headerFault(columns, maker);
  if (fault !== undefined) return { code: 'columns', detail: fault };
  const toRow = overFields((row) => rowOfColumns(columns, row, maker, crypto));
  return { name: 'csv', cut: 'csv', begin: line?.next ?? START, toRow };
}

async function firstPiece(head: Uint8Array) {
  for await (const piece of csvPieces(once(head), START)) if (piece.text.trim() !== '') return piece;
  return undefined;
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

/** Whether a field is a key, and not a word of a header: it is too long for a word. */
function isKey(text: string): boolean {
  return text.length > 40 && readKey(text) !== undefined;
}

function overFields(read: Fields): (text: string) => Promise<ListRow | RowFault> {
  return async (text) => {
    const { lines, broken } = parseCsv(text);
    const [line] = lines;
    return broken !== undefined || line === undefined
      ? { code: 'csv_malformed', detail: 'a quote is out of place' }
      : read(line.fields.map((field) => field.trim()));
  };
}

function rowOfJson(text: string): ListRow | RowFault {
  try {
    return (
      parse(ListRow, JSON.parse(text)) ?? { code: 'row_invalid', detail: 'not a row as the API describes it' }
    );
  } catch {
    return { code: 'json_malformed', detail: 'not JSON' };
  }
}

/** nRF Cloud's onboard.csv: `device_id,subtype,tags,fwTypes,"certificate"`, without a header (nRFCloud/utils, README). */
async function onboardRow(
  [id = '', subtype = '', , , certificate = '']: readonly string[],
  maker: string,
  crypto: CryptoPort,
): Promise<ListRow | RowFault> {
  const udid = await toUdid('device', id, maker, crypto);
  if (!udid.ok) return { code: udid.code, detail: 'the device id is not usable' };
  const key = keyOfCertificate(certificate);
  if (key === undefined) return { code: 'public_key_malformed', detail: 'no certificate' };
  const model = subtype === '' ? {} : { model: subtype };
  const row = { maker, udid: udid.udid, aliases: [id], anchor: 'key', publicKey: toBase64Url(key), ...model };
  return parse(ListRow, row) ?? { code: 'row_invalid', detail: 'a field is too long or of a wrong form' };
}
