import { type Bytes, concat, fromUtf8, utf8 } from '../../../../core/bytes.ts';
import { type CertificationRequest, parseCsr } from '../../../../core/csr.ts';
import { fromPem } from '../../../../core/pem.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { ProtocommClient } from '../../protocols/protocomm/client.ts';
import {
  CLAIM,
  type ClaimCommand,
  decodeClaim,
  encodeClaim,
  type Fragment,
  NO_FRAGMENT,
} from './claim-messages.ts';

export const CLAIM_ENDPOINT = 'rmaker_claim';
/** RainMaker's own fragment size, both ways: with tag and framing it stays under the 256 bytes of a characteristic. */
const PIECE = 200;

/** What the device says of itself when claiming starts. */
export interface ClaimStart {
  /** 12 hexadecimal digits, lower case. */
  readonly mac: string;
  readonly platform: string;
}

export interface ClaimRequest {
  readonly csr: Bytes;
  readonly parsed: CertificationRequest;
}

/**
 * RainMaker's assisted claiming (esp_rmaker_claim.c) without its cloud. Start may come at any time and begins anew;
 * Abort must never be sent, because it ends claiming until the device restarts.
 */
export class Claim {
  readonly #client: ProtocommClient;

  constructor(client: ProtocommClient) {
    this.#client = client;
  }

  /** Changes nothing that outlives a restart. */
  async start(signal: AbortSignal): Promise<ClaimStart> {
    const { bytes } = await this.#exchange(CLAIM.start, NO_FRAGMENT, 'claim start', signal);
    const { mac_addr: mac, platform } = jsonOf(bytes, 'claim start');
    if (typeof mac !== 'string' || !/^[0-9A-Fa-f]{12}$/.test(mac))
      throw new DeviceError('device_garbage', 'claim start');
    const known = typeof platform === 'string' && /^[\w-]{1,16}$/.test(platform);
    return { mac: mac.toLowerCase(), platform: known ? platform : 'esp32' };
  }

  /** After start. The device takes this name for good, and signs a request with it as common name. */
  async request(nodeId: string, signal: AbortSignal): Promise<ClaimRequest> {
    const name = utf8(JSON.stringify({ node_id: nodeId }));
    let last = await this.#exchange(
      CLAIM.init,
      { offset: 0, bytes: name, total: name.length },
      'claim init',
      signal,
    );
    const pieces = [last.bytes];
    let length = last.bytes.length;
    const total = last.total;
    while (length < total) {
      last = await this.#exchange(CLAIM.init, NO_FRAGMENT, 'claim init', signal);
      // An empty piece would make this loop endless.
      if (last.offset !== length || last.total !== total || last.bytes.length === 0)
        throw new DeviceError('device_garbage', 'claim init');
      pieces.push(last.bytes);
      length += last.bytes.length;
    }
    return requestOf(jsonOf(concat(...pieces), 'claim init').csr);
  }

  /** After request: the firmware refuses a certificate before the whole request was fetched. */
  async verify(text: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let offset = 0; offset < text.length; offset += PIECE) {
      const bytes = text.subarray(offset, offset + PIECE);
      await this.#exchange(CLAIM.verify, { offset, bytes, total: text.length }, 'claim verify', signal);
    }
  }

  async #exchange(
    command: ClaimCommand,
    fragment: Fragment,
    step: string,
    signal: AbortSignal,
  ): Promise<Fragment> {
    const answer = await this.#client.call(CLAIM_ENDPOINT, encodeClaim(command, fragment), signal);
    return decodeClaim(answer, command, step);
  }
}

function requestOf(pem: unknown): ClaimRequest {
  const [csr, ...more] = typeof pem === 'string' ? fromPem('CERTIFICATE REQUEST', pem) : [];
  if (csr === undefined || more.length > 0) throw new DeviceError('csr_missing', 'claim init');
  try {
    return { csr, parsed: parseCsr(csr) };
  } catch (cause) {
    throw new DeviceError('device_garbage', 'claim request', { cause });
  }
}

/** The firmware writes a PEM's line feeds as `\n`, which JSON reads back. */
function jsonOf(bytes: Uint8Array, step: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes) ?? '');
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Told below.
  }
  throw new DeviceError('device_garbage', step);
}
