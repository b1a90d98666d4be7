import { toPem } from './base64.ts';
import { type DeviceShell, ZEPHYR_VERSION } from './device-shell.ts';
import type { Firmware } from './firmware.ts';
import type { KeyMaterial } from './key-material.ts';
import type { SmpOnConsole } from './smp-on-console.ts';

const PROMPT = 'uart:~$ ';
const GREEN_PROMPT = `\u001b[1;32m${PROMPT}\u001b[m`;
/** Longest command line (CONFIG_SHELL_CMD_BUFF_SIZE). */
const LINE_LIMIT = 256;

/** Zephyr's shell on a UART: echo, prompt, colours, Ctrl+C, log lines that wipe the prompt and write it again. */
export class UartConsole {
  readonly #shell: DeviceShell;
  readonly #firmware: Firmware;
  readonly #material: KeyMaterial;
  readonly #print: (text: string) => void;
  readonly #smp: SmpOnConsole | undefined;
  #line = '';
  #commands = 0;
  #work: Promise<unknown> = Promise.resolve();

  constructor(
    shell: DeviceShell,
    firmware: Firmware,
    material: KeyMaterial,
    print: (text: string) => void,
    smp?: SmpOnConsole,
  ) {
    this.#shell = shell;
    this.#firmware = firmware;
    this.#material = material;
    this.#print = print;
    this.#smp = smp;
  }

  /** What comes over the wire from the moment power or the reset button starts the device. */
  boot(): void {
    this.#line = '';
    this.#print(`\r\n*** Booting Zephyr OS build v${ZEPHYR_VERSION} ***\r\n`);
    if (this.#firmware.printsAtBoot) {
      const lines = [
        `Using sec tag ${this.#firmware.secTag}`,
        ...toPem('PUBLIC KEY', this.#material.spki).split('\n'),
        ...toPem('CERTIFICATE REQUEST', this.#material.csr).split('\n'),
        'Waiting for the device and CA certificates',
      ];
      for (const [index, line] of lines.entries()) {
        if (this.#firmware.logs && index % 5 === 3)
          this.#print(this.#log('net_config', 'IPv4 address: 192.0.2.1'));
        this.#print(`${line}\r\n`);
      }
    }
    this.#prompt();
  }

  /** Takes what the UART receives. Resolves when every command in it has been answered. */
  receive(bytes: Uint8Array): Promise<void> {
    const mine = this.#work.then(async () => {
      for (const byte of bytes)
        for (const typed of this.#smp === undefined ? [byte] : await this.#smp.take(byte))
          await this.#key(typed);
    });
    this.#work = mine;
    return mine;
  }

  async #key(byte: number): Promise<void> {
    if (byte === 0x03) {
      this.#line = '';
      this.#print('^C\r\n');
      this.#prompt();
    } else if (byte === 0x0d || byte === 0x0a) {
      const line = this.#line;
      this.#line = '';
      this.#print('\r\n');
      const { output, code } = await this.#shell.run(line);
      const text = output.replaceAll('\n', '\r\n');
      this.#print(code < 0 && this.#firmware.colours ? `\u001b[1;31m${text}\u001b[m` : text);
      this.#prompt();
      this.#noise();
    } else if (this.#line.length < LINE_LIMIT - 1) {
      this.#line += String.fromCharCode(byte);
      if (this.#firmware.echo) this.#print(String.fromCharCode(byte));
    }
  }

  #noise(): void {
    if (!this.#firmware.logs || ++this.#commands % 7 !== 0) return;
    this.#print(`\u001b[${PROMPT.length}D\u001b[J${this.#log('net_if', 'link up')}`);
    this.#prompt();
  }

  #log(module: string, text: string): string {
    const line = `[00:00:${String(this.#commands % 60).padStart(2, '0')}.250,000] <inf> ${module}: ${text}\r\n`;
    return this.#firmware.colours ? `\u001b[0m${line}\u001b[0m` : line;
  }

  #prompt(): void {
    this.#print(this.#firmware.colours ? GREEN_PROMPT : PROMPT);
  }
}
