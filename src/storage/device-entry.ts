import type { FieldDevice, FieldRecord } from '../../contract/field-device.ts';
import type { DeviceAtPlace } from '../ports/devices.ts';

/** What the backend said of one device, or of one registration that bound nothing. */
export interface ToldRow {
  readonly org: string;
  /** `d maker udid` or `r record`. */
  readonly key: string;
  readonly udid: string;
  /** Which telling from the start it belongs to. */
  readonly turn: number;
  readonly device?: FieldDevice;
  readonly report?: FieldRecord & { readonly read?: boolean };
}

/**
 * A device's row in the lists of the person who is signed in, made from everything that this phone knows of it whenever any of
 * that is written. Fields that are not there leave it out of an index.
 */
export interface DeviceEntry {
  readonly org: string;
  readonly udid: string;
  /** Absent where nothing of it is this person's to see. */
  readonly row?: DeviceAtPlace;
  readonly others: Readonly<Record<string, number>>;
  /** Records of this person that name no device, were refused or rejected, and are not read: the name of a site. */
  readonly stuck?: readonly string[];
  /** What it is found by. */
  readonly text?: string;
  readonly domain?: string;
  readonly site?: string;
  /** Its need's place in DEVICE_NEEDS; within one need the newest comes first. */
  readonly rank?: number;
  readonly order?: number;
  /** From when on it is due for renewal, if it is not yet. */
  readonly due?: number;
}
