import type { DeviceAtPlace } from '../ports/devices.ts';

/** What stands between the digits of a MAC address or an IMEI, as people and labels write them. */
const BETWEEN = /[\s:.\-_/]+/g;

/** What a device is found by, in small letters: each name as it is written, and without what separates its digits. */
export function searchText(row: Omit<DeviceAtPlace, 'org'>): string {
  const names = [row.udid, ...row.names];
  const said = [row, ...(row.alike ?? [])]
    .flatMap((one) => [one.maker, one.model, one.domain, one.site, one.siteTitle, one.position])
    .concat(row.byName);
  return [
    ...names,
    ...names.map(bare),
    ...said.filter((part) => part !== undefined),
    ...said.map((part) => bare(part ?? '')),
  ]
    .filter((part) => part !== '')
    .join('\n')
    .toLowerCase()
    .normalize('NFC');
}

/** Words of which each must be found. One that is a whole name in another spelling is one word. */
export function searchWords(text: string): readonly string[] {
  const wanted = text.toLowerCase().normalize('NFC').trim();
  if (wanted === '') return [];
  const whole = bare(wanted);
  // `02 B0 00 00 00 30`: six words that are one address.
  if (/^[0-9a-f]{8,}$/.test(whole)) return [whole];
  return wanted.split(/\s+/);
}

/** Whether this word is part of the text, as it is written or in another spelling. */
export function holds(text: string, word: string): boolean {
  if (text.includes(word)) return true;
  const plain = bare(word);
  return plain.length >= 2 && plain !== word && text.includes(plain);
}

function bare(text: string): string {
  return text.replace(BETWEEN, '');
}
