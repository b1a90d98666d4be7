import { toBase64 } from './base64.ts';
import { type CommandResult, CredShell } from './cred-shell.ts';
import { pointOf } from './device-key.ts';
import type { DeviceMemory } from './device-state.ts';
import type { Firmware, Misbehaviour } from './firmware.ts';
import type { KeyMaterial } from './key-material.ts';

export const ZEPHYR_VERSION = '4.2.99';

/** The commands of a simulated Zephyr image. Line ends are LF here; a console makes CR LF of them. */
export class DeviceShell {
  readonly #memory: DeviceMemory;
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
    this.#memory = memory;
    this.#cred = new CredShell(memory, firmware, misbehaviour);
    this.#firmware = firmware;
    this.#material = material;
    const own = firmware.chipId ?? memory.udid.replace(/^[a-z]+-/, '');
    this.#chipId = misbehaviour?.kind === 'other-device' ? '02f0f0f0f0f0' : own;
  }

  async run(line: string): Promise<CommandResult> {
    const [command = '', ...args] = line.trim().split(/\s+/);
    switch (command) {
      case '':
        return { output: '', code: 0 };
      case 'cred':
        return this.#firmware.cred ? this.#cred.run(args) : notFound(command);
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

  /** sdk-nrf subsys/net/lib/nrf_cloud/common/src/nrf_cloud_credentials_shell.c, and _keygen.c beside it. */
  async #nrf([verb, tagText, subject]: readonly string[]): Promise<CommandResult> {
    const { secTag, keyless, exportsKey } = this.#firmware;
    if (tagText !== undefined && !/^\d{1,10}$/.test(tagText))
      return { output: `Invalid sec tag: ${tagText}\n`, code: -22 };
    const tag = Number(tagText ?? secTag);
    const hasKey = tag === secTag && this.#memory.hasKey(keyless);
    if (verb === 'keygen') {
      const words = `Key already exists in sec tag ${tag}. Use 'delete' to remove it first.\n`;
      if (hasKey) return { output: words, code: -120 };
      // One key, one tag: the simulated device has no other.
      if (tag !== secTag) return { output: 'Key generation failed: -134\n', code: -134 };
      this.#memory.makeKey();
      return { output: `Generated device key in sec tag ${tag}\n`, code: 0 };
    }
    if (verb === 'csr') {
      // mbedtls_pk_wrap_psa finds no key: -EIO.
      if (!hasKey) return { output: 'CSR generation failed: -5\n', code: -5 };
      const csr = subject === undefined ? this.#material.csr : await this.#material.request(subject);
      return { output: `CSR: ${toBase64(csr)}\nCSR generation complete\n`, code: 0 };
    }
    if (verb === 'pubkey' && exportsKey) {
      if (!hasKey) return { output: 'Public key export failed: -5\n', code: -5 };
      const point = toBase64(pointOf(this.#material));
      return { output: `PUBKEY: ${point}\nPublic key export complete\n`, code: 0 };
    }
    const verbs = ['keygen', 'csr', 'delete', ...(exportsKey ? ['pubkey'] : [])];
    const list = verbs.map((one) => `  ${one}\n`).join('');
    return {
      output: `nrf_cloud_cred - nRF Cloud on-device credential commands\nSubcommands:\n${list}`,
      code: 1,
    };
  }
}

function notFound(command: string): CommandResult {
  return { output: `${command}: command not found\n`, code: -8 };
}
