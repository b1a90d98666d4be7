import { fromBase64, toBase64 } from './base64.ts';
import type { DeviceMemory } from './device-state.ts';
import type { Firmware, Misbehaviour } from './firmware.ts';

/** A command's output and its return code, an errno below zero as Zephyr has it. */
export interface CommandResult {
  readonly output: string;
  readonly code: number;
}

const TYPES: Readonly<Record<string, readonly [short: string, long: string]>> = {
  CA: ['CA', 'CA_CERT'],
  SERV: ['SERV', 'SERVER_CERT'],
  PK: ['PK', 'PRIVATE_KEY'],
  PSK: ['PSK', 'PRE_SHARED_KEY'],
  PSK_ID: ['PSK_ID', 'PRE_SHARED_KEY_ID'],
};
const ALIASES: Readonly<Record<string, string>> = {
  CA_CERT: 'CA',
  SELF: 'SERV',
  CLIENT: 'SERV',
  SERVER_CERT: 'SERV',
};

/** Zephyr's `cred` commands with their words, as subsys/net/lib/tls_credentials/tls_credentials_shell.c prints them. */
export class CredShell {
  readonly #memory: DeviceMemory;
  readonly #firmware: Firmware;
  readonly #misbehaviour: Misbehaviour | undefined;
  #buffer = '';

  constructor(memory: DeviceMemory, firmware: Firmware, misbehaviour: Misbehaviour | undefined) {
    this.#memory = memory;
    this.#firmware = firmware;
    this.#misbehaviour = misbehaviour;
  }

  async run(args: readonly string[]): Promise<CommandResult> {
    const [verb = '', ...rest] = args;
    if (verb === 'buf' && rest.length === 1) return this.#buf(rest[0] ?? '');
    if (verb === 'add' && rest.length === 4) return this.#add(rest);
    if (verb === 'del' && rest.length === 2) return this.#del(rest);
    if (verb === 'list' && rest.length <= 2) return this.#list(rest);
    return {
      output: 'cred - TLS Credentials Commands\nSubcommands:\n  buf\n  add\n  del\n  get\n  list\n',
      code: 1,
    };
  }

  #buf(chunk: string): CommandResult {
    if (chunk === 'clear') return { output: this.#clear(), code: 0 };
    // The whole text must stay below the size less one, base64 and all.
    if (this.#buffer.length + chunk.length >= this.#firmware.credBuffer) {
      const option = 'Increase CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE.';
      return {
        output: `Not enough room in credential buffer for provided data. ${option}\n${this.#clear()}`,
        code: -12,
      };
    }
    this.#buffer += chunk;
    return { output: `Stored ${chunk.length} bytes.\n`, code: 0 };
  }

  #add([tagText = '', typeText = '', backend = '', format = '']: readonly string[]): CommandResult {
    const result = this.#addBuffered(tagText, typeText, backend, format.toUpperCase());
    return { output: result.output + this.#clear(), code: result.code };
  }

  #addBuffered(tagText: string, typeText: string, backend: string, format: string): CommandResult {
    const tag = tagOf(tagText);
    if (tag === undefined) return { output: `${tagText} is not a valid sectag.\n`, code: -22 };
    const type = typeOf(typeText);
    if (type === undefined) return { output: `${typeText} is not a valid credential type.\n`, code: -22 };
    if (backend.toUpperCase() !== 'DEFAULT')
      return { output: `${backend} is not a valid backend.\n`, code: -22 };
    if (!['BIN', 'BINT', 'STR', 'STRT'].includes(format))
      return { output: `${format} is not a valid storage format.\n`, code: -22 };
    if (this.#buffer === '') return { output: 'Please provide a credential to add.\n', code: -2 };
    if (this.#memory.get(tag, type) !== undefined) {
      return {
        output: `TLS credential with sectag ${tag} and type ${longName(type)} already exists.\n`,
        code: -17,
      };
    }
    const decoded = format.startsWith('BIN')
      ? fromBase64(this.#buffer)
      : new TextEncoder().encode(this.#buffer);
    if (decoded === undefined)
      return { output: 'Could not decode input from base64, error: -22\n', code: -22 };
    const stored = new Uint8Array(decoded.length + (format.endsWith('T') ? 1 : 0));
    stored.set(decoded);
    if (this.#misbehaviour?.kind === 'corrupt-store')
      stored[stored.length >> 1] = (stored[stored.length >> 1] ?? 0) ^ 1;
    this.#memory.put(tag, type, stored);
    const words = `type ${longName(type)}, sectag ${tag}, and length ${stored.length}`;
    return { output: `Added TLS credential of ${words} bytes.\n`, code: 0 };
  }

  #del([tagText = '', typeText = '']: readonly string[]): CommandResult {
    const tag = tagOf(tagText);
    const type = typeOf(typeText);
    if (tag === undefined) return { output: `${tagText} is not a valid sectag.\n`, code: -22 };
    if (type === undefined) return { output: `${typeText} is not a valid credential type.\n`, code: -22 };
    const words = `TLS credential with sectag ${tag} and type ${longName(type)}.\n`;
    if (this.#memory.get(tag, type) === undefined) return { output: `There is no ${words}`, code: -2 };
    this.#memory.put(tag, type, undefined);
    // The real command wipes the shell's buffer here instead of the credential it frees (volatile store).
    this.#buffer = '\0'.repeat(this.#buffer.length);
    return { output: `Stored credential freed.\nDeleted ${words}`, code: 0 };
  }

  async #list([tagText = 'any', typeText = 'any']: readonly string[]): Promise<CommandResult> {
    const tag = tagText === 'any' ? undefined : tagOf(tagText);
    const type = typeText === 'any' ? undefined : typeOf(typeText);
    const lines: string[] = [];
    for (const entry of this.#entries()) {
      if ((tag ?? entry.tag) !== entry.tag || (type ?? entry.type) !== entry.type) continue;
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(entry.value)));
      lines.push(`${entry.tag},${entry.type},${toBase64(digest)},0\n`);
    }
    return { output: `${lines.join('')}${lines.length} credentials found.\n`, code: 0 };
  }

  /** The key is in PSA, and the store holds its 4-byte id under a type whose name the shell does not know. */
  #entries() {
    const key = { tag: this.#firmware.secTag, type: 'INV', value: new Uint8Array([1, 0, 0, 0x40]) };
    const stored = this.#memory.all().filter(({ type }) => type in TYPES);
    return this.#memory.hasKey(this.#firmware.keyless) ? [key, ...stored] : stored;
  }

  #clear(): string {
    const had = this.#buffer !== '';
    this.#buffer = '';
    return had ? 'Credential buffer cleared.\n' : '';
  }
}

function tagOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function typeOf(text: string): string | undefined {
  const name = text.toUpperCase();
  return TYPES[ALIASES[name] ?? name]?.[0];
}

function longName(type: string): string {
  return TYPES[type]?.[1] ?? 'INVALID';
}
