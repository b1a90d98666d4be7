import type { Driver } from './driver.ts';
import { zephyrCred } from './zephyr-cred/driver.ts';

/** Every driver, in the order they ask. Those whose question is harmless to others come first. */
export const DRIVERS: readonly Driver[] = [zephyrCred];
