import type { DeviceMemory } from '../device-state.ts';
import type { NordicMisbehaviour } from './firmware.ts';

/** One argument of an AT command, without its quotes. */
export interface Asked {
  readonly text: string;
}

export const OK = 'OK\r\n';
export const ERROR = 'ERROR\r\n';
export const cme = (code: number) => `+CME ERROR: ${code}\r\n`;

/** What fits the modem's storage, all together. */
const ROOM = 12_000;

/** AT%CMNG: 0 write, 1 list, 2 read (of certificates, where the firmware does), 3 delete. The digest is of the text between the quotes, nothing added. */
export class CredentialStore {
  readonly #memory: DeviceMemory;
  readonly #reads: boolean;
  readonly #misbehaviour: () => NordicMisbehaviour | undefined;

  constructor(memory: DeviceMemory, reads: boolean, misbehaviour: () => NordicMisbehaviour | undefined) {
    this.#memory = memory;
    this.#reads = reads;
    this.#misbehaviour = misbehaviour;
  }

  async run([verb, tagText, typeText, content]: readonly Asked[], isActive: boolean): Promise<string> {
    const tag = tagText === undefined ? undefined : Number(tagText.text);
    const type = typeText?.text;
    if (tag !== undefined && !(Number.isInteger(tag) && tag >= 0 && tag <= 2_147_483_647)) return ERROR;
    if (verb?.text === '1') return this.#list(tag, type);
    if (tag === undefined || type === undefined || !/^\d$/.test(type)) return ERROR;
    if (verb?.text === '0') return this.#write(tag, type, content?.text, isActive);
    if (verb?.text === '2') return this.#read(tag, type);
    if (verb?.text === '3') return this.#remove(tag, type, isActive);
    return ERROR;
  }

  async #list(tag: number | undefined, type: string | undefined): Promise<string> {
    let out = '';
    for (const entry of this.#memory.all()) {
      if ((tag ?? entry.tag) !== entry.tag || (type ?? entry.type) !== entry.type) continue;
      out += `%CMNG: ${entry.tag},${entry.type},"${await digestOf(entry.value)}"\r\n`;
    }
    return out + OK;
  }

  async #read(tag: number, type: string): Promise<string> {
    if (!this.#reads || (type !== '0' && type !== '1')) return cme(514);
    const value = this.#memory.get(tag, type);
    if (value === undefined) return cme(513);
    const text = String.fromCharCode(...value);
    return `%CMNG: ${tag},${type},"${await digestOf(value)}","${text}"\r\n${OK}`;
  }

  #write(tag: number, type: string, text: string | undefined, isActive: boolean): string {
    if (text === undefined || text === '') return ERROR;
    if (isActive) return cme(518);
    if (this.#memory.get(tag, type) !== undefined) return cme(519);
    const used = this.#memory.all().reduce((sum, { value }) => sum + value.length, 0);
    if (used + text.length > ROOM) return cme(515);
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    if (this.#misbehaviour()?.kind === 'corrupt-store') bytes[40] = (bytes[40] ?? 0) ^ 1;
    this.#memory.put(tag, type, bytes);
    return OK;
  }

  async #remove(tag: number, type: string, isActive: boolean): Promise<string> {
    if (isActive) return cme(518);
    if (this.#memory.get(tag, type) === undefined) return cme(513);
    this.#memory.put(tag, type, undefined);
    // A deleted key never comes back: %KEYGEN makes another.
    if (type === '2') await this.#memory.renewKey();
    return OK;
  }
}

async function digestOf(value: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(value)));
  return [...digest]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}
