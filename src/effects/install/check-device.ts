import type { CryptoPort } from '../../../core/crypto.ts';
import { type Check, checkEvidence } from '../../../core/evidence.ts';
import { evidenceOf } from '../../../core/evidence-of-device.ts';
import { lookUp, tombstoneDigests } from '../../../core/list-lookup.ts';
import { challengeOf } from '../../../core/possession.ts';
import type { DeviceReading, KnownLabel } from '../../flow/install.ts';
import type { StoredPack } from '../../ports/work.ts';
import { carriedList } from './carried-list.ts';

/** Step 4, with what this phone carries: the same judgement that the registration authority will make again. */
export async function checkDevice(
  stored: StoredPack,
  label: KnownLabel,
  { evidence, identity, traits, challenge }: DeviceReading,
  crypto: CryptoPort,
): Promise<readonly Check[]> {
  const { pack } = stored;
  const buried = new Set(pack.tombstones);
  const names = await tombstoneDigests(label.udid, evidence.publicKey, crypto);
  const known = [...label.aliases, ...(label.row?.aliases ?? [])];
  return checkEvidence(
    evidenceOf(
      { ...evidence, aliases: identity.aliases },
      {
        udid: label.udid,
        aliases: [...known, ...identity.aliases],
        names: known,
        labelKey: label.publicKey,
        challenge: challenge && (await challengeOf(challenge, crypto)),
        subjectSaysNothing: traits.csrSubject === 'says-nothing',
        list: await lookUp(carriedList(stored), { udid: label.udid, publicKey: evidence.publicKey }, crypto),
        tombstoned: names.some((name) => buried.has(name)),
      },
    ),
    crypto,
  );
}
