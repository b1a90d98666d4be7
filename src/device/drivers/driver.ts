import type { Timer } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import type { DeviceSession, Visit } from '../../ports/device.ts';
import type { Link } from '../../ports/link.ts';
import type { ProtocommCrypto } from '../protocols/protocomm/crypto.ts';

/** What a driver may use of the world, beside the link. */
export interface DriverContext {
  readonly clock: Timer;
  readonly crypto: Pick<CryptoPort, 'sha256'> & Partial<Pick<CryptoPort, 'verify'>>;
  /** Cryptography of Espressif's protocol; without it its devices are told apart and no further. */
  readonly protocomm?: ProtocommCrypto;
  /** What this visit knows and wants of the device. Its secret is asked for when needed; never kept, logged or in an error. */
  readonly visit: Visit;
}

/** One firmware family. docs/drivers.md says how to write one and what it must pass. */
export interface Driver {
  readonly name: string;
  /** Bluetooth services its firmware may offer: a page may only touch what it named when the device was chosen. */
  readonly bluetoothServices: readonly string[];
  /**
   * Asks the device, and changes nothing on it. A session if it is this driver's; undefined if it is someone else's,
   * with every listener taken off the link again. DeviceError only for what no other driver could do better.
   */
  detect(link: Link, context: DriverContext, signal: AbortSignal): Promise<DeviceSession | undefined>;
}
