import { toHex } from '../../../../core/bytes.ts';
import { DeviceError, type DeviceEvidence } from '../../../ports/device.ts';
import { codeOfCme } from '../../protocols/at/at.ts';
import type { DriverContext } from '../driver.ts';
import { readIdentity } from './identity.ts';
import { keyProof } from './key-token.ts';
import { type MadeKey, readKeygen } from './keygen-answer.ts';
import type { Modem } from './modem.ts';

const ORGANIZATIONAL_UNIT = '2.5.4.11';
const TOKEN = /%ATTESTTOKEN: ?"([A-Za-z0-9_-]{20,2048}\.[A-Za-z0-9_-]{20,2048})"/;

/** What a modem gave as it made its key, and what it attested before: the evidence is finished from this, by asking. */
export interface GeneratedKey {
  readonly tag: number;
  readonly key: MadeKey;
  readonly isFresh: boolean;
  readonly token: string | undefined;
}

/**
 * Makes the device's key, which this firmware does only together with its one request, and only where the tag has none:
 * afterwards neither key nor request can be read again (AT%KEYGEN, AT%CMNG). So what can be asked without a key is asked
 * before, and `keep` is called as soon as the answer is read.
 */
export async function makeKey(
  modem: Modem,
  tag: number,
  context: DriverContext,
  keep: (generated: GeneratedKey) => void,
  signal: AbortSignal,
): Promise<GeneratedKey> {
  const stored = await modem.list(signal, tag);
  const hasKey = stored.some(({ type }) => type === 2);
  // A certificate beside it means that the key is in use; without one a cut may have left it, and the person may say so.
  const replace = hasKey && !stored.some(({ type }) => type === 1) && context.visit.replaceOrphanKey === true;
  if (hasKey && !replace) throw new DeviceError('key_exists', '%CMNG list');
  const { challenge } = context.visit;
  const { imei, uuid } = await readIdentity(modem, '', signal);
  // What the list calls this device, so that the row knows the subject; else what the modem calls itself.
  const name = context.visit.udid ?? uuid ?? imei;
  // The subject is ours to choose: it then names the device and carries the challenge, under the key's signature.
  const unit = challenge === undefined || name === undefined ? undefined : toHex(challenge);
  const token = await attestToken(modem, challenge, signal);
  return modem.offline(async () => {
    if (replace) await modem.remove(tag, 2, signal);
    const subject = unit === undefined ? undefined : `CN=${name},OU=${unit}`;
    const key = await keygen(modem, tag, subject, context, signal);
    const isFresh =
      unit !== undefined &&
      key.request.subject.some(({ type, text }) => type === ORGANIZATIONAL_UNIT && text === unit);
    const generated = { tag, key, isFresh, token };
    keep(generated);
    return generated;
  }, signal);
}

/** The evidence of a key that was made. Asks, and may be repeated. */
export async function evidenceOf(
  modem: Modem,
  { tag, key, isFresh, token }: GeneratedKey,
  context: DriverContext,
  signal: AbortSignal,
): Promise<DeviceEvidence> {
  const { challenge } = context.visit;
  const publicKey = key.request.spki.slice() as DeviceEvidence['publicKey'];
  // Firmware that put its own subject there may still sign a token that names our challenge.
  const proof =
    isFresh || challenge === undefined
      ? undefined
      : await keyProof(modem, tag, { publicKey, challenge }, context, signal);
  return {
    publicKey,
    csr: key.csr,
    // %KEYGEN shows the key in its request only; the attestation's digest ties the two together.
    keyFrom: 'csr',
    possession: isFresh || proof !== undefined ? 'fresh' : 'static',
    ...(proof === undefined ? {} : { proof }),
    attestations: [
      { kind: 'nordic-keygen', text: key.text },
      ...(token === undefined ? [] : [{ kind: 'nordic-attesttoken' as const, text: token }]),
    ],
  };
}

async function keygen(
  modem: Modem,
  tag: number,
  subject: string | undefined,
  context: DriverContext,
  signal: AbortSignal,
): Promise<MadeKey> {
  const command = `AT%KEYGEN=${tag},2,0`;
  let reply = await modem.at.run(subject === undefined ? command : `${command},"${subject}"`, signal);
  // Firmware that takes no subject (before 1.3) refuses the whole command and makes nothing; its own subject will do.
  if (!reply.ok && subject !== undefined && reply.cme !== 519) reply = await modem.at.run(command, signal);
  if (!reply.ok) throw new DeviceError(codeOfCme(reply.cme, 'device_refused'), '%KEYGEN');
  return readKeygen(reply.text, tag, context.crypto);
}

/** The modem's own statement of who it is, over the first 16 bytes of a challenge where there is one (AT%ATTESTTOKEN). */
export function attestToken(
  modem: Modem,
  challenge: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const nonce =
    challenge === undefined || challenge.length < 16 ? '' : `="${toHex(challenge.subarray(0, 16))}"`;
  return modem.ask(`AT%ATTESTTOKEN${nonce}`, TOKEN, signal);
}
