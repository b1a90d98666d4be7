import type { DeviceReading, ReadLabel } from '../flow/install.ts';
import {
  type ChooseOptions,
  type CredentialBundle,
  type DeviceAttestation,
  DeviceError,
  type DeviceIdentity,
  type DevicePort,
  type DeviceSession,
  type LabelSecret,
  type LinkKind,
  type WifiStep,
  type WrittenPart,
} from '../ports/device.ts';

/**
 * One device at a time, from opening to closing. Whatever is under way ends when `stop` is called. Rejects with
 * DeviceError only.
 */
export class DeviceWork {
  readonly #port: DevicePort;
  #session: DeviceSession | undefined;
  #openFor: string | undefined;
  #secret: { readonly name: string; readonly secret: LabelSecret } | undefined;
  #work = new AbortController();

  constructor(port: DevicePort) {
    this.#port = port;
  }

  /**
   * Opens a link and finds the driver. Called in a tap's own turn, it reaches the browser's chooser in that turn unless
   * an earlier session must be closed first (a port cannot be opened twice).
   */
  async open(link: LinkKind, options: ChooseOptions = {}): Promise<DeviceSession> {
    const earlier = this.#forget();
    if (earlier !== undefined) await earlier.close();
    const work = new AbortController();
    this.#work = work;
    const session = await this.#port.choose(link, work.signal, options);
    if (work.signal.aborted) {
      // The browser's chooser may answer late: kept, this session would block the one opened since.
      await session.close();
      throw new DeviceError('aborted', 'choose');
    }
    this.#session = session;
    return session;
  }

  /** Keeps the session open for the certificate of this record, which may come within seconds. */
  keepOpenFor(record: string): void {
    if (this.#session !== undefined) this.#openFor = record;
  }

  /** The link still open for this record, if it is. */
  connectedLink(record: string): LinkKind | undefined {
    return this.#openFor === record ? this.#session?.link : undefined;
  }

  /**
   * Identity first: reading a key makes one in some firmware, and tells others their name, so a device that is not the
   * label's must be found out before. Rejects with WrongDeviceError then.
   */
  async read(label?: ReadLabel): Promise<Omit<DeviceReading, 'challenge'>> {
    const session = this.#open();
    const { signal } = this.#work;
    const identity = await session.identify(signal);
    if (label !== undefined) {
      // Not needed for the first screen.
      const { WrongDeviceError, wrongDevice } = await import('./wrong-device.ts');
      const fault = wrongDevice(label, identity);
      if (fault !== undefined) throw new WrongDeviceError(fault);
    }
    const evidence = await session.evidence(signal);
    return { link: session.link, traits: session.traits, identity, evidence };
  }

  /** Who it is and what it attests, with no key made or shown; undefined where its firmware cannot. */
  async attest(): Promise<
    { readonly identity: DeviceIdentity; readonly attestations: readonly DeviceAttestation[] } | undefined
  > {
    const session = this.#open();
    const { signal } = this.#work;
    if (session.traits.rowKind !== 'voucher' || session.attest === undefined) return undefined;
    const identity = await session.identify(signal);
    return { identity, attestations: await session.attest(signal) };
  }

  /** What the device calls itself. */
  async names(): Promise<readonly string[]> {
    return (await this.#open().identify(this.#work.signal)).aliases;
  }

  /** Whether it holds this key now; undefined where its firmware cannot show that. */
  async holdsKey(publicKey: Uint8Array): Promise<boolean | undefined> {
    return this.#open().holdsKey(publicKey, this.#work.signal);
  }

  /** The Wi-Fi of the device that is open, and the signal that ends it. */
  wifi(): { readonly step: WifiStep; readonly signal: AbortSignal } {
    const step = this.#open().wifi;
    if (step === undefined) throw new DeviceError('unsupported_here', 'Wi-Fi');
    return { step, signal: this.#work.signal };
  }

  /** Keeps a label's secret in memory, for this device's visits until the next label or until the app is closed. */
  keepSecret(name: string, secret: LabelSecret | undefined): void {
    this.#secret = secret === undefined ? undefined : { name, secret };
  }

  /** A device that told its name is asked for by it from now on. */
  renameSecret(from: string, to: string): void {
    if (this.#secret?.name === from) this.#secret = { ...this.#secret, name: to };
  }

  secretFor(name: string): LabelSecret | undefined {
    return this.#secret?.name === name ? this.#secret.secret : undefined;
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
    await this.#forget()?.close();
  }

  #forget(): DeviceSession | undefined {
    const session = this.#session;
    this.#work.abort();
    this.#session = undefined;
    this.#openFor = undefined;
    return session;
  }

  #open(): DeviceSession {
    // A step came after its device was given back: pair again.
    if (this.#session === undefined) throw new DeviceError('link_lost', 'no session');
    return this.#session;
  }
}
