import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { encode } from 'cborg';
import type {
  AuthenticationResponse,
  RegistrationOptions,
  RegistrationResponse,
  SignInChallenge,
} from '../../contract/account.ts';

/** What an authenticator and its browser may do otherwise than they should. */
export interface Twist {
  readonly origin?: string;
  readonly rpId?: string;
  /** Nobody was verified: no finger, no PIN. */
  readonly unverified?: boolean;
  readonly counter?: number;
  readonly challenge?: string;
  readonly type?: string;
  /** What vouches for it, in another format than none. */
  readonly attestation?: { readonly fmt: string; readonly attStmt: object };
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;
const ES256 = -7;

const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest();

/**
 * An authenticator in Node, with a counter, for what a browser's refuses to do (WebAuthn level 3, sections 6.1 and 6.5). The
 * server's library reads what it makes; a browser's own stands on the other side in the end-to-end tests.
 */
export class Authenticator {
  readonly #origin: string;
  readonly #id = randomBytes(32);
  readonly #keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  counter = 0;
  #handle = '';

  constructor(origin: string) {
    this.#origin = origin;
    this.#keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  get id(): string {
    return b64(this.#id);
  }

  register(options: RegistrationOptions, twist: Twist = {}): RegistrationResponse {
    this.#handle = options.user.id;
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    // COSE_Key (RFC 9053 section 7.1.1): kty EC2, alg ES256, crv P-256.
    const cose = encode(
      new Map<number, number | Uint8Array>([
        [1, 2],
        [3, ES256],
        [-1, 1],
        [-2, new Uint8Array(Buffer.from(x, 'base64url'))],
        [-3, new Uint8Array(Buffer.from(y, 'base64url'))],
      ]),
    );
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.#id.length);
    const credential = Buffer.concat([Buffer.alloc(16), length, this.#id, cose]);
    const authData = new Uint8Array(
      Buffer.concat([this.#head(options.rp.id, HAS_CREDENTIAL, twist), credential]),
    );
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge, twist),
        attestationObject: b64(encode({ ...(twist.attestation ?? { fmt: 'none', attStmt: {} }), authData })),
        transports: ['internal'],
      },
      clientExtensionResults: {},
    };
  }

  signIn(options: SignInChallenge, twist: Twist = {}): AuthenticationResponse {
    this.counter += 1;
    const authData = this.#head(options.rpId, 0, twist);
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge, twist);
    const signed = Buffer.concat([authData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      response: {
        clientDataJSON,
        authenticatorData: b64(authData),
        signature: b64(sign('sha256', signed, this.#keys.privateKey)),
        userHandle: this.#handle,
      },
      clientExtensionResults: {},
    };
  }

  #head(rpId: string, flags: number, twist: Twist): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(twist.counter ?? this.counter);
    const seen = USER_PRESENT | (twist.unverified === true ? 0 : USER_VERIFIED);
    return Buffer.concat([sha256(twist.rpId ?? rpId), Buffer.from([flags | seen]), counter]);
  }

  #clientData(type: string, challenge: string, twist: Twist): string {
    const said = {
      type: twist.type ?? type,
      challenge: twist.challenge ?? challenge,
      origin: twist.origin ?? this.#origin,
      crossOrigin: false,
    };
    return b64(Buffer.from(JSON.stringify(said)));
  }
}
