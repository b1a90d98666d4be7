import { toBase64 } from './base64.ts';
import { type CommandResult, CredShell } from './cred-shell.ts';
import { pointOf } from './device-key.ts';
import type { DeviceMemory } from './device-state.ts';
import type { Firmware, Misbehaviour } from './firmware.ts';
import type { KeyMaterial } from './key-material.ts';

export const ZEPHYR_VERSION = '4.2.99';

/** The commands of a simulated Zephyr image. Line ends are LF here; a console makes CR LF of them. */
export class DeviceShell {
  readonly #cred: CredShell;
  readonly #firmware: Firmware;
  readonly #material: KeyMaterial;
  readonly #chipId: string;

  constructor(
    memory: DeviceMemory,
    firmware: Firmware,
    material: KeyMaterial,
    misbehaviour: Misbehaviour | undefined,
  ) {
    this.#cred = new CredShell(memory, firmware, misbehaviour);
    this.#firmware = firmware;
    this.#material = material;
    this.#chipId =
      misbehaviour?.kind === 'other-device' ? '02f0f0f0f0f0' : memory.udid.replace(/^[a-z]+-/, '');
  }

  async run(line: string): Promise<CommandResult> {
    const [command = '', ...args] = line.trim().split(/\s+/);
    switch (command) {
      case '':
        return { output: '', code: 0 };
      case 'cred':
        return this.#cred.run(args);
      case 'nrf_cloud_cred':
        return this.#firmware.nrfCloudCred ? this.#nrf(args) : notFound(command);
      case 'kernel':
        return args[0] === 'version'
          ? { output: `Zephyr version ${ZEPHYR_VERSION}\n`, code: 0 }
          : notFound(command);
      case 'hwinfo':
        if (args[0] !== 'devid') return notFound(command);
        return { output: `Length: ${this.#chipId.length / 2}\nID: 0x${this.#chipId}\n`, code: 0 };
      default:
        return notFound(command);
    }
  }

  /** sdk-nrf subsys/net/lib/nrf_cloud/common/src/nrf_cloud_credentials_shell.c */
  #nrf([verb, tag]: readonly string[]): CommandResult {
    if (tag !== undefined && Number(tag) !== this.#firmware.secTag) {
      return { output: `${verb === 'csr' ? 'CSR generation' : 'Public key export'} failed: -2\n`, code: -2 };
    }
    if (verb === 'csr') {
      return { output: `CSR: ${toBase64(this.#material.csr)}\nCSR generation complete\n`, code: 0 };
    }
    if (verb === 'pubkey') {
      return {
        output: `PUBKEY: ${toBase64(pointOf(this.#material.spki))}\nPublic key export complete\n`,
        code: 0,
      };
    }
    const help =
      'nrf_cloud_cred - nRF Cloud on-device credential commands\nSubcommands:\n  keygen\n  csr\n  delete\n  pubkey\n';
    return { output: help, code: 1 };
  }
}

function notFound(command: string): CommandResult {
  return { output: `${command}: command not found\n`, code: -8 };
}
