import type { CryptoPort } from '../../../core/crypto.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeviceSession } from '../../ports/device.ts';
import type { Link } from '../../ports/link.ts';
import type { ProtocommCrypto } from '../protocols/protocomm/crypto.ts';

/** What a driver may use of the world, beside the link. */
export interface DriverContext {
  readonly clock: Clock;
  readonly crypto: Pick<CryptoPort, 'sha256'> & Partial<Pick<CryptoPort, 'verify'>>;
  /** Zephyr's security tag of the device's certificate, where the site knows better than the device tells. */
  readonly secTag?: number;
  /** Cryptography of Espressif's protocol; without it its devices are told apart and no further. */
  readonly protocomm?: ProtocommCrypto;
  /** The label's secret (proof of possession), if one was read. Asked for when needed; never kept, logged or in an error. */
  readonly presence?: () => string | undefined;
  /** What the label or the list calls this device, for firmware that is told its name by us. */
  readonly udid?: () => string | undefined;
  /** What the device is to sign, 16 to 32 bytes, so that its possession is fresh. */
  readonly challenge?: () => Uint8Array | undefined;
  /** The person was told that a key without a certificate is in the device, and wants it replaced. */
  readonly replaceOrphanKey?: () => boolean;
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
