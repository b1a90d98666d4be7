import { ListRow } from '../../../contract/list-row.ts';
import { parse } from '../../../contract/parse.ts';
import { readAttestationToken } from '../../../core/attestation-tokens.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { udidFromImei, udidFromUuid } from '../../../core/udid.ts';
import type { RowFault } from './check-row.ts';

/** A row of Nordic's `attestation_tokens.csv`, which names a modem by UUID and IMEI. */
export async function tokenRow(
  fields: readonly string[],
  maker: string,
  _crypto: CryptoPort,
): Promise<ListRow | RowFault> {
  const token = readAttestationToken(fields);
  const imei = udidFromImei(token?.imei ?? '');
  const uuid = udidFromUuid(token?.uuid ?? '');
  if (token === undefined || !imei.ok || !uuid.ok)
    return { code: 'token_malformed', detail: 'not IMEI, UUID, token and time' };
  const row = { maker, udid: imei.udid, aliases: [token.imei, token.uuid, uuid.udid], anchor: 'udid-only' };
  return parse(ListRow, row) ?? { code: 'row_invalid', detail: 'a field is too long or of a wrong form' };
}
