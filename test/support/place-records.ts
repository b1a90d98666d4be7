import { placeDigest } from '../../core/place.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { OAK_STREET } from './server.ts';

/** What every record has, of now, by a clock that is so many milliseconds ahead. */
export function newRecord(ahead = 0): { id: string; app: string; capturedAt: string } {
  const capturedAt = new Date(Date.now() + ahead).toISOString();
  return { id: uuid7(Date.now(), nodeCrypto), app: '0.1.0', capturedAt };
}

export interface Spot {
  readonly site?: string;
  readonly position?: string;
}

/** The digest that a record about this place names. */
export function digestAt(spot: Spot, domain = OAK_STREET): Promise<string> {
  return placeDigest({ domain, ...spot }, nodeCrypto);
}
