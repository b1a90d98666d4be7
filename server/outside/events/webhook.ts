import type { DeliveryResult } from '../../ports/deliveries.ts';
import { faultOfStatus, post } from '../post.ts';
import type { ReceiverFiles } from './receiver-files.ts';

/** Pushes one Security Event Token (RFC 8935): the token is the body, and any 2xx status means that it was accepted. */
export async function pushEvent(
  target: string,
  jws: string,
  {
    allowed,
    files: { ca, cert, key },
    patience,
  }: {
    readonly allowed: readonly string[];
    readonly files: ReceiverFiles;
    /** Time limit for the whole request, milliseconds. */
    readonly patience: number;
  },
): Promise<DeliveryResult> {
  const headers = { 'content-type': 'application/secevent+jwt', accept: 'application/json' };
  const answer = await post(target, { body: jws, headers }, { allowed, ca, cert, key, patience });
  if ('fault' in answer) return { ok: false, fault: answer.fault };
  const { status, retryAfter } = answer;
  return status >= 200 && status < 300
    ? { ok: true }
    : { ok: false, fault: faultOfStatus(status), retryAfter };
}
