import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deviceArguments } from '../../simulator/arguments.ts';
import { randomUdid } from '../../simulator/profiles/device-state.ts';
import type { Misbehaviour } from '../../simulator/profiles/firmware.ts';
import type { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { StateFile } from '../../simulator/state-file.ts';
import { simulatedDevice } from '../support/device-simulated.ts';

const CSR = /-----BEGIN CERTIFICATE REQUEST-----[^-]+-----END CERTIFICATE REQUEST-----/;

async function bootOf(device: ZephyrCredDevice): Promise<string> {
  let text = '';
  const end = device.attachUart(
    (bytes) => {
      text += Buffer.from(bytes).toString('latin1');
    },
    () => undefined,
  );
  device.reset();
  end.detach();
  return text;
}

/** By what it says: OpenSSL 3.0 exits with 0 either way. */
function opensslVerifies(csr: string): boolean {
  const { stderr, error } = spawnSync('openssl', ['req', '-verify', '-noout'], {
    input: csr,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return /verify OK/.test(stderr);
}

const quiet = (misbehaviour?: Misbehaviour) =>
  simulatedDevice({ firmware: { logs: false }, ...(misbehaviour === undefined ? {} : { misbehaviour }) });

describe('the key material of a simulated device', () => {
  it('is a request that OpenSSL verifies, for the key on the label', async () => {
    const device = await quiet();
    expect(opensslVerifies(CSR.exec(await bootOf(device))?.[0] ?? '')).toBe(true);
    const onLabel = /K:([^;]+);;$/.exec(device.label)?.[1] ?? '';
    const key = createPublicKey({ key: Buffer.from(onLabel, 'base64'), format: 'der', type: 'spki' });
    const own = createPublicKey({
      key: Buffer.from(device.publicKey, 'base64url'),
      format: 'der',
      type: 'spki',
    });
    expect(key.equals(own)).toBe(true);
  });

  it('is broken as asked', async () => {
    const broken = await quiet({ kind: 'broken-signature' });
    expect(opensslVerifies(CSR.exec(await bootOf(broken))?.[0] ?? '')).toBe(false);
    const wrong = await quiet({ kind: 'wrong-key' });
    expect(opensslVerifies(CSR.exec(await bootOf(wrong))?.[0] ?? '')).toBe(true);
  });
});

describe('the device on the command line', () => {
  it('keeps its key and credentials in its state directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fieldbind-test-'));
    try {
      const first = await new StateFile(directory).load('mac-02a1b2c3d4e5', randomUdid);
      expect(await new StateFile(directory).load(undefined, randomUdid)).toEqual(first);
      await expect(new StateFile(directory).load('mac-000000000000', randomUdid)).rejects.toThrow(
        'mac-02a1b2c3d4e5',
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('says what is wrong with its arguments', () => {
    expect(() => deviceArguments([])).toThrow('zephyr-cred');
    expect(() => deviceArguments(['--profile', 'zephyr-cred', '--udid', 'A:B'])).toThrow('--udid');
    expect(() => deviceArguments(['--profile', 'zephyr-cred', '--misbehave', 'x'])).toThrow('misbehaviour');
    expect(() => deviceArguments(['--profile', 'arduino', '--key', 'p384'])).toThrow('p256');
    expect(() => deviceArguments(['--profile', 'zephyr-cred', '--key', 'ed25519'])).toThrow('rsa2048');
    expect(() => deviceArguments(['--profile', 'zephyr-cred', '--nrf-cloud-cred', '--key', 'p384'])).toThrow(
      'p256',
    );
    const files = deviceArguments(['--profile', 'smp-files', '--key', 'ed25519']);
    expect(files).toMatchObject({ key: 'ed25519', firmware: { cred: false, files: { layout: 'pouch' } } });
    expect(deviceArguments(['--profile', 'zephyr-cred', '--misbehave', 'drop:99']).misbehaviour).toEqual({
      kind: 'drop',
      afterBytes: 99,
    });
  });
});
