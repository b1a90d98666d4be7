import type { NoticeKind } from '../../../contract/notice.ts';
import type { DeliveryResult } from '../../ports/deliveries.ts';
import type { PushedBrowser } from '../../ports/notices.ts';
import { faultOfStatus, type PostOptions, post } from '../post.ts';
import { encryptPush } from './encrypt-push.ts';
import type { PushKey } from './push-key.ts';

export interface Pushed {
  readonly id: string;
  readonly kind: NoticeKind;
  /** How long the push service keeps it for a phone that is switched off, milliseconds. */
  readonly life: number;
}

/**
 * Pushes one notice to one browser (RFC 8030). It says its kind and its id, and the worker has the words. `Topic` makes one of two
 * that are the same, where the first was delivered and we did not hear of it.
 */
export async function push(
  { endpoint, keys }: Pick<PushedBrowser, 'endpoint' | 'keys'>,
  { id, kind, life }: Pushed,
  { key, now }: { readonly key: PushKey; readonly now: number },
  options: PostOptions,
): Promise<DeliveryResult> {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-encoding': 'aes128gcm',
    ttl: String(Math.max(0, Math.floor(life / 1000))),
    urgency: 'high',
    topic: id.slice(0, 32),
    authorization: key.authorization(endpoint, now),
  };
  const body = encryptPush(Buffer.from(JSON.stringify({ kind, id })), { keys });
  const answer = await post(endpoint, { body, headers }, options);
  if ('fault' in answer) return { ok: false, fault: answer.fault };
  const { status, retryAfter } = answer;
  return status >= 200 && status < 300
    ? { ok: true }
    : { ok: false, fault: faultOfStatus(status), retryAfter };
}
