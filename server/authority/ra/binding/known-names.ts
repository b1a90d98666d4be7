import type { ListRow } from '../../../../contract/list-row.ts';
import { bareForms } from '../../../../core/udid.ts';

/**
 * Names under which a CSR may speak of this device: the aliases in its list row, and the bare form of the identity
 * that its UDID spells out. Aliases that the phone reports are no evidence, since whoever captured the record could
 * name anything.
 */
export function knownNames(udid: string, row: ListRow | undefined): string[] {
  return [...bareForms(udid), ...(row?.aliases ?? [])];
}

/** Drivers of firmware whose CSR subject contains no device name. The set is closed: a record cannot add its own driver. */
const SILENT_DRIVERS: ReadonlySet<string> = new Set(['zephyr-cred', 'smp-files']);

/** Whether a record by this driver may claim that the CSR subject contains no device name. */
export function mayBeSilent(driver: string): boolean {
  return SILENT_DRIVERS.has(driver);
}
