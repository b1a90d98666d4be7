import { equalBytes, toHex } from '../../../../core/bytes.ts';
import {
  type CredentialBundle,
  DeviceError,
  type DeviceEvidence,
  type DeviceIdentity,
  type DeviceSession,
  type DriverTraits,
  type WifiStep,
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
import { wifiStep } from './wifi-step.ts';

export const ESP_CLAIM = 'esp-claim';
const CHALLENGE_BYTES = 32;

export class EspClaimSession implements DeviceSession {
  readonly link;
  readonly traits: DriverTraits;
  readonly wifi?: WifiStep;
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
    const wifi = wifiStep(client, context.clock);
    if (wifi !== undefined) this.wifi = wifi;
    const claims = client.has(CLAIM_ENDPOINT);
    const isFresh =
      this.#crypto !== undefined && client.has(CHALLENGE_ENDPOINT) && context.visit.challenge !== undefined;
    this.traits = {
      name: ESP_CLAIM,
      csrSubject: 'identity',
      possession: isFresh ? 'fresh' : 'static',
      ...(isFresh ? { freshBy: 'signed-challenge' as const } : {}),
      // Private deployments build claiming out and have their certificates from the factory.
      evidence: claims ? 'key-and-csr' : 'none',
      rowKind: 'key',
      installs: claims,
      holdsAnchor: false,
      readsBack: false,
      wifi: wifi !== undefined,
      // The firmware makes its key when it first starts claiming, without being asked.
      makesKey: false,
    };
  }

  async identify(signal: AbortSignal): Promise<DeviceIdentity> {
    const rainmaker = this.#version.apps.get('rmaker');
    const firmware = rainmaker === undefined ? {} : { firmware: `RainMaker ${rainmaker}` };
    if (!this.#client.has(CLAIM_ENDPOINT)) {
      const nodeId = (await this.#challenge(this.#ownChallenge(), signal))?.nodeId;
      return { driver: ESP_CLAIM, ...firmware, aliases: nodeId === undefined ? [] : [nodeId] };
    }
    const { mac, platform } = this.#start ?? (await this.#begin(signal));
    return {
      driver: ESP_CLAIM,
      ...firmware,
      model: platform,
      aliases: [`mac-${mac}`, mac],
      openedBySecret: this.#version.needsSecret,
    };
  }

  async evidence(signal: AbortSignal): Promise<DeviceEvidence> {
    const { csr, parsed } = await this.#request(signal);
    const publicKey = parsed.spki.slice() as DeviceEvidence['publicKey'];
    const evidence = { publicKey, csr, keyFrom: 'csr' } as const;
    const ours = this.#context.visit.challenge;
    const answer = ours === undefined ? undefined : await this.#proofBy(publicKey, ours, signal);
    if (answer === undefined) return { ...evidence, possession: 'static' };
    return {
      ...evidence,
      possession: 'fresh',
      proof: { over: 'challenge', signature: answer.signature },
    };
  }

  /** By a signature where the firmware signs; else by a new request under the same name, which changes nothing. */
  async holdsKey(publicKey: Uint8Array, signal: AbortSignal): Promise<boolean | undefined> {
    const answer = await this.#challenge(this.#ownChallenge(), signal);
    if (answer !== undefined && this.#crypto !== undefined)
      return isSignedBy(publicKey, answer, this.#crypto);
    if (!this.#client.has(CLAIM_ENDPOINT) || this.#stored !== undefined) return undefined;
    return equalBytes((await this.#request(signal)).parsed.spki, publicKey);
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
    const ours = this.#ownChallenge();
    if (ours !== undefined) await this.#proofBy(certificate.publicKey, ours, signal);
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
    const isFirst = this.#start === undefined;
    await this.#client.ready(signal);
    try {
      this.#start = await this.#claim.start(signal);
    } catch (error) {
      throw isFirst ? perhapsClaimed(error) : error;
    }
    return this.#start;
  }

  async #request(signal: AbortSignal): Promise<ClaimRequest> {
    if (!this.#client.has(CLAIM_ENDPOINT)) throw new DeviceError('csr_missing', 'no claim endpoint');
    const { mac } = await this.#begin(signal);
    return this.#claim.request(nodeIdOf(this.#context.visit.udid, mac), signal);
  }

  /** For our own eyes, where the visit has none: never in evidence. */
  #ownChallenge(): Uint8Array | undefined {
    return this.#context.visit.challenge ?? this.#crypto?.random(CHALLENGE_BYTES);
  }

  async #challenge(ours: Uint8Array | undefined, signal: AbortSignal): Promise<ChallengeAnswer | undefined> {
    if (ours === undefined || !this.#client.has(CHALLENGE_ENDPOINT)) return undefined;
    return challenge(this.#client, ours, signal);
  }

  /** Undefined where the device gives no such proof. @throws DeviceError `proof_failed` if it gives a wrong one */
  async #proofBy(
    publicKey: Uint8Array,
    ours: Uint8Array,
    signal: AbortSignal,
  ): Promise<ChallengeAnswer | undefined> {
    const answer = await this.#challenge(ours, signal);
    if (answer === undefined || this.#crypto === undefined) return undefined;
    if (!(await isSignedBy(publicKey, answer, this.#crypto)))
      throw new DeviceError('proof_failed', 'ch_resp');
    return answer;
  }
}

/**
 * A device that got its whole certificate in an earlier visit dies of the first claim message of this one (see `#stored`),
 * and nothing tells it from one that went out of reach just then. A restart helps the former and harms neither, while
 * connecting again and again would never end.
 */
function perhapsClaimed(error: unknown): unknown {
  const isGone = error instanceof DeviceError && (error.code === 'link_lost' || error.code === 'timed_out');
  return isGone ? new DeviceError('restart_needed', 'claim start', { cause: error }) : error;
}
