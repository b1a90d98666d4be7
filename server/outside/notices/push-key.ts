import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Sealer } from '../../ports/sealer.ts';
import type { Needs, Transact } from '../../ports/stores.ts';

const SETTING = 'push-key';
/** Push services refuse a token of more than 24 hours (RFC 8292, section 2). */
const LIFE = 12 * 3_600;

/** The key by which push services know this installation (VAPID, RFC 8292). */
export interface PushKey {
  /** The P-256 point, 65 bytes as base64url: `applicationServerKey` of the Push API. */
  readonly publicKey: string;
  /** The header `Authorization` for this push service (RFC 8292, section 3). */
  authorization(endpoint: string, now: number): string;
}

export interface PushKeyParts {
  readonly stores: Needs<'settings'>;
  readonly transact: Transact<'settings' | 'pushedBrowsers'>;
  readonly sealer: Sealer;
  /** Whom a push service may turn to: an address `mailto:` or `https:` (RFC 8292, section 2.1); undefined if there is none. */
  readonly contact: string | undefined;
}

/**
 * The key, made when it is first needed. It stands sealed in the database, so that all processes have one. With its vault lost it
 * cannot be opened: browsers subscribed to that key alone, so a new one takes its place and they subscribe again.
 */
export async function pushKey({ stores, transact, sealer, contact }: PushKeyParts): Promise<PushKey> {
  const open = (sealed: string | undefined) =>
    sealed === undefined ? undefined : sealer.open(sealed, SETTING);
  let pem = open(await stores.settings.setting(SETTING));
  if (pem === undefined) {
    const fresh = sealer.seal(newKey(), SETTING);
    pem = await transact(async ({ settings, pushedBrowsers }) => {
      const there = open(await settings.settle(SETTING, fresh));
      if (there !== undefined) return there;
      await settings.change(SETTING, fresh);
      await pushedBrowsers.removeAll();
      return open(fresh);
    });
  }
  return keyOf(createPrivateKey(pem ?? ''), contact);
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function keyOf(key: KeyObject, contact: string | undefined): PushKey {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  const point = [Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  const publicKey = Buffer.concat(point).toString('base64url');
  return {
    publicKey,
    authorization(endpoint, now) {
      const claims = {
        aud: new URL(endpoint).origin,
        exp: Math.floor(now / 1000) + LIFE,
        ...(contact === undefined ? {} : { sub: contact }),
      };
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const signed = `${part({ typ: 'JWT', alg: 'ES256' })}.${part(claims)}`;
      const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
      // Without a space after the comma, which readers in use do not expect.
      return `vapid t=${signed}.${signature.toString('base64url')},k=${publicKey}`;
    },
  };
}
