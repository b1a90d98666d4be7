import { toHex, utf8 } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { type Jws, parseJws } from '../../../../core/jws.ts';
import { DeviceError, type Proof } from '../../../ports/device.ts';
import type { DriverContext } from '../driver.ts';
import type { Modem } from './modem.ts';

/** Some 420 characters, and 820 with the longest claims (sdk-nrf lib/modem_jwt/modem_jwt.c). */
const ANSWER = /%JWT: ?"([A-Za-z0-9_-]{8,512}\.[A-Za-z0-9_-]{8,1536}\.[A-Za-z0-9_-]{86})"/;
const NOT_FOUND = 513;
const ES256 = 0;
const CLIENT_KEY = 2;

/**
 * A token that the modem signs with the private key of a tag: `AT%JWT=<alg>,<exp_delta>,<subject>,<audience>,<sec_tag>,
 * <key_type>` (nRF91 AT reference, modem firmware 1.3 on). Without exp_delta it holds no time, which a modem that was never
 * on the air would not know. `no-key` where the tag has none, undefined where the firmware signs no tokens.
 */
async function keyToken(
  modem: Modem,
  tag: number,
  audience: string,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly jws: Jws } | 'no-key' | undefined> {
  const reply = await modem.at.run(`AT%JWT=${ES256},0,"","${audience}",${tag},${CLIENT_KEY}`, signal);
  if (reply.cme === NOT_FOUND) return 'no-key';
  if (!reply.ok) return undefined;
  const text = ANSWER.exec(reply.text)?.[1];
  const jws = text === undefined ? undefined : parseJws(text);
  if (text === undefined || jws === undefined || algorithmOf(jws) !== 'ES256')
    throw new DeviceError('device_garbage', '%JWT');
  return { text, jws };
}

/** The key's signature over a token that names our challenge. @throws DeviceError `proof_failed` if it is by another key */
export async function keyProof(
  modem: Modem,
  tag: number,
  of: { readonly publicKey: Uint8Array; readonly challenge: Uint8Array },
  context: Pick<DriverContext, 'crypto'>,
  signal: AbortSignal,
): Promise<Proof | undefined> {
  const token = await keyToken(modem, tag, toHex(of.challenge), signal);
  if (token === undefined || token === 'no-key') return undefined;
  const { verify } = context.crypto;
  if (verify === undefined) return undefined;
  if (!(await isSignedBy(of.publicKey, token.jws, verify)) || !names(token.jws, of.challenge))
    throw new DeviceError('proof_failed', '%JWT');
  return { over: 'jwt', signature: utf8(token.text) };
}

/** Whether the tag's key is this one now; undefined where the firmware signs no tokens. */
export async function signsWith(
  modem: Modem,
  tag: number,
  publicKey: Uint8Array,
  { crypto, visit }: Pick<DriverContext, 'crypto' | 'visit'>,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const { challenge } = visit;
  const token = await keyToken(modem, tag, challenge === undefined ? '' : toHex(challenge), signal);
  if (token === 'no-key') return false;
  if (token === undefined || crypto.verify === undefined) return undefined;
  // Without a challenge the token could be an old one, but the wire it came over is the device's own.
  return (
    (await isSignedBy(publicKey, token.jws, crypto.verify)) &&
    (challenge === undefined || names(token.jws, challenge))
  );
}

async function isSignedBy(spki: Uint8Array, jws: Jws, verify: CryptoPort['verify']): Promise<boolean> {
  return (await verify('ES256', spki, jws.signature, utf8(jws.signingInput))) === 'valid';
}

function algorithmOf({ header }: Jws): unknown {
  return typeof header === 'object' && header !== null && 'alg' in header ? header.alg : undefined;
}

function names({ payload }: Jws, challenge: Uint8Array): boolean {
  return (
    typeof payload === 'object' && payload !== null && 'aud' in payload && payload.aud === toHex(challenge)
  );
}
