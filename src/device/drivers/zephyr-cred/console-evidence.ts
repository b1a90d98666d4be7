import type { Bytes } from '../../../../core/bytes.ts';
import { DeviceError, type DeviceEvidence } from '../../../ports/device.ts';
import type { ByteLink } from '../../../ports/link.ts';
import { lastPem, pemUnderWay } from '../../protocols/pem-in-noise.ts';
import type { Transcript } from '../../protocols/transcript.ts';
import { type Ends, within } from '../../protocols/within.ts';

/** A board that was just reset prints within this; a person who has yet to press the button is told so instead. */
const APPEAR_MS = 3_000;
const KEY = 'PUBLIC KEY';
const REQUEST = 'CERTIFICATE REQUEST';

/**
 * What the `tls_keygen` sample prints when it starts: its public key and a CSR for it, both PEM
 * (docs.zephyrproject.org samples/net/sockets/tls_keygen). It prints them at no other time, so all that the console
 * said since it was opened counts, and each call looks anew after the person pressed reset.
 */
export async function consoleEvidence(
  seen: Transcript,
  link: ByteLink,
  ends: Omit<Ends, 'lost'>,
): Promise<DeviceEvidence> {
  const waiting = seen.until(() => evidenceIn(seen.since(0)));
  try {
    return await within(waiting.found, APPEAR_MS, 'console evidence', { ...ends, lost: link.lost });
  } catch (error) {
    if (!(error instanceof DeviceError) || error.code !== 'timed_out') throw error;
    const text = seen.since(0);
    if (lastPem(text, KEY) === undefined) throw new DeviceError('evidence_not_seen', 'console evidence');
    throw new DeviceError(pemUnderWay(text, REQUEST) ? 'device_garbage' : 'csr_missing', 'console evidence');
  } finally {
    waiting.stop();
  }
}

/** The key that the newest start printed, waited for like the evidence. @throws DeviceError `evidence_not_seen` if nobody reset the board */
export async function consoleKey(
  seen: Transcript,
  link: ByteLink,
  ends: Omit<Ends, 'lost'>,
): Promise<Bytes | undefined> {
  try {
    return (await consoleEvidence(seen, link, ends)).publicKey;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    if (error.code === 'csr_missing') return lastPem(seen.since(0), KEY);
    throw error;
  }
}

function evidenceIn(text: string): DeviceEvidence | undefined {
  if (pemUnderWay(text, REQUEST) || pemUnderWay(text, KEY)) return undefined;
  const publicKey = lastPem(text, KEY);
  const csr = lastPem(text, REQUEST);
  if (publicKey === undefined || csr === undefined) return undefined;
  // A request signed at boot could have been copied from anywhere: it proves that the key once signed, not when.
  return { publicKey, csr, keyFrom: 'device', possession: 'static' };
}
