import { toBase64Url } from '../base64.ts';
import type { DeviceMemory } from '../device-state.ts';
import type { Misbehaviour } from '../firmware.ts';
import { keysShown } from '../key-material.ts';
import { attestationToken, attestRequest, makeIdentityKey } from './attestation.ts';
import { type Asked, CredentialStore, cme, ERROR, OK } from './credential-store.ts';
import type { NordicFirmware, NordicMisbehaviour } from './firmware.ts';
import { imeiFrom } from './imei.ts';
import { nordicRequest } from './nordic-request.ts';

/** The modem's side of its AT commands (nRF9160 AT command reference): what each prints, up to its final result. */
export class SimulatedModem {
  readonly imei: string;
  readonly uuid: string;
  readonly #memory: DeviceMemory;
  readonly #firmware: NordicFirmware;
  readonly #misbehaviour: () => NordicMisbehaviour | undefined;
  readonly #store: CredentialStore;
  readonly #identity: CryptoKey;
  #mode: number;

  static async make(
    memory: DeviceMemory,
    firmware: NordicFirmware,
    misbehaviour: () => NordicMisbehaviour | undefined,
  ): Promise<SimulatedModem> {
    const digest = new Uint8Array(
      await crypto.subtle.digest('SHA-256', new TextEncoder().encode(memory.udid)),
    );
    return new SimulatedModem(memory, firmware, misbehaviour, digest, await makeIdentityKey());
  }

  private constructor(
    memory: DeviceMemory,
    firmware: NordicFirmware,
    misbehaviour: () => NordicMisbehaviour | undefined,
    digest: Uint8Array,
    identity: CryptoKey,
  ) {
    this.#memory = memory;
    this.#firmware = firmware;
    this.#misbehaviour = misbehaviour;
    this.#store = new CredentialStore(memory, firmware.reads, misbehaviour);
    this.#identity = identity;
    this.#mode = firmware.mode;
    const other = misbehaviour()?.kind === 'other-device';
    this.imei = other ? '490154203237518' : (/^imei-(\d{15})$/.exec(memory.udid)?.[1] ?? imeiFrom(digest));
    const hex = [...(other ? digest.toReversed() : digest)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
    this.uuid = hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  get mode(): number {
    return this.#mode;
  }

  async run(command: string): Promise<string> {
    const [, name = '', sign = '', rest = ''] =
      /^\s*AT([+%][A-Z]+)(=|\?)?([\s\S]*?)\s*$/i.exec(command) ?? [];
    if (/^\s*AT\s*$/i.test(command)) return OK;
    const args = sign === '=' ? argumentsOf(rest) : [];
    if (args === undefined) return ERROR;
    switch (`${name.toUpperCase()}${sign}`) {
      case '+CGSN':
        return `${this.imei}\r\n${OK}`;
      case '+CGMI':
        return `Nordic Semiconductor ASA\r\n${OK}`;
      case '+CGMM':
        return `nRF9160-SICA\r\n${OK}`;
      case '+CGMR':
        return `mfw_nrf9160_1.3.5\r\n${OK}`;
      case '%XMODEMUUID':
        return `%XMODEMUUID: ${this.uuid}\r\n${OK}`;
      case '+CFUN?':
        return `+CFUN: ${this.#mode}\r\n${OK}`;
      case '+CFUN=':
        this.#mode = Number(args[0]?.text);
        return OK;
      case '%CMNG=':
        return this.#store.run(args, this.#isActive);
      case '%KEYGEN=':
        return this.#keygen(args);
      case '%JWT=':
        return this.#firmware.tokens ? this.#jwt(args) : ERROR;
      case '%ATTESTTOKEN':
      case '%ATTESTTOKEN=':
        return this.#token(args[0]?.text);
      default:
        return ERROR;
    }
  }

  get #isActive(): boolean {
    return [1, 2, 21].includes(this.#mode);
  }

  async #keygen([tagText, kind, content, subject]: readonly Asked[]): Promise<string> {
    const tag = Number(tagText?.text);
    if (!Number.isInteger(tag) || kind?.text !== '2' || content?.text !== '0') return ERROR;
    if (subject !== undefined && !this.#firmware.subjects) return cme(50);
    if (this.#isActive) return cme(518);
    if (this.#memory.get(tag, '2') !== undefined) return cme(519);
    const how = this.#misbehaviour();
    const csr = await nordicRequest(this.#memory, subject?.text ?? `CN=${this.uuid}`, this.#lie());
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', csr));
    if (how?.kind === 'digest-mismatch') digest[0] = (digest[0] ?? 0) ^ 1;
    this.#memory.put(tag, '2', new TextEncoder().encode('private key'));
    const cose = await attestRequest(this.#identity, { uuid: this.#uuidBytes(), tag, digest });
    return `%KEYGEN: "${toBase64Url(csr)}.${cose}"\r\n${OK}`;
  }

  /** `%JWT=<alg>,<exp_delta>,<subject>,<audience>,<sec_tag>,<key_type>`: alg ES256 alone, key type 2 alone here. */
  async #jwt([alg, , subject, audience, tagText, type]: readonly Asked[]): Promise<string> {
    if (alg?.text !== '0' || type?.text !== '2') return cme(50);
    if (this.#memory.get(Number(tagText?.text), '2') === undefined) return cme(513);
    const { shown } = await keysShown(this.#memory.key, this.#lie());
    const iss = `nRF9160.${this.uuid}`;
    const claims = {
      iss,
      jti: `${iss}.942d99b903aca2c3dd649b5d612322dc`,
      sub: subject?.text || this.uuid,
      ...(audience?.text ? { aud: audience.text } : {}),
    };
    const part = (value: object) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
    const input = `${part({ typ: 'JWT', alg: 'ES256', kid: toBase64Url(shown.spki.subarray(-32)) })}.${part(claims)}`;
    const signature = await shown.signFixed(new TextEncoder().encode(input));
    return `%JWT: "${input}.${toBase64Url(signature)}"\r\n${OK}`;
  }

  #lie(): Misbehaviour | undefined {
    const how = this.#misbehaviour();
    return how?.kind === 'digest-mismatch' ? undefined : how;
  }

  async #token(challenge: string | undefined): Promise<string> {
    if (challenge !== undefined && !/^[0-9a-fA-F]{32}$/.test(challenge)) return cme(50);
    const nonce = challenge === undefined ? undefined : bytesOf(challenge);
    return `%ATTESTTOKEN: "${await attestationToken(this.#identity, this.#uuidBytes(), nonce)}"\r\n${OK}`;
  }

  #uuidBytes(): Uint8Array {
    return bytesOf(this.uuid.replaceAll('-', ''));
  }
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** `1,2,"text"`, or undefined if quotes do not close or anything stands beside them. */
function argumentsOf(text: string): Asked[] | undefined {
  const found: Asked[] = [];
  const one = /\s*(?:"([^"]*)"|([^",]*?))\s*(?:,|$)/y;
  while (one.lastIndex < text.length) {
    const match = one.exec(text);
    if (match === null) return undefined;
    found.push({ text: match[1] ?? match[2] ?? '' });
    if (match[0] === '') break;
  }
  return found;
}
