import { equalBytes, toHex } from '../../../../core/bytes.ts';
import {
  type CredentialBundle,
  DeviceError,
  type DeviceEvidence,
  type DeviceIdentity,
  type DeviceSession,
  type DriverTraits,
  type WrittenPart,
} from '../../../ports/device.ts';
import type { GattLink } from '../../../ports/link.ts';
import type { ProtocommClient } from '../../protocols/protocomm/client.ts';
import type { ProtocommCrypto } from '../../protocols/protocomm/crypto.ts';
import type { ProtocommVersion } from '../../protocols/protocomm/version.ts';
import type { DriverContext } from '../driver.ts';
import { claimCertificate } from './certificate.ts';
import { CHALLENGE_ENDPOINT, type ChallengeAnswer, challenge, isSignedBy } from './challenge.ts';
import { CLAIM_ENDPOINT, Claim, type ClaimRequest, type ClaimStart } from './claim.ts';
import { nodeIdOf } from './node-id.ts';
import { type WifiStep, wifiStep } from './wifi-step.ts';

export const ESP_CLAIM = 'esp-claim';

export class EspClaimSession implements DeviceSession {
  readonly link;
  readonly traits: DriverTraits;
  /** The device's Wi-Fi, beside the session: absent where the firmware has no such endpoints. */
  readonly wifi: WifiStep | undefined;
  readonly #link: GattLink;
  readonly #client: ProtocommClient;
  readonly #claim: Claim;
  readonly #version: ProtocommVersion;
  readonly #context: DriverContext;
  #start: ClaimStart | undefined;
  /**
   * What this session stored. From then on nothing may go to the claim endpoint: the firmware has freed what stands behind
   * it and keeps the endpoint open (esp_rmaker_assisted_claim_perform), until it restarts.
   */
  #stored: WrittenPart | undefined;

  constructor(link: GattLink, client: ProtocommClient, version: ProtocommVersion, context: DriverContext) {
    this.link = link.kind;
    this.#link = link;
    this.#client = client;
    this.#claim = new Claim(client);
    this.#version = version;
    this.#context = context;
    this.wifi = wifiStep(client, context.clock);
    this.traits = {
      name: ESP_CLAIM,
      csrSubject: 'identity',
      possession: this.#crypto !== undefined && client.has(CHALLENGE_ENDPOINT) ? 'fresh' : 'static',
      // Private deployments build claiming out and have their certificates from the factory.
      installs: client.has(CLAIM_ENDPOINT),
      readsBack: false,
    };
  }

  async identify(signal: AbortSignal): Promise<DeviceIdentity> {
    const rainmaker = this.#version.apps.get('rmaker');
    const firmware = rainmaker === undefined ? {} : { firmware: `RainMaker ${rainmaker}` };
    if (!this.#client.has(CLAIM_ENDPOINT)) {
      const nodeId = (await this.#challenge(signal))?.nodeId;
      return { driver: ESP_CLAIM, ...firmware, aliases: nodeId === undefined ? [] : [nodeId] };
    }
    const { mac, platform } = this.#start ?? (await this.#begin(signal));
    return { driver: ESP_CLAIM, ...firmware, model: platform, aliases: [mac] };
  }

  async evidence(signal: AbortSignal): Promise<DeviceEvidence> {
    const { csr, parsed } = await this.#request(signal);
    const publicKey = parsed.spki.slice() as DeviceEvidence['publicKey'];
    const proof = await this.#proofBy(publicKey, signal);
    if (proof === undefined) return { publicKey, csr, possession: 'static' };
    const { challenge, signature } = proof;
    return { publicKey, csr, possession: 'fresh', proof: { challenge, signature } };
  }

  /** Nothing: the firmware gives no certificate back, and its word that it stored one ends with the session. */
  async installed(): Promise<readonly WrittenPart[]> {
    return [];
  }

  /**
   * The second visit. The firmware takes any certificate, so that it is for this device's key is checked here, against
   * a new request under the same name; afterwards a signature over our challenge must verify under the certificate's key.
   */
  async install(
    bundle: CredentialBundle,
    onPart: (part: WrittenPart) => void,
    signal: AbortSignal,
  ): Promise<readonly WrittenPart[]> {
    const certificate = claimCertificate(bundle);
    const digest = toHex(await this.#context.crypto.sha256(certificate.pem));
    const written: WrittenPart = { parts: certificate.parts, digest };
    if (this.#stored?.digest !== digest) {
      const { parsed } = await this.#request(signal);
      if (!equalBytes(parsed.spki, certificate.publicKey))
        throw new DeviceError('key_changed', 'claim verify');
      await this.#claim.verify(certificate.json, signal);
      this.#stored = written;
    }
    await this.#proofBy(certificate.publicKey, signal);
    onPart(written);
    return [written];
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  get #crypto(): ProtocommCrypto | undefined {
    return this.#context.protocomm;
  }

  async #begin(signal: AbortSignal): Promise<ClaimStart> {
    if (this.#stored !== undefined) throw new DeviceError('device_refused', 'claimed: it has to restart');
    this.#start = await this.#claim.start(signal);
    return this.#start;
  }

  async #request(signal: AbortSignal): Promise<ClaimRequest> {
    if (!this.#client.has(CLAIM_ENDPOINT)) throw new DeviceError('csr_missing', 'no claim endpoint');
    const { mac } = await this.#begin(signal);
    return this.#claim.request(nodeIdOf(this.#context.udid?.(), mac), signal);
  }

  async #challenge(signal: AbortSignal): Promise<ChallengeAnswer | undefined> {
    if (this.#crypto === undefined || !this.#client.has(CHALLENGE_ENDPOINT)) return undefined;
    return challenge(this.#client, this.#crypto, signal);
  }

  /** Undefined where the device gives no such proof. @throws DeviceError `proof_failed` if it gives a wrong one */
  async #proofBy(publicKey: Uint8Array, signal: AbortSignal): Promise<ChallengeAnswer | undefined> {
    const answer = await this.#challenge(signal);
    if (answer === undefined || this.#crypto === undefined) return undefined;
    if (!(await isSignedBy(publicKey, answer, this.#crypto)))
      throw new DeviceError('proof_failed', 'ch_resp');
    return answer;
  }
}
