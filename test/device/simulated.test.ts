import { expect, it } from 'vitest';
import { createSimulatedDevice } from '../../simulator/profiles/page.ts';
import { createDevicePort } from '../../src/device/index.ts';
import { bundleOf } from '../support/device-bundle.ts';
import { FakeClock } from '../support/device-clock.ts';
import { nodeSha256 } from '../support/device-crypto.ts';

const signal = () => new AbortController().signal;

it('goes from the choice of a simulated device to an installed certificate, marked as simulated', async () => {
  const { wire, device } = await createSimulatedDevice({ udid: 'mac-02a1b2c3d4e5' });
  const port = createDevicePort({ clock: new FakeClock(), crypto: nodeSha256, simulated: async () => wire });
  const session = await port.choose('simulated', signal());
  expect(session.link).toBe('simulated');
  expect((await session.evidence(signal())).publicKey.length).toBe(91);
  expect(await session.install(bundleOf(), () => undefined, signal())).toHaveLength(2);
  expect(device.stored('CA')).toBeDefined();
  await session.close();
  await expect(session.identify(signal())).rejects.toMatchObject({ code: 'link_lost' });
});

it('offers only the links that are there', async () => {
  const port = createDevicePort({ clock: new FakeClock(), crypto: nodeSha256 });
  await expect(port.choose('simulated', signal())).rejects.toMatchObject({ code: 'unsupported_here' });
  await expect(port.choose('usb', signal())).rejects.toMatchObject({ code: 'unsupported_here' });
  await expect(port.choose('serial', signal())).rejects.toMatchObject({ code: 'unsupported_here' });
});
