/**
 * A command shell on a device, whatever it is reached by: a console's lines (line-shell.ts) or SMP's group 9
 * (smp-shell.ts). Drivers of shell firmwares know only this.
 */
export interface Shell {
  /**
   * Runs one command and gives what it printed: lines without terminal control, perhaps with log lines among them,
   * perhaps cut at the device's own limit. A command that fails on the device is not an error here: its text says so.
   *
   * @param limitMs for a command that is known to take its time
   */
  run(command: string, signal: AbortSignal, limitMs?: number): Promise<string>;
}
