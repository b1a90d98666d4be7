import type { EspFirmware } from './firmware.ts';
import { inner, type Proto, parseProto, writeProto } from './proto-lite.ts';
import { makeVerifier, type SrpHost, srpHost } from './srp-host.ts';

type Octets = Uint8Array<ArrayBuffer>;

/** Encrypted payloads of one session, in the order they come. Undefined is a failure that ends the request. */
interface Channel {
  decrypt(bytes: Uint8Array): Promise<Octets | undefined>;
  encrypt(bytes: Uint8Array): Promise<Octets>;
}

/** protocomm's `prov-session`: one session at a time, begun anew by each first command. */
export class SessionHost {
  readonly #firmware: EspFirmware;
  readonly #secret: string;
  channel: Channel | undefined;
  #pending: ((step: Proto) => Promise<Octets | undefined>) | undefined;

  constructor(firmware: EspFirmware, secret: string) {
    this.#firmware = firmware;
    this.#secret = secret;
  }

  /** Undefined where the firmware's handler fails, which the transport tells as an error without words. */
  async handle(request: Uint8Array): Promise<Octets | undefined> {
    const session = parseProto(request);
    const version = session?.numbers.get(2) ?? 0;
    if (version !== this.#firmware.security) return undefined;
    const payload = inner(session, 10 + version);
    const message = payload?.numbers.get(1) ?? 0;
    if (payload === undefined) return undefined;
    if (message === 0) {
      this.channel = undefined;
      this.#pending = undefined;
      const first = inner(payload, 20);
      return first === undefined ? undefined : this.#first(first);
    }
    const second = inner(payload, 22);
    const pending = this.#pending;
    this.#pending = undefined;
    return second === undefined || pending === undefined ? undefined : pending(second);
  }

  async #first(command: Proto): Promise<Octets | undefined> {
    switch (this.#firmware.security) {
      case 0:
        this.channel = {
          decrypt: async (bytes) => new Uint8Array(bytes),
          encrypt: async (bytes) => new Uint8Array(bytes),
        };
        return answer(0, 1, 21, writeProto());
      case 1:
        return this.#agree(command);
      case 2:
        return this.#srp(command);
    }
  }

  async #agree(command: Proto): Promise<Octets | undefined> {
    const theirs = command.blobs.get(1);
    if (theirs?.length !== 32) return undefined;
    const pair = (await crypto.subtle.generateKey({ name: 'X25519' }, false, [
      'deriveBits',
    ])) as CryptoKeyPair;
    const own = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
    const their = await crypto.subtle.importKey('raw', theirs, { name: 'X25519' }, false, []);
    const key = new Uint8Array(
      await crypto.subtle.deriveBits({ name: 'X25519', public: their }, pair.privateKey, 256),
    );
    if (!this.#firmware.noPop) {
      const mask = new Uint8Array(
        await crypto.subtle.digest('SHA-256', new TextEncoder().encode(this.#secret)),
      );
      for (let i = 0; i < 32; i++) key[i] = (key[i] ?? 0) ^ (mask[i] ?? 0);
    }
    const random = crypto.getRandomValues(new Uint8Array(16));
    const stream = await counterStream(key, random);
    this.#pending = async (second) => {
      const proof = stream(second.blobs.get(2) ?? new Uint8Array(0));
      if (proof.length !== 32 || !proof.every((byte, i) => byte === own[i])) return undefined;
      const verify = stream(theirs);
      this.channel = { decrypt: async (bytes) => stream(bytes), encrypt: async (bytes) => stream(bytes) };
      return answer(1, 3, 23, writeProto([3, verify]));
    };
    return answer(1, 1, 21, writeProto([2, own], [3, random]));
  }

  async #srp(command: Proto): Promise<Octets | undefined> {
    const user = command.blobs.get(1);
    const theirs = command.blobs.get(2);
    if (user === undefined || user.length === 0 || theirs?.length !== 384) return undefined;
    const salt = crypto.getRandomValues(new Uint8Array(16));
    // Espressif's generator never begins with a zero byte (srp6a.py).
    salt[0] = (salt[0] ?? 0) | 1;
    const host = await srpHost(user, salt, await makeVerifier(this.#firmware.username, this.#secret, salt));
    this.#pending = (second) => this.#proved(host, theirs, second.blobs.get(1));
    return answer(2, 1, 21, writeProto([2, host.publicKey], [3, salt]));
  }

  async #proved(host: SrpHost, theirs: Octets, proof: Octets | undefined): Promise<Octets | undefined> {
    const proved = proof?.length === 64 ? await host.prove(theirs, proof) : undefined;
    if (proved === undefined) return undefined;
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    nonce.set([0, 0, 0, 1], 8);
    const told = nonce.slice();
    const key = await crypto.subtle.importKey('raw', proved.key.slice(0, 32), 'AES-GCM', false, [
      'encrypt',
      'decrypt',
    ]);
    const turn = (): Octets => {
      const now = nonce.slice();
      if (this.#firmware.patch === 1)
        new DataView(nonce.buffer).setUint32(8, new DataView(nonce.buffer).getUint32(8) + 1);
      return now;
    };
    this.channel = {
      async decrypt(bytes) {
        try {
          return new Uint8Array(
            await crypto.subtle.decrypt({ name: 'AES-GCM', iv: turn() }, key, bytes.slice()),
          );
        } catch {
          return undefined;
        }
      },
      async encrypt(bytes) {
        return new Uint8Array(
          await crypto.subtle.encrypt({ name: 'AES-GCM', iv: turn() }, key, bytes.slice()),
        );
      },
    };
    return answer(2, 3, 23, writeProto([2, proved.proof], [3, told]));
  }
}

function answer(version: number, message: number, field: number, body: Octets): Octets {
  return writeProto([2, version], [10 + version, writeProto([1, message], [field, body])]);
}

/** The key stream made once, of more bytes than any session here uses, and taken from its front. */
async function counterStream(key: Octets, counter: Octets): Promise<(bytes: Uint8Array) => Octets> {
  const imported = await crypto.subtle.importKey('raw', key, 'AES-CTR', false, ['encrypt']);
  const zeros = new Uint8Array(256 * 1024);
  const stream = new Uint8Array(
    await crypto.subtle.encrypt({ name: 'AES-CTR', counter, length: 128 }, imported, zeros),
  );
  let at = 0;
  return (bytes) => {
    const out = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) out[i] = (bytes[i] ?? 0) ^ (stream[at++] ?? 0);
    return out;
  };
}
