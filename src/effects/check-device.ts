import type { CryptoPort } from '../../core/crypto.ts';
import { type Check, checkEvidence } from '../../core/evidence.ts';
import { lookUp, tombstoneDigests } from '../../core/list-lookup.ts';
import type { DeviceReading, ReadLabel } from '../flow/install.ts';
import type { HeldPack } from '../ports/work.ts';

/** Step 4, with what this phone carries: the same judgement that the registration authority will make again. */
export async function checkDevice(
  held: HeldPack,
  label: ReadLabel,
  { evidence, identity, traits }: DeviceReading,
  crypto: CryptoPort,
): Promise<readonly Check[]> {
  const { pack } = held;
  const buried = new Set(pack.tombstones);
  const names = await tombstoneDigests(label.udid, evidence.publicKey, crypto);
  return checkEvidence(
    {
      udid: label.udid,
      aliases: [...label.aliases, ...(label.row?.aliases ?? []), ...identity.aliases],
      labelKey: label.publicKey,
      deviceKey: evidence.publicKey,
      csr: evidence.csr,
      subjectSaysNothing: traits.csrSubject === 'says-nothing',
      list: await lookUp(pack, { udid: label.udid, publicKey: evidence.publicKey }, crypto),
      tombstoned: names.some((name) => buried.has(name)),
    },
    crypto,
  );
}
