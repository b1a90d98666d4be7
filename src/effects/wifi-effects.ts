import type { WifiFlowEffect, WifiFlowEvent } from '../flow/wifi.ts';
import type { DeviceWork } from './device-work.ts';
import { codeOf } from './trouble.ts';

/** Performs what the Wi-Fi step asked for, on the device that is open. Each effect answers with one event; none rejects. */
export function performWifi(
  device: Pick<DeviceWork, 'wifi'>,
  effect: WifiFlowEffect,
  send: (event: WifiFlowEvent) => void,
): void {
  run(device, effect).then(send, (error: unknown) =>
    send({ on: 'failed', trouble: { code: codeOf(error) } }),
  );
}

async function run(device: Pick<DeviceWork, 'wifi'>, effect: WifiFlowEffect): Promise<WifiFlowEvent> {
  const { step, signal } = device.wifi();
  switch (effect.do) {
    case 'scan':
      return { on: 'networks', networks: await step.scan(signal) };
    case 'join':
      await step.join(effect.ssid, effect.password, signal);
      return { on: 'joined' };
  }
}
