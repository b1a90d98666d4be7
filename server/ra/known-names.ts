import type { ListRow } from '../../contract/list-row.ts';

/**
 * Names under which a CSR may speak of this device: its row's, and the bare form of the identity that its UDID spells
 * out. What the phone says the device is also called is no evidence: whoever captured the record could name anything.
 */
export function knownNames(udid: string, row: ListRow | undefined): string[] {
  return [...bareForms(udid), ...(row?.aliases ?? [])];
}

/** Firmware writes hex in either case. */
function bareForms(udid: string): string[] {
  const hyphen = udid.indexOf('-');
  const rest = udid.slice(hyphen + 1);
  switch (udid.slice(0, hyphen)) {
    case 'imei':
      return [rest];
    case 'mac':
      return [rest, rest.toUpperCase()];
    case 'uuid': {
      const hex = rest.replaceAll('-', '');
      return [rest, rest.toUpperCase(), hex, hex.toUpperCase()];
    }
    default:
      return []; // a maker's serial or a digest: what the maker wrote stands in the row
  }
}

/** Drivers of firmware whose CSR subject names nobody. Closed: a record cannot add its own. */
const SILENT_DRIVERS: ReadonlySet<string> = new Set(['zephyr-cred']);

/** Whether "the subject says nothing" is believed of this driver. */
export function mayBeSilent(driver: string): boolean {
  return SILENT_DRIVERS.has(driver);
}
