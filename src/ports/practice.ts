import type { ListRow } from '../../contract/list-row.ts';

/** A simulated device of the training organisation. It lives in this browser. */
export interface PracticeDevice {
  readonly udid: string;
  /** What its label's code says. */
  readonly labelText: string;
  /** What its maker would have handed over. */
  readonly row: ListRow;
}

/** Makes or wakes the practice device; loaded only when somebody wants one. */
export interface PracticeDevices {
  /** The one unpacked last, over reloads too; the first is unpacked here. The simulated link leads to it. */
  current(): Promise<PracticeDevice>;
  /** A new one, as if unpacked. The simulated link leads to it; the others are kept. */
  unpack(): Promise<PracticeDevice>;
  /** The next simulated link leads to this one, whose certificate is there. */
  wake(udid: string): void;
}
