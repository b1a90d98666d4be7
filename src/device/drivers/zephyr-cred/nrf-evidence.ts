import { type Bytes, concat, fromBase64, toHex } from '../../../../core/bytes.ts';
import { type CertificationRequest, commonNames, parseCsr } from '../../../../core/csr.ts';
import { P256_PREFIX } from '../../../../core/p256-prefix.ts';
import { DeviceError, type DeviceEvidence } from '../../../ports/device.ts';
import type { Shell } from '../../protocols/shell.ts';

const ORGANIZATIONAL_UNIT = '2.5.4.11';
/** What needs no quoting, neither for the shell nor for mbedtls_x509_string_to_names; ids are of at most 64 characters. */
const PLAIN_NAME = /^[\w.:-]{1,64}$/;

/**
 * How `csr` ends, each on a line of its own (nrf_cloud_credentials_shell.c). A log line among them may speak of failures
 * too, and they are not this command's.
 */
const COMPLETE = /(?:^|[\r\n])CSR generation complete/;
/** EIO and, in its first version, ENOENT: mbedtls_pk_wrap_psa found no key (nrf_cloud_credentials_keygen.c). */
const NO_KEY = /(?:^|[\r\n])CSR generation failed: -[25]\b/;
const REFUSED =
  /(?:^|[\r\n])(?:CSR generation failed:|Base64 encoding failed:|Invalid sec tag:|Failed to get device id:)/;

/** How `keygen` and `pubkey` end. */
const GENERATED = /(?:^|[\r\n])Generated device key in sec tag (\d{1,10})(?=[\r\n]|$)/;
const EXPORTED = /(?:^|[\r\n])Public key export complete/;
/** Making a key takes a device seconds, the longer the less hardware it has for it. */
const KEYGEN_MS = 30_000;

interface Request {
  readonly csr: Bytes;
  readonly parsed: CertificationRequest;
}

/** Whether the shell has `nrf_cloud_cred` (nRF Connect SDK, nrf_cloud_credentials_shell.c). Asks, and changes nothing. */
export async function hasNrfCloudCred(shell: Shell, signal: AbortSignal): Promise<boolean> {
  const output = await shell.run('nrf_cloud_cred', signal);
  return output.trim() !== '' && !/command not found/.test(output);
}

/**
 * Key and request from `nrf_cloud_cred`, which answers whenever asked, over SMP too. The first request shows under which
 * name the device knows itself; a second one then carries our challenge beside it, signed by the key.
 *
 * @param wants `makesKey`: the person was told that a key is made where there is none
 */
export async function nrfEvidence(
  shell: Shell,
  chosenTag: number | undefined,
  wants: { readonly makesKey: boolean; readonly challenge: Uint8Array | undefined },
  signal: AbortSignal,
): Promise<DeviceEvidence> {
  let own = await requestOf(shell, chosenTag, undefined, signal);
  let tag = chosenTag;
  if (own === 'no-key' && wants.makesKey) {
    tag = await makeKey(shell, chosenTag, signal);
    own = await requestOf(shell, tag, undefined, signal);
  }
  if (own === 'no-key') throw new DeviceError('no_key', 'nrf_cloud_cred csr');
  const fresh =
    wants.challenge === undefined ? undefined : await challenged(shell, tag, own, wants.challenge, signal);
  const { csr, parsed } = fresh ?? own;
  const told = await pointOf(shell, tag, signal);
  return {
    publicKey: told ?? (parsed.spki.slice() as Bytes),
    csr,
    keyFrom: told === undefined ? 'csr' : 'device',
    possession: fresh === undefined ? 'static' : 'fresh',
  };
}

/** The key the device holds now, by its own word or by its request; undefined if it has none. */
export async function nrfKey(
  shell: Shell,
  tag: number | undefined,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const told = await pointOf(shell, tag, signal);
  if (told !== undefined) return told;
  const own = await requestOf(shell, tag, undefined, signal);
  return own === 'no-key' ? undefined : own.parsed.spki;
}

/** A request with our challenge as its organisational unit, 64 characters, which is as long as X.520 lets it be. */
async function challenged(
  shell: Shell,
  tag: number | undefined,
  own: Request,
  challenge: Uint8Array,
  signal: AbortSignal,
): Promise<Request | undefined> {
  const [name, ...more] = commonNames(own.parsed);
  // `csr` takes a subject only behind a tag.
  if (tag === undefined || name === undefined || more.length > 0 || !PLAIN_NAME.test(name)) return undefined;
  const unit = toHex(challenge);
  const request = await requestOf(shell, tag, `CN=${name},OU=${unit}`, signal);
  if (request === 'no-key') throw new DeviceError('no_key', 'nrf_cloud_cred csr');
  const units = request.parsed.subject.filter(({ type }) => type === ORGANIZATIONAL_UNIT);
  return units.length === 1 && units[0]?.text === unit ? request : undefined;
}

async function requestOf(
  shell: Shell,
  tag: number | undefined,
  subject: string | undefined,
  signal: AbortSignal,
): Promise<Request | 'no-key'> {
  const words = ['nrf_cloud_cred csr', tag, subject].filter((word) => word !== undefined);
  const text = await shell.run(words.join(' '), signal);
  if (!COMPLETE.test(text)) {
    if (NO_KEY.test(text)) return 'no-key';
    // Without an end the output did not come whole: a CSR is longer than SMP's default shell buffer.
    const code = REFUSED.test(text) ? 'device_refused' : 'evidence_needs_cable';
    throw new DeviceError(code, 'nrf_cloud_cred csr');
  }
  const csr = base64After(text, 'CSR');
  const parsed = csr === undefined ? undefined : parsedRequest(csr);
  if (csr === undefined || parsed === undefined)
    throw new DeviceError('device_garbage', 'nrf_cloud_cred csr');
  return { csr, parsed };
}

/** Where it was made: the firmware has a tag of its own. It refuses to make a second key (-EALREADY). */
async function makeKey(shell: Shell, tag: number | undefined, signal: AbortSignal): Promise<number> {
  const text = await shell.run(
    tag === undefined ? 'nrf_cloud_cred keygen' : `nrf_cloud_cred keygen ${tag}`,
    signal,
    KEYGEN_MS,
  );
  const generatedTag = GENERATED.exec(text)?.[1];
  if (generatedTag === undefined) throw new DeviceError('device_refused', 'nrf_cloud_cred keygen');
  return Number(generatedTag);
}

/** `pubkey` is a build option (CONFIG_NRF_CLOUD_CREDENTIALS_KEYGEN_VERIFY): undefined where it was left out. */
async function pointOf(
  shell: Shell,
  tag: number | undefined,
  signal: AbortSignal,
): Promise<Bytes | undefined> {
  const text = await shell.run(
    tag === undefined ? 'nrf_cloud_cred pubkey' : `nrf_cloud_cred pubkey ${tag}`,
    signal,
  );
  const point = EXPORTED.test(text) ? base64After(text, 'PUBKEY') : undefined;
  return point?.length === 65 ? concat(P256_PREFIX, point) : undefined;
}

function base64After(text: string, word: string): Bytes | undefined {
  const found = new RegExp(`(?:^|\\n)${word}: ([A-Za-z0-9+/]{4,4096}={0,2})\\r?(?:\\n|$)`).exec(text)?.[1];
  return found === undefined ? undefined : fromBase64(found);
}

function parsedRequest(csr: Uint8Array): CertificationRequest | undefined {
  try {
    return parseCsr(csr);
  } catch {
    return undefined; // said as device_garbage
  }
}
