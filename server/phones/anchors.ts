import type { Anchor } from '../../contract/era.ts';
import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { Needs } from '../ports/stores.ts';
import type { StatementKeys } from '../trail/statement-keys.ts';

/** One anchor serves all phones for so long, in milliseconds: a row of the statement log each is enough. */
const LIFE = 10 * 60_000;

export interface AnchorParts {
  readonly stores: Needs<'statements'>;
  readonly statementKeys: StatementKeys;
  readonly clock: Clock;
  readonly aud: string;
}

/** Short statements that prove a not-before. A phone keeps the ones that its records name, unlike packs, which replace each other. */
export interface Anchors {
  current(): Promise<string>;
}

export function anchors({ stores, statementKeys, clock, aud }: AnchorParts): Anchors {
  let kept: { readonly at: number; readonly jws: string } | undefined;
  return {
    async current() {
      const now = clock.now();
      // Whatever lies in the future is as stale as what is old: the clock was wrong when it was made.
      if (kept !== undefined && Math.abs(now - kept.at) < LIFE) return kept.jws;
      const at = toInstant(now);
      const payload: Anchor = { aud, at };
      const { jws, digest } = await (await statementKeys.active()).sign('anchor+jws', payload);
      await stores.statements.log(digest, 'anchor+jws', at);
      kept = { at: now, jws };
      return jws;
    },
  };
}
