import { Object as Obj, String as Text } from 'typebox/type';
import { parse } from '../../../../contract/parse.ts';

const WithKey = Obj({ device: Obj({ publicKey: Text() }) });

/**
 * The device key that a payload claims, base64url; undefined if it names none. No other field is parsed: the record is
 * judged where it is decided.
 */
export function claimedKey(payload: unknown): string | undefined {
  return parse(WithKey, payload)?.device.publicKey;
}
