import type { DeviceEvent } from '../../ports/events.ts';
import type { StatementKeys } from '../../trail/statement-keys.ts';

export interface StatementParts {
  readonly statementKeys: StatementKeys;
  readonly aud: string;
}

/**
 * A Security Event Token (RFC 8417), signed by the statement key. There is no shared secret that could leak from a
 * receiver, and the token proves the event to others as well. Its audience is the one receiver, so that it cannot be
 * passed to another receiver as ours. `jti` stays the same when it is delivered again.
 */
export async function eventStatement(
  receiver: { readonly name: string; readonly org: string },
  { id, n, event }: { readonly id: string; readonly n?: number; readonly event: DeviceEvent | TestEvent },
  now: number,
  { statementKeys, aud }: StatementParts,
): Promise<string> {
  const { kind, at, ...said } = event;
  const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value != null));
  const signer = await statementKeys.active();
  const { jws } = await signer.sign('secevent+jwt', {
    iss: aud,
    aud: receiver.name,
    jti: id,
    iat: Math.floor(now / 1000),
    toe: Math.floor(Date.parse(at) / 1000),
    events: {
      [`urn:fieldbind:event:${kind}`]: { org: receiver.org, at, ...(n === undefined ? {} : { n }), ...known },
    },
  });
  return jws;
}

/** An event that tests whether a receiver can be reached. */
export interface TestEvent {
  readonly kind: 'test';
  readonly at: string;
}
