import { equalBytes } from '../../../../core/bytes.ts';
import {
  DeviceError,
  type DeviceEvidence,
  type DeviceIdentity,
  type DeviceSession,
  type DriverTraits,
  type WrittenPart,
} from '../../../ports/device.ts';
import type { ByteLink } from '../../../ports/link.ts';
import type { BcpClient } from '../../protocols/bcp/bcp-client.ts';
import type { DriverContext } from '../driver.ts';
import { type BoardId, readBoardId, verifyBoardToken } from './board-id.ts';

export const ARDUINO = 'arduino';

export class ArduinoSession implements DeviceSession {
  readonly link;
  readonly traits: DriverTraits = {
    name: ARDUINO,
    csrSubject: 'says-nothing',
    possession: 'static',
    evidence: 'key-only',
    rowKind: 'key',
    installs: false,
    holdsAnchor: false,
    readsBack: false,
    wifi: false,
    makesKey: false,
  };
  readonly #link: ByteLink;
  readonly #client: BcpClient;
  readonly #context: DriverContext;
  readonly #sketch: string | undefined;
  #id: BoardId | undefined;

  constructor(link: ByteLink, client: BcpClient, context: DriverContext, sketch: string | undefined) {
    this.#link = link;
    this.#client = client;
    this.#context = context;
    this.#sketch = sketch;
    this.link = link.kind;
  }

  async identify(signal: AbortSignal): Promise<DeviceIdentity> {
    const { uhwid } = await this.#boardId(signal);
    const firmware = this.#sketch === undefined ? {} : { firmware: `sketch ${this.#sketch}` };
    return { driver: ARDUINO, ...firmware, aliases: [uhwid] };
  }

  /** No request: this firmware sends its CSR over its own network to its maker's server, never to us. */
  async evidence(signal: AbortSignal): Promise<DeviceEvidence> {
    const { verify } = this.#context.crypto;
    if (verify === undefined) throw new DeviceError('unsupported_here', 'ES256');
    const id = await this.#boardId(signal);
    await verifyBoardToken(id, verify);
    return {
      publicKey: id.publicKey,
      csr: new Uint8Array(0),
      possession: 'static',
      attestations: [{ kind: 'arduino-jwt', text: id.jwt }],
    };
  }

  /** The board signs a token whenever it is asked for its id, so that it holds the key it names is seen each time. */
  async holdsKey(publicKey: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const { verify } = this.#context.crypto;
    if (verify === undefined) throw new DeviceError('unsupported_here', 'ES256');
    this.#id = undefined;
    const id = await this.#boardId(signal);
    await verifyBoardToken(id, verify);
    return equalBytes(id.publicKey, publicKey);
  }

  async installed(): Promise<readonly WrittenPart[]> {
    return [];
  }

  async install(): Promise<readonly WrittenPart[]> {
    throw new DeviceError('install_rejected', 'board stores no certificate');
  }

  async close(): Promise<void> {
    // The board goes back to waiting; one that is gone already needs no goodbye.
    await this.#client.disconnect(new AbortController().signal).catch(() => undefined);
    this.#client.release();
    await this.#link.close();
  }

  async #boardId(signal: AbortSignal): Promise<BoardId> {
    this.#id ??= await readBoardId(this.#client, this.#context.clock.now(), signal);
    return this.#id;
  }
}
