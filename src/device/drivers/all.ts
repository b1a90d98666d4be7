import { arduino } from './arduino/driver.ts';
import type { Driver } from './driver.ts';
import { espClaim } from './esp-claim/driver.ts';
import { improv } from './improv/driver.ts';
import { nordicModem } from './nordic-modem/driver.ts';
import { smpFiles } from './smp-files/driver.ts';
import { zephyrCred } from './zephyr-cred/driver.ts';

/**
 * Every driver, in the order they ask. Those whose question is harmless to others come first: to a shell without SMP its
 * frames are typed text, and that nobody answers them is only known by waiting.
 */
export const DRIVERS: readonly Driver[] = [zephyrCred, nordicModem, smpFiles, arduino, espClaim, improv];
