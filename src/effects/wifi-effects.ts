import type { WifiFlowEffect, WifiFlowEvent } from '../flow/wifi.ts';
import type { DeviceWork } from './device-work.ts';
import { codeOf } from './trouble.ts';

/**
 * Performs what the Wi-Fi step asked for, on the device that is open. Each effect answers with one event; none rejects.
 *
 * @param left aborts when the person leaves the step: the device stays open, and nothing may go on beside what comes next
 */
export function performWifi(
  device: Pick<DeviceWork, 'wifi'>,
  effect: WifiFlowEffect,
  left: AbortSignal,
  send: (event: WifiFlowEvent) => void,
): void {
  run(device, effect, left).then(send, (error: unknown) =>
    send({ on: 'failed', trouble: { code: codeOf(error) } }),
  );
}

async function run(
  device: Pick<DeviceWork, 'wifi'>,
  effect: WifiFlowEffect,
  left: AbortSignal,
): Promise<WifiFlowEvent> {
  const { step, signal: ofDevice } = device.wifi();
  const signal = AbortSignal.any([ofDevice, left]);
  switch (effect.do) {
    case 'scan':
      return { on: 'networks', networks: await step.scan(signal) };
    case 'join':
      await step.join(effect.ssid, effect.password, signal);
      return { on: 'joined' };
  }
}
