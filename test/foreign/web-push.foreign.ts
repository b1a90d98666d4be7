import { spawnSync } from 'node:child_process';
import { createECDH, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encryptPush } from '../../server/outside/notices/encrypt-push.ts';
import { pushKey } from '../../server/outside/notices/push-key.ts';
import { foreignCommand } from '../../tools/foreign/install.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/**
 * Mozilla's own reader of push messages (http_ece) and of the tokens beside them (py_vapid) take what we make: both are what push
 * services and browsers were tried against when the RFCs were written.
 */
const READER = `
import base64, json, sys, time
import http_ece
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
said = json.load(sys.stdin)
raw = lambda text: base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
key = ec.derive_private_key(int.from_bytes(raw(said['private']), 'big'), ec.SECP256R1(), default_backend())
plain = http_ece.decrypt(raw(said['body']), private_key=key, auth_secret=raw(said['auth']), version='aes128gcm')
print(json.dumps({'plain': plain.decode(), 'token': Vapid02.verify(said['authorization'])}))
`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it('what we push is read, and our token verified', async () => {
  const { stores, transact, sealer, clock } = server.running.installation;
  const browser = createECDH('prime256v1');
  const p256dh = browser.generateKeys().toString('base64url');
  const auth = randomBytes(16).toString('base64url');
  const key = await pushKey({ stores, transact, sealer, contact: 'https://field.example.org' });
  const read = (authorization: string) => {
    const { stdout, stderr } = spawnSync(foreignCommand('web-push', 'python'), ['-c', READER], {
      encoding: 'utf8',
      input: JSON.stringify({
        ...{ auth, authorization, private: browser.getPrivateKey('base64url') },
        body: encryptPush(Buffer.from('{"kind":"alarm"}'), { keys: { p256dh, auth } }).toString('base64url'),
      }),
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as { plain: string; token: boolean };
  };
  const authorization = key.authorization('https://push.example.org/x', clock.now());
  expect(read(authorization)).toEqual({ plain: '{"kind":"alarm"}', token: true });
  const [, signed = ''] = /t=([^,]+)/.exec(authorization) ?? [];
  const forged = authorization.replace(signed, `${signed.slice(0, -6)}AAAAAA`);
  expect(read(forged).token).toBe(false);
});
