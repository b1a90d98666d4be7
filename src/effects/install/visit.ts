import { toBase64Url } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { type ChallengeParts, challengeOf } from '../../../core/possession.ts';
import { uuid7 } from '../../../core/uuid7.ts';
import type { ReadLabel } from '../../flow/install.ts';
import type { Visit } from '../../ports/device.ts';
import type { DeviceWork } from '../device-work.ts';

/** Under what name a label's secret is kept for this visit: its device's, or what the label calls itself. */
export function visitName(label: Pick<ReadLabel, 'udid' | 'aliases'>): string {
  return label.udid ?? label.aliases[0] ?? '';
}

/** A challenge for one visit, and with it the id of the record that the visit may lead to. */
export function newChallenge(
  { clock, crypto }: { readonly clock: Clock; readonly crypto: CryptoPort },
  pack: string,
): ChallengeParts {
  return { pack, nonce: toBase64Url(crypto.random(32)), record: uuid7(clock.now(), crypto) };
}

/** What a driver may have to be told: the device's name, the label's secret, and what it is to sign. */
export async function visitOf(
  ports: { readonly device: Pick<DeviceWork, 'secretFor'>; readonly crypto: CryptoPort },
  of: { readonly challenge: ChallengeParts; readonly udid: string | undefined; readonly secretOf: string },
): Promise<Visit> {
  const challenge = await challengeOf(of.challenge, ports.crypto);
  const secret = ports.device.secretFor(of.secretOf);
  return {
    ...(of.udid === undefined ? {} : { udid: of.udid }),
    ...(secret === undefined ? {} : { secret }),
    ...(challenge === undefined ? {} : { challenge }),
  };
}
