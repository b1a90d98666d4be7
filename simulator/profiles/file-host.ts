import type { CborMap } from './cbor-lite.ts';
import type { DeviceMemory } from './device-state.ts';
import type { FilesFirmware, Misbehaviour } from './firmware.ts';

type Octets = Uint8Array<ArrayBuffer>;

const FOLDER = '/lfs1/credentials';
/** Names of certificate, key, request and anchor in each layout. */
const NAMES = {
  pouch: { certificate: 'crt.der', key: 'key.der', request: 'csr.der', anchor: 'ca.der' },
  sdk: {
    certificate: 'client_cert.der',
    key: 'private_key.der',
    request: 'client_csr.der',
    anchor: undefined,
  },
} as const;

/** Codes of the file group (fs_mgmt.h). */
const refuse = (rc: number): CborMap => ({ err: { group: 8, rc } });
const NOT_FOUND = 3;
const IS_DIRECTORY = 4;
const OFFSET_NOT_VALID = 11;
const NO_SUCH_HASH = 13;
const NO_MOUNT_POINT = 14;
const EMPTY = 16;
const MGMT_EINVAL = 3;
/** MCUMGR_GRP_FS_DL_CHUNK_SIZE. */
const CHUNK = 300;

/** SMP's file group over a small file system, as fs_mgmt.c has it. */
export class FileHost {
  readonly names: { readonly [what: string]: string | undefined };
  /** Every name that was read or written, for those who must not touch some. */
  readonly touched = new Set<string>();
  readonly #memory: DeviceMemory;
  readonly #firmware: FilesFirmware;
  readonly #factory: Map<string, Octets>;
  readonly #misbehaviour: () => Misbehaviour | undefined;
  #upload: { readonly name: string; at: number } | undefined;

  constructor(
    memory: DeviceMemory,
    firmware: FilesFirmware,
    request: Uint8Array,
    misbehaviour: () => Misbehaviour | undefined,
  ) {
    this.#memory = memory;
    this.#firmware = firmware;
    this.#misbehaviour = misbehaviour;
    const { certificate, key, request: csr, anchor } = NAMES[firmware.layout];
    const path = (name: string | undefined) => (name === undefined ? undefined : `${FOLDER}/${name}`);
    this.names = { certificate: path(certificate), key: path(key), request: path(csr), anchor: path(anchor) };
    this.#factory = new Map([[`${FOLDER}/${key}`, new TextEncoder().encode('nobody may read this')]]);
    if (firmware.request) this.#factory.set(`${FOLDER}/${csr}`, new Uint8Array(request));
    if (firmware.anchor && anchor !== undefined)
      this.#factory.set(`${FOLDER}/${anchor}`, new TextEncoder().encode('the maker\u2019s anchor'));
  }

  /** What a file holds; by its name, or by what it is for. */
  content(name: string): Octets | undefined {
    const path = this.names[name] ?? name;
    const written = this.#memory.get(0, `file:${path}`);
    return written === undefined ? this.#factory.get(path) : new Uint8Array(written);
  }

  /** Undefined for a command that is not built in. */
  async answer(command: number, operation: number, request: CborMap): Promise<CborMap | undefined> {
    if (command === 4 && operation === 2) {
      this.#upload = undefined;
      return {};
    }
    const { name } = request;
    if (typeof name !== 'string' || name === '') return { rc: MGMT_EINVAL };
    if (command === 0 && operation === 2) return this.#write(name, request);
    if (command === 0 && operation === 0) return this.#read(name, request.off);
    if (command === 1 && operation === 0)
      return this.#missing(name) ?? { len: this.content(name)?.length ?? 0 };
    if (command === 2 && operation === 0 && this.#firmware.hash) return this.#hash(name, request.type);
    return undefined;
  }

  #missing(name: string): CborMap | undefined {
    if (['/', '/lfs1', FOLDER].includes(name)) return refuse(IS_DIRECTORY);
    return this.content(name) === undefined ? refuse(NOT_FOUND) : undefined;
  }

  #read(name: string, off: unknown): CborMap {
    this.touched.add(name);
    const missing = this.#missing(name);
    if (missing !== undefined) return missing;
    if (typeof off !== 'number') return { rc: MGMT_EINVAL };
    const content = this.content(name) ?? new Uint8Array(0);
    const data = content.slice(off, off + CHUNK);
    return off === 0 ? { off, data, len: content.length } : { off, data };
  }

  async #hash(name: string, type: unknown): Promise<CborMap> {
    const missing = this.#missing(name);
    if (missing !== undefined) return missing;
    if (type !== 'sha256') return refuse(NO_SUCH_HASH);
    const content = this.content(name) ?? new Uint8Array(0);
    if (content.length === 0) return refuse(EMPTY);
    const output = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
    return { type, len: content.length, output };
  }

  #write(name: string, { off, data, len }: CborMap): CborMap {
    this.touched.add(name);
    if (typeof off !== 'number' || !(data instanceof Uint8Array)) return { rc: MGMT_EINVAL };
    if (off === 0 && typeof len !== 'number') return { rc: MGMT_EINVAL };
    if (!name.startsWith(`${FOLDER}/`)) return refuse(NO_MOUNT_POINT);
    const held = this.content(name) ?? new Uint8Array(0);
    const upload = this.#upload?.name === name ? this.#upload : { name, at: off === 0 ? 0 : held.length };
    this.#upload = upload;
    if (off > 0 && off !== upload.at) {
      this.#upload = undefined;
      return { ...refuse(OFFSET_NOT_VALID), len: upload.at };
    }
    const kept = held.subarray(0, off);
    const bytes = new Uint8Array([...kept, ...data]);
    if (this.#misbehaviour()?.kind === 'corrupt-store') bytes[off] = (bytes[off] ?? 0) ^ 1;
    this.#memory.put(0, `file:${name}`, bytes);
    upload.at = off + data.length;
    return { off: upload.at };
  }
}
