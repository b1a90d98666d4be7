import { toBase64 } from '../../../../core/bytes.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { Shell } from '../../protocols/shell.ts';
import { type CredentialList, type ListedCredential, parseCredList } from './cred-list.ts';

/** Where a credential goes: `SERV` is the device's own certificate, `CA` what it trusts. Never `PK`: that is its key. */
export type Slot = 'SERV' | 'CA';

/** `BIN` stores the bytes as they are, `BINT` adds a zero byte, which PEM needs (mbedtls_x509_crt_parse). */
export type StorageFormat = 'BIN' | 'BINT';

/**
 * Base64 characters a line. The shell's UART buffer holds 64 bytes (CONFIG_SHELL_BACKEND_SERIAL_RX_RING_BUFFER_SIZE),
 * so `cred buf ` and 48 more get through without flow control; nrfcredstore sends the same.
 */
const CHARACTERS_A_LINE = 48;
const ATTEMPTS = 3;
/** Zephyr's shell.c, SHELL_MSG_CMD_NOT_FOUND. */
const NO_COMMAND = /\bcred: command not found/;

/** Zephyr's `cred` commands, as tls_credentials_shell.c answers them. */
export class CredCommands {
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** The whole store; undefined if the shell has no `cred` command. May be incomplete over SMP. */
  async listAll(signal: AbortSignal): Promise<CredentialList | undefined> {
    let list: CredentialList | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const output = await this.#shell.run('cred list', signal);
      list = parseCredList(output) ?? list;
      // A shell without the command says so at once and for good. Anything else is an answer torn by a log line, or what a
      // board printed that the opening of its port reset in the middle of it.
      if (list?.complete || (list === undefined && NO_COMMAND.test(output))) return list;
    }
    return list;
  }

  /** What is stored in one slot: a filtered list is short enough for the smallest SMP shell buffer. */
  async stored(tag: number, slot: Slot, signal: AbortSignal): Promise<ListedCredential | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const list = parseCredList(await this.#shell.run(`cred list ${tag} ${slot}`, signal));
      // A log line may tear the output apart; the count on its last line shows whether every line was read.
      if (list?.complete) return list.credentials.find((c) => c.tag === tag && c.type === slot);
    }
    throw new DeviceError('device_garbage', 'cred list');
  }

  async remove(tag: number, slot: Slot, signal: AbortSignal): Promise<void> {
    const output = await this.#shell.run(`cred del ${tag} ${slot}`, signal);
    if (/Deleted TLS credential|There is no TLS credential/.test(output)) return;
    throw new DeviceError('device_refused', 'cred del');
  }

  /** Whether the shell's buffer takes this, which only trying tells. Stores nothing. */
  async takes(bytes: Uint8Array, signal: AbortSignal): Promise<boolean> {
    return (await this.#buffer(toBase64(bytes), signal)) !== 'too-large';
  }

  /**
   * Buffers and stores. `too-large` if the shell's buffer cannot take the base64 text, 1023 characters unless the maker
   * raised CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE; the slot then holds nothing.
   */
  async add(
    tag: number,
    slot: Slot,
    format: StorageFormat,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<'added' | 'too-large'> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const buffered = await this.#buffer(toBase64(bytes), signal);
      if (buffered === 'too-large') return buffered;
      if (buffered === 'torn') continue;
      const output = await this.#shell.run(`cred add ${tag} ${slot} DEFAULT ${format}`, signal);
      if (/Added TLS credential/.test(output)) return 'added';
      if (/Not enough heap|No reference slot|Failed to add/.test(output))
        throw new DeviceError('storage_full', 'cred add');
      throw new DeviceError('install_rejected', 'cred add');
    }
    throw new DeviceError('install_rejected', 'cred buf');
  }

  /** Line by line, each confirmed with the number of characters the device took. */
  async #buffer(text: string, signal: AbortSignal): Promise<'ready' | 'torn' | 'too-large'> {
    // What a cut session left in the buffer would stand before ours.
    await this.#shell.run('cred buf clear', signal);
    for (let at = 0; at < text.length; at += CHARACTERS_A_LINE) {
      const line = text.slice(at, at + CHARACTERS_A_LINE);
      const output = await this.#shell.run(`cred buf ${line}`, signal);
      if (/Not enough room in credential buffer/.test(output)) return 'too-large';
      if (Number(/Stored (\d{1,6}) bytes/.exec(output)?.[1]) !== line.length) return 'torn';
    }
    return 'ready';
  }
}
