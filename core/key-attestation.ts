import { toHex } from './bytes.ts';
import { parseCoseSign1, readCbor } from './cose-sign1.ts';

/**
 * What Nordic's modem states, signed by its identity key, of the answer to AT%KEYGEN: self-described CBOR with five
 * elements (nRFCloud/utils, modem_credentials_parser.py). Who holds the modem's public identity key can verify the
 * signature (core/cose-sign1.ts); on a phone only that it speaks of this very request is checked.
 */
export interface KeyAttestation {
  /** 8: a public key, 9: a certification request. */
  readonly about: number;
  readonly uuid: string;
  readonly secTag: number;
  /** SHA-256 of the DER it speaks of. */
  readonly digest: Uint8Array;
}

export function parseKeyAttestation(cose: Uint8Array): KeyAttestation | undefined {
  const signed = parseCoseSign1(cose);
  const fields = signed === undefined ? undefined : readCbor(signed.payload);
  if (!Array.isArray(fields) || fields.length !== 5) return undefined;
  const [about, uuid, tag, digest, nonce]: readonly unknown[] = fields;
  if (typeof about !== 'number' || !isBytes(uuid, 16) || !isBytes(digest, 32) || !isBytes(nonce, 16))
    return undefined;
  const number = tag instanceof Uint8Array ? readCbor(tag) : undefined;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  // Below zero it is the modem's unsigned 32 bits in two's complement.
  return { about, uuid: uuidText(uuid), secTag: number < 0 ? number + 2 ** 32 : number, digest };
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

function uuidText(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
