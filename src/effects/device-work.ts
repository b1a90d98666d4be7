import type { DeviceReading } from '../flow/install.ts';
import type { CredentialBundle, DeviceSession, LinkKind, WrittenPart } from '../ports/device.ts';
import type { Pairing } from '../ports/pairing.ts';

/**
 * One device at a time, from opening to closing. Whatever is under way ends when `stop` is called. Rejects with
 * DeviceError only.
 */
export class DeviceWork {
  readonly #pairing: Pairing;
  #session: DeviceSession | undefined;
  #work = new AbortController();

  constructor(pairing: Pairing) {
    this.#pairing = pairing;
  }

  /** Opens in this very turn, so that the browser still sees the tap. An earlier session is closed behind it. */
  async open(link: LinkKind): Promise<DeviceSession> {
    const earlier = this.#session;
    this.#session = undefined;
    this.#work.abort();
    this.#work = new AbortController();
    const opening = this.#pairing.open(link, this.#work.signal);
    await earlier?.close();
    this.#session = await opening;
    return this.#session;
  }

  async read(): Promise<DeviceReading> {
    const session = this.#open();
    const { signal } = this.#work;
    const identity = await session.identify(signal);
    const evidence = await session.evidence(signal);
    return { link: session.link, traits: session.traits, identity, evidence };
  }

  async publicKey(): Promise<Uint8Array> {
    return (await this.#open().evidence(this.#work.signal)).publicKey;
  }

  async write(
    bundle: CredentialBundle,
    onPart: (part: WrittenPart) => void,
  ): Promise<readonly WrittenPart[]> {
    return this.#open().install(bundle, onPart, this.#work.signal);
  }

  get link(): LinkKind {
    return this.#open().link;
  }

  async stop(): Promise<void> {
    this.#work.abort();
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  #open(): DeviceSession {
    if (this.#session === undefined) throw new NoSessionError();
    return this.#session;
  }
}

/** A step came after its device was given back: pair again. */
class NoSessionError extends Error {
  override readonly name = 'NoSessionError';
  readonly code = 'link_lost';
}
