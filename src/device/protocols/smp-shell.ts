import { DeviceError } from '../../ports/device.ts';
import { withoutControl } from './ansi.ts';
import type { Shell } from './shell.ts';
import type { SmpClient } from './smp-client.ts';

const SHELL_GROUP = 9;
const EXECUTE = 0;

/**
 * A device's shell through SMP group 9 (smp_group_9.rst): the same commands as on its console, without the console.
 * The output is what fits the firmware's buffer, 300 bytes unless its maker raised it
 * (CONFIG_SHELL_BACKEND_DUMMY_BUF_SIZE); the rest is dropped without a word (subsys/shell/backends/shell_dummy.c).
 */
export class SmpShell implements Shell {
  readonly #client: SmpClient;

  constructor(client: SmpClient) {
    this.#client = client;
  }

  async run(command: string, signal: AbortSignal, limitMs?: number): Promise<string> {
    const request = {
      operation: 'write',
      group: SHELL_GROUP,
      command: EXECUTE,
      body: { argv: command.split(' ') },
    } as const;
    const reply = await this.#client.request(
      limitMs === undefined ? request : { ...request, limitMs },
      signal,
    );
    const output = reply.get('o');
    if (typeof output !== 'string') throw new DeviceError('device_garbage', 'SMP shell output');
    return withoutControl(output);
  }
}
