import { type Bytes, concat, toHex } from '../../../core/bytes.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { DeviceError } from '../../ports/device.ts';
import { NOT_SUPPORTED, type SmpClient, type SmpOutcome, type SmpRefusal } from './smp-client.ts';
import { SMP_HEADER } from './smp-packet.ts';

const FILES = 8;
const CONTENT = 0;
const STATUS = 1;
const HASH = 2;
const CLOSE = 4;
/** Codes of the file group in version 2, and what they become in version 1 (fs_mgmt.c, fs_mgmt_translate_error_code). */
const NOT_FOUND = 3;
const WRITE_FAILED = 10;
const OFFSET_NOT_VALID = 11;
const NO_SUCH_HASH = 13;
const EMPTY_FILE = 16;
const OLD_NOT_FOUND = 5;
const OLD_INVALID = 3;
const OLD_NO_MEMORY = 2;
/** CBOR around an upload's data: the map's head, four keys, the heads of their values (RFC 8949 section 3). */
const AROUND = 1 + 4 + 5 + 5 + 3 + 5 + 5 + 4 + 5;
/** Where a firmware does not say its buffer: a third of Zephyr's default (CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE, 384). */
const CAUTIOUS = 128;
/** Larger packets save hardly a request, and a console's lines may overrun while they arrive. */
const LARGEST = 1_024;
/** What an upload moves at least for each request, else nothing of it would ever end. */
const LEAST_DATA = 16;

/** Zephyr's file group (smp_group_8.rst): what stands in a device's files, and putting something there. */
export class SmpFiles {
  readonly #client: SmpClient;
  readonly #crypto: Pick<CryptoPort, 'sha256'>;
  #packet: number | undefined;
  #hashes: boolean | undefined;

  constructor(client: SmpClient, crypto: Pick<CryptoPort, 'sha256'>) {
    this.#client = client;
    this.#crypto = crypto;
  }

  /** Size of a file; undefined if there is none. `unknown` where the firmware lacks the command. Changes nothing. */
  async size(name: string, signal: AbortSignal): Promise<number | 'unknown' | undefined> {
    const { reply, refused } = await this.#ask('read', STATUS, { name }, signal);
    if (refused === undefined) return wholeNumber(reply.get('len'), 'file status');
    if (isNotFound(refused)) return undefined;
    if (refused.group === undefined && refused.code === NOT_SUPPORTED) return 'unknown';
    throw new DeviceError('device_refused', 'file status');
  }

  /**
   * SHA-256 of a file, lower-case hex, by the device itself, or where it lacks the command of what it hands back. Undefined
   * if there is no such file.
   *
   * @param most longest file that is worth reading back, in bytes
   */
  async digest(name: string, most: number, signal: AbortSignal): Promise<string | undefined> {
    if (this.#hashes !== false) {
      const { reply, refused } = await this.#ask('read', HASH, { name, type: 'sha256' }, signal);
      if (refused === undefined) return hashIn(reply.get('output'));
      if (isNotFound(refused)) return undefined;
      if (refused.group === FILES && refused.code === EMPTY_FILE) return this.#hashOf(new Uint8Array(0));
      this.#hashes = !lacksHash(refused);
      if (this.#hashes) throw new DeviceError('device_refused', 'file hash');
    }
    const content = await this.download(name, most, signal);
    return content === undefined ? undefined : this.#hashOf(content);
  }

  /** A whole file; undefined if there is none. `device_garbage` if it is longer than `most` or lies about its length. */
  async download(name: string, most: number, signal: AbortSignal): Promise<Bytes | undefined> {
    const parts: Uint8Array[] = [];
    let total: number | undefined;
    for (let off = 0; total === undefined || off < total; ) {
      const { reply, refused } = await this.#ask('read', CONTENT, { name, off }, signal);
      if (refused !== undefined) {
        if (isNotFound(refused)) return undefined;
        throw new DeviceError('device_refused', 'file download');
      }
      // The length comes with the first answer only.
      total ??= wholeNumber(reply.get('len'), 'file download');
      const data = reply.get('data');
      const honest =
        total <= most && data instanceof Uint8Array && reply.get('off') === off && off + data.length <= total;
      if (!honest || (data.length === 0 && off < total))
        throw new DeviceError('device_garbage', 'file download');
      parts.push(data);
      off += data.length;
    }
    return concat(...parts);
  }

  /**
   * Writes a file, beginning with what the device already holds of it: a cut upload leaves the part that arrived. Goes on
   * at the offset the device states.
   */
  async upload(name: string, content: Uint8Array, signal: AbortSignal): Promise<void> {
    let off = await this.#begun(name, content, signal);
    const resumed = off > 0;
    let room = (await this.#room(signal)) - name.length;
    // Every byte could be stated anew once; a device that does so more often never ends.
    for (let left = 2 * Math.ceil(content.length / LEAST_DATA) + 4; off < content.length; left--) {
      if (left === 0) throw new DeviceError('device_garbage', 'file upload');
      const data = content.subarray(off, off + Math.max(LEAST_DATA, room));
      const body = { off, data, name, ...(off === 0 ? { len: content.length } : {}) };
      const next = await this.#piece(body, signal);
      // A packet that a console lost: smaller ones may get through.
      if (next === 'lost' && room <= LEAST_DATA) throw new DeviceError('timed_out', 'file upload');
      if (next === 'lost') room = Math.floor(room / 2);
      off = next === 'lost' ? await this.#begun(name, content, signal) : next;
      if (off > content.length) throw new DeviceError('device_garbage', 'file upload');
    }
    // Only the first packet of an upload says how long it is: without it the firmware keeps the file open, and what is read
    // back meanwhile is what was there before. Younger firmware closes it when asked (group 8, command 4).
    if (resumed) await this.#ask('write', CLOSE, {}, signal);
  }

  async #piece(body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number | 'lost'> {
    try {
      const { reply, refused } = await this.#ask('write', CONTENT, body, signal);
      if (refused === undefined) return wholeNumber(reply.get('off'), 'file upload');
      // It holds another part than we thought: `len` says how much, and zero begins anew.
      if (refused.group === FILES && refused.code === OFFSET_NOT_VALID && body.off !== 0) return 0;
      throw new DeviceError(isFull(refused) ? 'storage_full' : 'install_rejected', 'file upload');
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'timed_out') return 'lost';
      throw error;
    }
  }

  /** How much of this content the file holds from its beginning; 0 if it holds something else. */
  async #begun(name: string, content: Uint8Array, signal: AbortSignal): Promise<number> {
    const size = await this.size(name, signal);
    if (typeof size !== 'number' || size === 0 || size >= content.length || this.#hashes === false) return 0;
    const part = await this.#hashOf(content.subarray(0, size));
    return (await this.digest(name, size, signal)) === part ? size : 0;
  }

  /** Bytes for name and data in one packet, by the device's own buffer (group 0, command 6). */
  async #room(signal: AbortSignal): Promise<number> {
    if (this.#packet === undefined) {
      const request = { operation: 'read', group: 0, command: 6, body: {} } as const;
      const { reply, refused } = await this.#client.ask(request, signal);
      const size = refused === undefined ? reply.get('buf_size') : undefined;
      const stated = typeof size === 'number' && size >= CAUTIOUS ? size : CAUTIOUS;
      this.#packet = Math.min(stated, LARGEST);
    }
    return this.#packet - SMP_HEADER - AROUND;
  }

  #ask(
    operation: 'read' | 'write',
    command: number,
    body: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<SmpOutcome> {
    return this.#client.ask({ operation, group: FILES, command, body }, signal);
  }

  async #hashOf(content: Uint8Array): Promise<string> {
    return toHex(await this.#crypto.sha256(content));
  }
}

function isNotFound({ group, code }: SmpRefusal): boolean {
  return group === FILES ? code === NOT_FOUND : group === undefined && code === OLD_NOT_FOUND;
}

function isFull({ group, code }: SmpRefusal): boolean {
  return group === FILES ? code === WRITE_FAILED : group === undefined && code === OLD_NO_MEMORY;
}

function lacksHash({ group, code }: SmpRefusal): boolean {
  return group === FILES
    ? code === NO_SUCH_HASH
    : group === undefined && (code === NOT_SUPPORTED || code === OLD_INVALID);
}

function hashIn(output: unknown): string {
  if (!(output instanceof Uint8Array) || output.length !== 32)
    throw new DeviceError('device_garbage', 'file hash');
  return toHex(output);
}

function wholeNumber(value: unknown, step: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw new DeviceError('device_garbage', step);
  return value;
}
