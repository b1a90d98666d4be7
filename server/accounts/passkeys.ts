import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeAttestationObject, isoBase64URL, isoCBOR } from '@simplewebauthn/server/helpers';
import type {
  AuthenticationResponse,
  RegistrationOptions,
  RegistrationResponse,
  SignInChallenge,
} from '../../contract/account.ts';
import { type Bytes, fromBase64Url, toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import type { Ceremony, Passkey } from '../ports/accounts.ts';
import type { Needs } from '../ports/stores.ts';
import type { RelyingParty } from './relying-party.ts';

/** How long a challenge is good: a person may have to find another device first. */
const CHALLENGE = 10 * 60_000;
/** EdDSA, ES256, RS256 (COSE algorithm identifiers): what authenticators have, the best first. */
const ALGORITHMS = [-8, -7, -257];
/** A credential id longer than that no authenticator makes (WebAuthn level 3, section 4). */
const LONGEST_ID = 1364;

export interface PasskeyParts {
  readonly stores: Needs<'passkeys' | 'ceremonies'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly relyingParty: RelyingParty;
}

type NewPasskey = Pick<Passkey, 'id' | 'publicKey' | 'counter' | 'transports' | 'backedUp'>;

/** What a person must be known by to make a passkey. */
export interface Registrant {
  readonly handle: string;
  readonly name: string;
  /** Those that this person has: the same authenticator makes no second one. */
  readonly passkeys: readonly Pick<Passkey, 'id' | 'transports'>[];
}

export type Shown =
  | { readonly ok: true; readonly operator: string; readonly passkey: string }
  | {
      readonly ok: false;
      readonly code: 'nonce_unknown' | 'passkey_unknown' | 'passkey_refused' | 'passkey_cloned';
      /** Whose passkey it was, where it was somebody's. */
      readonly operator: string | undefined;
      /** Whether that passkey could still let somebody in. */
      readonly isLive: boolean;
    };

/** The two ceremonies of WebAuthn. `browser`: the secret of the browser's own cookie, so that a challenge cannot be borrowed. */
export interface Passkeys {
  askToSignIn(browser: string): Promise<SignInChallenge>;
  /** Whose passkey it is. The challenge is used up, whatever comes of it. */
  show(response: AuthenticationResponse, browser: string): Promise<Shown>;
  /** @param about what is to be known when the answer comes; never a secret */
  askToRegister(
    registrant: Registrant,
    about: Pick<Ceremony, 'invitation' | 'about'>,
    browser: string,
  ): Promise<RegistrationOptions>;
  /** The new passkey, and what was kept with its challenge. `passkey_refused`: the answer to it does not hold. */
  register(
    response: RegistrationResponse,
    browser: string,
  ): Promise<
    { readonly passkey: NewPasskey; readonly ceremony: Ceremony } | 'nonce_unknown' | 'passkey_refused'
  >;
}

export function passkeys({ stores, clock, crypto, relyingParty: party }: PasskeyParts): Passkeys {
  const hashOf = (text: string) => crypto.digest(utf8(text));

  async function keep(challenge: string, browser: string, about: Omit<Ceremony, 'madeAt'>): Promise<void> {
    const now = clock.now();
    await stores.ceremonies.purge(toInstant(now));
    const expiresAt = toInstant(now + CHALLENGE);
    const ceremony = { ...about, madeAt: toInstant(now) };
    await stores.ceremonies.save(await hashOf(challenge), await hashOf(browser), ceremony, expiresAt);
  }

  /** The challenge that an answer names, used up. */
  async function take(clientData: string, browser: string, kind: Ceremony['kind']) {
    const challenge = challengeIn(clientData);
    if (challenge === undefined) return undefined;
    const at = toInstant(clock.now());
    const ceremony = await stores.ceremonies.take(await hashOf(challenge), await hashOf(browser), at);
    return ceremony?.kind === kind ? { challenge, ceremony } : undefined;
  }

  const expected = {
    expectedOrigin: [...party.origins],
    expectedRPID: party.id,
    requireUserVerification: true,
  };

  return {
    async askToSignIn(browser) {
      const { challenge, timeout = CHALLENGE } = await generateAuthenticationOptions({
        rpID: party.id,
        userVerification: 'required',
        timeout: CHALLENGE,
      });
      await keep(challenge, browser, { kind: 'sign-in', invitation: null, about: '{}' });
      return { rpId: party.id, challenge, timeout, userVerification: 'required', allowCredentials: [] };
    },

    async show(response, browser) {
      const taken = await take(response.response.clientDataJSON, browser, 'sign-in');
      const refuse = (code: Extract<Shown, { ok: false }>['code'], of?: Passkey): Shown => ({
        ...{ ok: false, code },
        operator: of?.operator,
        isLive: of !== undefined && of.endedAt === null,
      });
      if (taken === undefined) return refuse('nonce_unknown');
      const passkey = await stores.passkeys.passkey(response.id);
      if (passkey === undefined || passkey.endedAt !== null) return refuse('passkey_unknown', passkey);
      const counter = await counterOf(response, passkey, { ...expected, expectedChallenge: taken.challenge });
      if (counter === undefined) return refuse('passkey_refused', passkey);
      const at = toInstant(clock.now());
      // Only an authenticator that counts can be seen to have a copy (WebAuthn level 3, section 6.1.1). Both end then: which
      // of them is the person's nobody knows.
      const isBehind = (counter > 0 || passkey.counter > 0) && counter <= passkey.counter;
      // Two browsers of one person may ask at once, and the older answer come last: that is no copy.
      const isOvertaken = passkey.usedAt !== null && taken.ceremony.madeAt < passkey.usedAt;
      const isCopy = isBehind && !(isOvertaken && counter < passkey.counter);
      if (isCopy) await stores.passkeys.end(passkey.id, at, 'its counter went back');
      else if (isBehind) return refuse('passkey_refused', passkey);
      else if (await stores.passkeys.used(passkey.id, passkey.counter, counter, at))
        return { ok: true, operator: passkey.operator, passkey: passkey.id };
      return refuse(isCopy ? 'passkey_cloned' : 'passkey_refused', passkey);
    },

    async askToRegister({ handle, name, passkeys: there }, about, browser) {
      const options = await generateRegistrationOptions({
        rpName: party.name,
        rpID: party.id,
        userName: name,
        userDisplayName: name,
        userID: new Uint8Array(fromBase64Url(handle) ?? new Uint8Array(0)),
        timeout: CHALLENGE,
        attestationType: 'none',
        excludeCredentials: there.map(({ id }) => ({ id })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
      });
      await keep(options.challenge, browser, { kind: 'register', ...about });
      return {
        rp: { id: party.id, name: party.name },
        user: options.user,
        challenge: options.challenge,
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ alg, type: 'public-key' })),
        timeout: CHALLENGE,
        excludeCredentials: there.map(({ id }) => ({ id, type: 'public-key' })),
        authenticatorSelection: {
          residentKey: 'required',
          requireResidentKey: true,
          userVerification: 'required',
        },
        attestation: 'none',
      };
    },

    async register(response, browser) {
      const taken = await take(response.response.clientDataJSON, browser, 'register');
      if (taken === undefined) return 'nonce_unknown';
      const bare = withoutAttestation(response.response);
      if (bare === undefined) return 'passkey_refused';
      const made = await verifyRegistrationResponse({
        response: {
          ...response,
          clientExtensionResults: {},
          response: bare,
        },
        expectedChallenge: taken.challenge,
        ...expected,
        supportedAlgorithmIDs: ALGORITHMS,
      }).catch(() => undefined);
      if (made?.verified !== true) return 'passkey_refused';
      const { credential, credentialBackedUp } = made.registrationInfo;
      if (credential.id.length > LONGEST_ID) return 'passkey_refused';
      const passkey: NewPasskey = {
        id: credential.id,
        publicKey: toBase64Url(credential.publicKey),
        counter: credential.counter,
        transports: response.response.transports ?? [],
        backedUp: credentialBackedUp,
      };
      return { passkey, ceremony: taken.ceremony };
    },
  };
}

/** The authenticator's counter if the answer holds for this passkey. The library would judge the counter before the signature. */
async function counterOf(
  response: AuthenticationResponse,
  { id, publicKey }: Passkey,
  expected: Omit<Parameters<typeof verifyAuthenticationResponse>[0], 'response' | 'credential'>,
): Promise<number | undefined> {
  const key: Bytes | undefined = fromBase64Url(publicKey);
  if (key === undefined) return undefined;
  const { userHandle, ...answer } = response.response;
  const shown = await verifyAuthenticationResponse({
    ...expected,
    response: {
      ...response,
      clientExtensionResults: {},
      response: userHandle === undefined ? answer : { ...answer, userHandle },
    },
    credential: { id, publicKey: new Uint8Array(key), counter: 0 },
  }).catch(() => undefined);
  if (shown?.verified !== true || !shown.authenticationInfo.userVerified) return undefined;
  return shown.authenticationInfo.newCounter;
}

function challengeIn(clientData: string): string | undefined {
  const bytes = fromBase64Url(clientData);
  if (bytes === undefined) return undefined;
  try {
    const { challenge } = JSON.parse(new TextDecoder().decode(bytes)) as { challenge?: unknown };
    return typeof challenge === 'string' && challenge.length <= 128 ? challenge : undefined;
  } catch {
    return undefined; // refused like a challenge that nobody gave out
  }
}

/**
 * The answer without what vouches for the authenticator's maker; undefined where it cannot be read. We ask for none, and its formats
 * name addresses of lists which the library would fetch: whoever answers would have this server call wherever they like.
 */
function withoutAttestation({
  clientDataJSON,
  attestationObject,
}: RegistrationResponse['response']): RegistrationResponse['response'] | undefined {
  try {
    const authData = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject)).get('authData');
    const bare = new Map<string, string | Uint8Array<ArrayBuffer> | Map<string, never>>([
      ['fmt', 'none'],
      ['attStmt', new Map<string, never>()],
      ['authData', authData],
    ]);
    return { clientDataJSON, attestationObject: isoBase64URL.fromBuffer(isoCBOR.encode(bare)) };
  } catch {
    return undefined;
  }
}
