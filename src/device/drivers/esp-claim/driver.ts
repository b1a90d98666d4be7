import { askVersion, ProtocommClient } from '../../protocols/protocomm/client.ts';
import { openGattEndpoints, PROTOCOMM_SERVICES } from '../../protocols/protocomm/gatt-endpoints.ts';
import type { Driver } from '../driver.ts';
import { ESP_CLAIM, EspClaimSession } from './session.ts';

/** Espressif firmware with RainMaker's assisted claiming over protocomm on Bluetooth. */
export const espClaim: Driver = {
  name: ESP_CLAIM,
  bluetoothServices: PROTOCOMM_SERVICES,
  async detect(link, context, signal) {
    if (link.shape !== 'gatt') return undefined;
    const endpoints = await openGattEndpoints(link, context.clock, signal);
    if (endpoints === undefined) return undefined;
    const version = await askVersion(endpoints, signal);
    if (version === undefined) return undefined;
    const client = new ProtocommClient(endpoints, version, context.protocomm, () => context.visit.secret);
    return new EspClaimSession(link, client, version, context);
  },
};
