import { Array as List, Object as Obj, String as Text } from 'typebox/type';
import { CompactJws, Instant, Words } from './scalars.ts';

/** Answers that the page reads from its first moment on, apart from the table of operations: that one brings every schema. */
export const Probe = Obj({ nonce: Words(64), at: Instant });
export const StatementKeysAnswer = Obj({
  statementKeys: List(CompactJws(4096), { minItems: 1, maxItems: 64 }),
});
export const WorkPackAnswer = Obj({
  pack: Text({ pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$' }),
});
