import { type Bytes, utf8 } from '../../../../core/bytes.ts';
import { DeviceError, type LabelSecret } from '../../../ports/device.ts';
import { stillOpen } from '../within.ts';
import type { ProtocommCrypto } from './crypto.ts';
import type { Endpoints } from './gatt-endpoints.ts';
import type { SecureChannel } from './security.ts';
import { openSecurity0 } from './security0.ts';
import { openSecurity1 } from './security1.ts';
import { openSecurity2 } from './security2.ts';
import { type ProtocommVersion, readVersion, VERSION_REQUEST } from './version.ts';

/** The account of firmware that was not given another (wifi_provisioning's and RainMaker's examples). */
const USER = 'wifiprov';

/** The device's version, asked in clear before any session; undefined if it is not protocomm that answers. */
export async function askVersion(
  endpoints: Endpoints,
  signal: AbortSignal,
): Promise<ProtocommVersion | undefined> {
  return readVersion(await endpoints.exchange('proto-ver', utf8(VERSION_REQUEST), signal));
}

/** Encrypted calls, one after the other: both securities count them, so their order is part of the key. */
export class ProtocommClient {
  readonly #endpoints: Endpoints;
  readonly #version: ProtocommVersion;
  readonly #crypto: ProtocommCrypto | undefined;
  readonly #secret: () => LabelSecret | undefined;
  #channel: SecureChannel | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @param secret the label's, asked for at the handshake and not kept */
  constructor(
    endpoints: Endpoints,
    version: ProtocommVersion,
    crypto: ProtocommCrypto | undefined,
    secret: () => LabelSecret | undefined,
  ) {
    this.#endpoints = endpoints;
    this.#version = version;
    this.#crypto = crypto;
    this.#secret = secret;
  }

  has(endpoint: string): boolean {
    return this.#endpoints.has(endpoint);
  }

  /** Opens the session if none is, so that what fails afterwards is not the handshake. */
  ready(signal: AbortSignal): Promise<void> {
    const mine = this.#last.then(async () => {
      this.#channel ??= await this.#open(signal);
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** @throws DeviceError `presence_missing` or `presence_wrong` if the session does not open for want of the label's secret */
  call(endpoint: string, plain: Uint8Array, signal: AbortSignal): Promise<Bytes> {
    const mine = this.#last.then(() => this.#exchange(endpoint, plain, signal));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #exchange(endpoint: string, plain: Uint8Array, signal: AbortSignal): Promise<Bytes> {
    // What nobody waits for any more is not sent, and the session stays as it is.
    stillOpen({ signal, lost: this.#endpoints.lost }, 'protocomm');
    try {
      this.#channel ??= await this.#open(signal);
      const channel = this.#channel;
      const sealed = await channel.seal(plain);
      return await channel.open(await this.#endpoints.exchange(endpoint, sealed, signal));
    } catch (error) {
      // Nobody knows how far the device counted: the next call begins with a new handshake, which firmware takes at any time.
      this.#channel = undefined;
      throw error;
    }
  }

  async #open(signal: AbortSignal): Promise<SecureChannel> {
    const { security, patch, needsSecret } = this.#version;
    const handshake = (request: Uint8Array) => this.#endpoints.exchange('prov-session', request, signal);
    if (security === 0) return openSecurity0(handshake);
    if (this.#crypto === undefined) throw new DeviceError('unsupported_here', 'protocomm cryptography');
    const label = needsSecret ? this.#secret() : undefined;
    const secret = label?.secret;
    if (needsSecret && (secret === undefined || secret === ''))
      throw new DeviceError('presence_missing', 'protocomm session');
    return security === 1
      ? openSecurity1(handshake, this.#crypto, secret)
      : openSecurity2(
          handshake,
          this.#crypto,
          { user: label?.username ?? USER, secret: secret ?? '' },
          patch,
        );
  }
}
