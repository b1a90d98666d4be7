import { afterEach, describe, expect, it } from 'vitest';
import { deviceArguments } from '../../simulator/arguments.ts';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../simulator/profiles/esp/esp-device.ts';
import { type ProtocommHttp, serveProtocommHttp } from '../../simulator/protocomm-http.ts';
import { Claim } from '../../src/device/drivers/esp-claim/claim.ts';
import { askVersion, ProtocommClient } from '../../src/device/protocols/protocomm/client.ts';
import { nodeProtocommCrypto } from '../device/esp/node-crypto.ts';
import { overHttp } from './protocomm-over-http.ts';

const signal = new AbortController().signal;
let http: ProtocommHttp | undefined;

afterEach(() => http?.close());

describe.each([0, 1, 2] as const)('protocomm over HTTP, security %i', (security) => {
  it('serves claiming to a client that keeps its cookie', async () => {
    const state = await newDeviceState('mac-02a1b2c3d4e5');
    const device = await EspClaimDevice.start({ state, firmware: { security } });
    http = await serveProtocommHttp(device, 0);
    const endpoints = overHttp(http.at);
    const version = await askVersion(endpoints, signal);
    if (version === undefined) throw new Error('no version');
    expect(version.security).toBe(security);
    const claim = new Claim(
      new ProtocommClient(endpoints, version, nodeProtocommCrypto(), () => ({ secret: device.pop })),
    );
    expect(await claim.start(signal)).toEqual({ mac: '02a1b2c3d4e5', platform: 'esp32c3' });
    const { parsed } = await claim.request('mac-02a1b2c3d4e5', signal);
    expect(Buffer.from(parsed.spki).toString('base64url')).toBe(device.publicKey);

    // Another client begins anew; the first one's session is over.
    await new ProtocommClient(overHttp(http.at), version, nodeProtocommCrypto(), () => ({
      secret: device.pop,
    }))
      .call('prov-config', new Uint8Array(0), signal)
      .catch(() => undefined);
    expect((await fetch(`http://127.0.0.1:${http.at}/nothing`, { method: 'POST' })).status).toBe(404);
    expect(
      (await fetch(`http://127.0.0.1:${http.at}/prov-session`, { method: 'POST', body: 'x' })).status,
    ).toBe(500);
  });
});

it('is a profile of its own on the command line', () => {
  const {
    profile,
    http: port,
    esp,
  } = deviceArguments(['--profile', 'esp-claim', '--http', '0', '--security', '1']);
  expect({ profile, port, esp }).toEqual({ profile: 'esp-claim', port: 0, esp: { security: 1 } });
  expect(() => deviceArguments(['--profile', 'esp-claim', '--security', '9'])).toThrow('--security');
});
