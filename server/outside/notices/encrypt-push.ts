import { createCipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from 'node:crypto';
import type { PushSubscription } from '../../../contract/notice.ts';

const RECORD = 4096;
/** Every message is as long, so that whoever carries it cannot tell one kind from another (RFC 8291, section 7). */
const PLAIN = 256;

/**
 * The body of a push message: content coding `aes128gcm` (RFC 8188) under keys that only this browser can derive (RFC 8291,
 * section 3). `with`: what is random otherwise, and the length without padding, for the RFC's own example.
 */
export function encryptPush(
  plain: Buffer,
  { keys }: Pick<PushSubscription, 'keys'>,
  given: { readonly salt?: Buffer; readonly sender?: ECDH; readonly length?: number } = {},
): Buffer {
  const { salt = randomBytes(16), sender = freshSender(), length = PLAIN } = given;
  const [browser, auth] = [Buffer.from(keys.p256dh, 'base64url'), Buffer.from(keys.auth, 'base64url')];
  const own = sender.getPublicKey();
  const derive = (key: Buffer, saltOf: Buffer, info: Buffer, bytes: number) =>
    Buffer.from(hkdfSync('sha256', key, saltOf, info, bytes));
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser, own]);
  const input = derive(sender.computeSecret(browser), auth, info, 32);
  const key = derive(input, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(input, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  // 2 ends the last record's data; what follows it is padding (RFC 8188, section 2).
  const padding = Buffer.alloc(Math.max(0, length - plain.length));
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const body = [cipher.update(Buffer.concat([plain, Buffer.of(2), padding])), cipher.final()];
  const head = Buffer.alloc(5);
  head.writeUInt32BE(RECORD);
  head.writeUInt8(own.length, 4);
  return Buffer.concat([salt, head, own, ...body, cipher.getAuthTag()]);
}

function freshSender(): ECDH {
  const sender = createECDH('prime256v1');
  sender.generateKeys();
  return sender;
}

/** Whether messages can be encrypted for these keys: a point that is not on the curve has no shared secret. */
export function areUsable(keys: PushSubscription['keys']): boolean {
  try {
    encryptPush(Buffer.alloc(0), { keys });
    return true;
  } catch {
    return false;
  }
}
