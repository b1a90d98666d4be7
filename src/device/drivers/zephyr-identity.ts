import type { DeviceIdentity } from '../../ports/device.ts';
import type { Shell } from '../protocols/shell.ts';

/**
 * What a Zephyr shell says of its device, as far as its maker built it in: `kernel version`, and `hwinfo devid` for
 * the chip's own id (subsys/shell/modules/kernel_service, drivers/hwinfo/hwinfo_shell.c). Missing commands are normal.
 */
export async function readZephyrIdentity(
  shell: Shell,
  driver: string,
  signal: AbortSignal,
): Promise<DeviceIdentity> {
  const version = /Zephyr version ([\w.+-]{1,64})/.exec(await shell.run('kernel version', signal))?.[1];
  const id = /ID: 0x([0-9a-fA-F]{2,64})/.exec(await shell.run('hwinfo devid', signal))?.[1];
  return {
    driver,
    ...(version === undefined ? {} : { firmware: `Zephyr ${version}` }),
    aliases: id === undefined ? [] : [id.toLowerCase()],
  };
}
