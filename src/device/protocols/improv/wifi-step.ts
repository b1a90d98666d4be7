/** What a device's Wi-Fi is doing. `needs-button`: it wants its button pressed before it listens. */
export type WifiState = 'needs-button' | 'ready' | 'joining' | 'joined';

export interface WifiNetwork {
  readonly ssid: string;
  /** Signal strength in dBm. */
  readonly rssi: number;
  readonly needsPassword: boolean;
}

/**
 * Getting a device onto a network, and nothing else: Improv knows no key and no identity, and all of it is clear text
 * (improv-wifi.com). Every call ends, and rejects with DeviceError only.
 */
export interface WifiStep {
  state(signal: AbortSignal): Promise<WifiState>;
  scan(signal: AbortSignal): Promise<readonly WifiNetwork[]>;
  /** Resolves when the device has joined; `wifi_failed` if it could not. */
  set(ssid: string, password: string, signal: AbortSignal): Promise<void>;
  /** Takes the listeners off; the link stays open. */
  release(): void;
}
