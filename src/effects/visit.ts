import type { CryptoPort } from '../../core/crypto.ts';
import { type ChallengeParts, challengeOf } from '../../core/possession.ts';
import type { ReadLabel } from '../flow/install.ts';
import type { Visit } from '../ports/device.ts';
import type { DeviceWork } from './device-work.ts';

/** Under what name a label's secret is kept for this visit: its device's, or what the label calls itself. */
export function visitName(label: Pick<ReadLabel, 'udid' | 'aliases'>): string {
  return label.udid ?? label.aliases[0] ?? '';
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
