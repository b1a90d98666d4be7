import { constants, createSign, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newDeviceState } from '../../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../../simulator/profiles/esp/esp-device.ts';
import { isSignedBy } from '../../../src/device/drivers/esp-claim/challenge.ts';
import { openSecurity2 } from '../../../src/device/protocols/protocomm/security2.ts';
import { webProtocommCrypto } from '../../../src/device/web-protocomm-crypto.ts';
import { DeviceError } from '../../../src/ports/device.ts';
import { nodeProtocommCrypto } from './node-crypto.ts';

const bytes = (buffer: Uint8Array) => new Uint8Array(buffer);

describe('security 2', () => {
  const opened = async (refuse: (request: number) => boolean, secret?: string) => {
    const device = await EspClaimDevice.start({
      state: await newDeviceState('mac-02a1b2c3d4e5'),
      firmware: { security: 2 },
    });
    const end = device.connect();
    let requests = 0;
    const handshake = async (request: Uint8Array) => {
      const answer = refuse(++requests) ? undefined : await end.request('prov-session', request);
      if (answer === undefined) throw new DeviceError('device_refused', 'test');
      return answer;
    };
    const login = { user: 'wifiprov', secret: secret ?? device.pop };
    const result = await openSecurity2(handshake, nodeProtocommCrypto(), login, 1).catch((it: unknown) => it);
    return { result, requests };
  };

  it('starts one fresh session when a proof is refused, and then succeeds', async () => {
    const { result, requests } = await opened((request) => request === 2);
    expect(result).not.toBeInstanceOf(Error);
    expect(requests).toBe(4);
  });

  it('says that the secret is wrong after the second refusal', async () => {
    const { result, requests } = await opened(() => false, 'another');
    expect(result).toMatchObject({ code: 'presence_wrong' });
    expect(requests).toBe(4);
  });

  it('does not call the secret wrong when the first step already fails', async () => {
    const { result, requests } = await opened((request) => request === 1);
    expect(result).toMatchObject({ code: 'device_refused' });
    expect(requests).toBe(1);
  });
});

describe.each([
  ['WebCrypto', webProtocommCrypto()],
  ['node:crypto', nodeProtocommCrypto()],
])('a signature over a challenge by %s', (_, port) => {
  const challenge = bytes(Buffer.from('0123456789abcdef0123456789abcdef'));
  const other = bytes(Buffer.from('0123456789abcdef0123456789abcdeX'));

  it.each([
    ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' })],
    ['RSA-2048 with PSS', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])('verifies for %s, and for nothing else', async (kind, make) => {
    const { privateKey, publicKey } = make();
    const spki = bytes(publicKey.export({ type: 'spki', format: 'der' }));
    const pss = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    const signature = bytes(
      kind === 'P-256'
        ? createSign('sha256').update(challenge).sign(privateKey)
        : sign('sha256', challenge, pss),
    );
    // Its last byte: a signature without its first one is the same number where that byte is zero, one time in 256.
    const altered = bytes(signature.with(-1, (signature.at(-1) ?? 0) ^ 1));
    const answer = { challenge, signature, nodeId: undefined };
    expect(await isSignedBy(spki, answer, port)).toBe(true);
    expect(await isSignedBy(spki, { ...answer, challenge: other }, port)).toBe(false);
    expect(await isSignedBy(spki, { ...answer, signature: altered }, port)).toBe(false);
  });
});
