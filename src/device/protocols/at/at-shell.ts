import { DeviceError } from '../../../ports/device.ts';
import type { Shell } from '../shell.ts';
import { type At, type AtReply, parseAtReply, REPLY_MS } from './at.ts';

/** AT commands through a shell's `at '...'`, which reads `\n` as a line feed (nrfcredstore, command_interface.py). */
export class AtShell implements At {
  /** CONFIG_SHELL_CMD_BUFF_SIZE must be raised for any certificate; Nordic's own images have 2600 and more. */
  readonly longest = 2_500;
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  async run(command: string, signal: AbortSignal): Promise<AtReply> {
    const output = await this.#shell.run(`at '${command.replaceAll('\n', '\\n')}'`, signal, REPLY_MS);
    const reply = parseAtReply(`${output}\n`);
    if (reply === undefined) throw new DeviceError('device_garbage', 'AT over shell');
    return reply;
  }
}
