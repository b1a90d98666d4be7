import type { WifiNetwork } from '../../ports/device.ts';

/** What one scan may give at most: bounded, since a device may go on for ever. */
export const MOST_NETWORKS = 64;

/** Strongest first, and each name once: a house has one network and many access points. */
export function strongestFirst(heard: readonly WifiNetwork[]): readonly WifiNetwork[] {
  const sorted = heard.toSorted((a, b) => b.rssi - a.rssi);
  return sorted
    .filter(({ ssid }, at) => sorted.findIndex((other) => other.ssid === ssid) === at)
    .slice(0, MOST_NETWORKS);
}
