import type { ListRow } from '../../../../contract/list-row.ts';
import { bareForms } from '../../../../core/udid.ts';

/**
 * Names under which a CSR may speak of this device: its row's, and the bare form of the identity that its UDID spells
 * out. What the phone says the device is also called is no evidence: whoever captured the record could name anything.
 */
export function knownNames(udid: string, row: ListRow | undefined): string[] {
  return [...bareForms(udid), ...(row?.aliases ?? [])];
}

/** Drivers of firmware whose CSR subject names nobody. Closed: a record cannot add its own. */
const SILENT_DRIVERS: ReadonlySet<string> = new Set(['zephyr-cred', 'smp-files']);

/** Whether "the subject says nothing" is believed of this driver. */
export function mayBeSilent(driver: string): boolean {
  return SILENT_DRIVERS.has(driver);
}
