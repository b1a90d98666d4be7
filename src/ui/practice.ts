import type { ListRow } from '../../contract/list-row.ts';

/** A simulated device of the training organisation, living in this browser. */
export interface PracticeDevice {
  readonly udid: string;
  /** What its label's code says. */
  readonly labelText: string;
  /** What its maker would have handed over. */
  readonly row: ListRow;
}

/** Makes or wakes the practice device; loaded only when somebody wants one. */
export interface PracticeDevices {
  /** The device whose wire the simulated link leads to. Survives a reload. */
  current(): Promise<PracticeDevice>;
  /** A new one, as if unpacked: the old one is forgotten. */
  unpack(): Promise<PracticeDevice>;
}
