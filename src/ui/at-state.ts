import type { DeviceAtPlace } from '../ports/devices.ts';
import { atWords as say } from './words/at.ts';
import { devicesWords } from './words/devices.ts';
import { recordWords } from './words/record.ts';

/** Title and note of a device's own screen. What was asked of it and not done stands over how it stands. */
export function stateWords(
  device: Pick<DeviceAtPlace, 'need' | 'standing' | 'code' | 'takesCertificate'>,
): readonly [title: string, note: string] {
  const { need, standing, code, takesCertificate } = device;
  if (need === 'rejected' || need === 'conflict') return say.asks[need];
  if (need === 'refused' && standing !== 'refused') return say.asks.refused;
  if (standing === 'issued' && !takesCertificate)
    return [devicesWords.standings.issued, recordWords.elsewhere];
  const ended: Readonly<Record<string, readonly [string, string]>> = say.ended;
  const known = standing === 'ended' && code !== null ? ended[code] : undefined;
  return known ?? [devicesWords.standings[standing], say.notes[standing]];
}

/** What its person can do about it, the first one first. `choose`: which of two places is right. */
export type AtAct = 'write' | 'write_again' | 'renew' | 'scan' | 'retry' | 'look' | 'choose';

export function nextActs({
  need,
  standing,
  certificate,
  takesCertificate,
}: Pick<DeviceAtPlace, 'need' | 'standing' | 'certificate' | 'takesCertificate'>): readonly AtAct[] {
  switch (need) {
    case 'write':
    case 'renew':
      return [need];
    case 'refused':
      // Where the device stands, a correction or an undo was refused: another scan mends neither.
      return standing === 'refused' ? ['scan', 'look'] : ['look'];
    case 'rejected':
      return ['retry', 'look'];
    case 'conflict':
      return ['choose'];
    case 'none':
      // Nobody needs to, but whoever found it gone can.
      return certificate === undefined || !takesCertificate ? [] : ['write_again'];
    case 'held':
    case 'claimed':
    case 'send':
    case 'ended':
      return [];
  }
}
