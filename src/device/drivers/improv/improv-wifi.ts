import type { WifiStep } from '../../../ports/device.ts';

export interface ImprovInfo {
  readonly firmware?: string;
  readonly model?: string;
}

/** Improv on either link: Wi-Fi, and what the firmware says of itself. All of it is clear text (improv-wifi.com). */
export interface ImprovWifi extends WifiStep {
  info(signal: AbortSignal): Promise<ImprovInfo>;
  /** Takes the listeners off; the link stays open. */
  release(): void;
}
