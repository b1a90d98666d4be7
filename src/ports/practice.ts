import type { ListRow } from '../../contract/list-row.ts';

/** A simulated device of the training organisation. It lives in this browser. */
export interface PracticeDevice {
  readonly udid: string;
  /** What its label's code says. */
  readonly labelText: string;
  /** What its maker would have handed over. */
  readonly row: ListRow;
}

/**
 * What goes wrong with it, for whoever practises that: another device is connected, or it is silent, once; or its request is broken,
 * for good.
 */
export const PRACTICE_FAULTS = ['other', 'silent', 'broken'] as const;
export type PracticeFault = (typeof PRACTICE_FAULTS)[number];

/** Makes or wakes the practice device; loaded only when somebody wants one. */
export interface PracticeDevices {
  /** The one unpacked last, over reloads too; the first is unpacked here. The simulated link leads to it. */
  current(): Promise<PracticeDevice>;
  /** A new one, as if unpacked. The simulated link leads to it; the others are kept. */
  unpack(): Promise<PracticeDevice>;
  /** The next simulated link leads to this one, whose certificate is there. */
  wake(udid: string): void;
  /** Of the one unpacked last, until another one is unpacked or woken. Undefined: nothing goes wrong. */
  fail(fault: PracticeFault | undefined): void;
}
