import type { HeldRecord } from '../../contract/approval.ts';

/** What a held record is about, as whoever decides calls it: its device, or the site that it names, which is no device's. */
export function nameOfHeld({
  kind,
  site,
  siteTitle,
  udid,
}: Pick<HeldRecord, 'kind' | 'site' | 'siteTitle' | 'udid'>): string {
  return kind === 'site' ? (siteTitle ?? site ?? udid) : udid;
}
