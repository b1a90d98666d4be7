import type { Misbehaviour } from '../firmware.ts';

/** Build options of the simulated Espressif firmware. */
export interface EspFirmware {
  /** The security it was built with: what `proto-ver` says in `sec_ver`. */
  readonly security: 0 | 1 | 2;
  /** `sec_patch_ver`: from 1 on security 2 counts its nonce. */
  readonly patch: 0 | 1;
  /** Security 2's account; RainMaker's own is `wifiprov`. */
  readonly username: string;
  /** Security 1 without a secret. */
  readonly noPop: boolean;
  /** Assisted claiming (CONFIG_ESP_RMAKER_ASSISTED_CLAIM); private deployments build it out. */
  readonly claim: boolean;
  /** The `ch_resp` endpoint, and whether it was turned off by its own command since. */
  readonly challenge: 'offered' | 'disabled' | 'absent';
  /** Longest value of a characteristic: 256 in the tables of older firmware, 512 in the standard. */
  readonly valueLimit: number;
  /** Whether its characteristics have a user description (0x2901). */
  readonly describes: boolean;
  /** The network it can join, for the Wi-Fi step. */
  readonly network: { readonly ssid: string; readonly password: string };
}

export const DEFAULT_ESP_FIRMWARE: EspFirmware = {
  security: 2,
  patch: 1,
  username: 'wifiprov',
  noPop: false,
  claim: true,
  challenge: 'offered',
  valueLimit: 256,
  describes: true,
  network: { ssid: 'Werkstatt', password: 'correct horse' },
};

/** RainMaker's and the examples' service, and its characteristics' 16-bit parts in the order the manager makes them. */
export const ESP_SERVICE = '021a9004-0382-4aea-bff4-6b3f1c5adfb4';
const ESP_ENDPOINTS = [
  ['prov-ctrl', 'ff4f'],
  ['prov-scan', 'ff50'],
  ['prov-session', 'ff51'],
  ['prov-config', 'ff52'],
  ['proto-ver', 'ff53'],
  ['rmaker_claim', 'ff54'],
  ['ch_resp', 'ff55'],
] as const;
export type EspEndpoint = (typeof ESP_ENDPOINTS)[number][0];

function uuidOf(short: string): string {
  return `${ESP_SERVICE.slice(0, 4)}${short}${ESP_SERVICE.slice(8)}`;
}

export function endpointsOf(firmware: EspFirmware): readonly (readonly [EspEndpoint, string])[] {
  return ESP_ENDPOINTS.filter(
    ([name]) =>
      (name !== 'rmaker_claim' || firmware.claim) && (name !== 'ch_resp' || firmware.challenge !== 'absent'),
  ).map(([name, short]) => [name, uuidOf(short)] as const);
}

/** What a request may turn into on a device that misbehaves. */
export type Mischief = Misbehaviour | undefined;
