import { Array as List, Object as Obj, String as Text } from 'typebox/type';
import { CompactJws, Instant, Maybe, Words } from './scalars.ts';

/** What a phone fetches to be in sync. Apart from api.ts, which brings every schema and would come with the first screen. */
export const Probe = Obj({ nonce: Words(64), at: Instant });
export const StatementKeysAnswer = Obj({
  statementKeys: List(CompactJws(4096), { minItems: 1, maxItems: 64 }),
});
export const WorkPackAnswer = Obj({
  pack: Text({ pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$' }),
  /** `anchor+jws`: stands in for the pack as a record's anchor, since the next pack takes the place of this one. */
  anchor: Maybe(CompactJws(2048)),
});
