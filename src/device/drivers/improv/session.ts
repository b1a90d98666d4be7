import {
  DeviceError,
  type DeviceIdentity,
  type DeviceSession,
  type DriverTraits,
  type WrittenPart,
} from '../../../ports/device.ts';
import type { Link } from '../../../ports/link.ts';
import type { ImprovInfo, ImprovWifi } from './improv-wifi.ts';

export const IMPROV = 'improv';

/** Improv has no key, no identity and no place for a certificate: it brings a device into a network, and that is all. */
export class ImprovSession implements DeviceSession {
  readonly link;
  readonly wifi: ImprovWifi;
  readonly traits: DriverTraits = {
    name: IMPROV,
    csrSubject: 'says-nothing',
    possession: 'static',
    evidence: 'none',
    rowKind: 'udid-only',
    installs: false,
    holdsAnchor: false,
    readsBack: false,
    wifi: true,
    makesKey: false,
  };
  readonly #link: Link;

  constructor(link: Link, wifi: ImprovWifi) {
    this.#link = link;
    this.link = link.kind;
    this.wifi = wifi;
  }

  async identify(signal: AbortSignal): Promise<DeviceIdentity> {
    const info = await this.wifi.info(signal).catch((error: unknown): ImprovInfo => {
      // Firmware may leave this command out (error 2).
      if (error instanceof DeviceError && error.code === 'device_refused') return {};
      throw error;
    });
    return { driver: IMPROV, ...info, aliases: [] };
  }

  async evidence(): Promise<never> {
    throw new DeviceError('nothing_to_bind', 'improv');
  }

  async holdsKey(): Promise<undefined> {
    return undefined;
  }

  async install(): Promise<never> {
    throw new DeviceError('nothing_to_bind', 'improv');
  }

  async installed(): Promise<readonly WrittenPart[]> {
    return [];
  }

  async close(): Promise<void> {
    this.wifi.release();
    await this.#link.close();
  }
}
