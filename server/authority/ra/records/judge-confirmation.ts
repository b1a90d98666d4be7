import { Confirmation } from '../../../../contract/confirmation.ts';
import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { domainNamed } from '../binding/good-certificates.ts';
import { type Ruling, refused } from '../binding/ruling.ts';

/** Firmware whose protocol cannot store a service trust anchor: its trust anchors are built in. */
const NO_ROOM_FOR_ANCHOR: ReadonlySet<string> = new Set(['esp-claim']);

/**
 * Step 11, `installed`: the operator's signature says that they saw these parts read back. It does not prove that the
 * device uses the certificate. The digests in `written` are of what each firmware stores, in its own form, so only
 * their shape is judged here: the leaf and the service trust anchor. The chain may be missing, since firmware with a small
 * buffer has no room for it.
 */
export async function judgeConfirmation(
  record: StoredRecord,
  stores: Reads<'records' | 'bindings' | 'certificates'>,
): Promise<Ruling> {
  const confirmation = parse(Confirmation, record.payload);
  if (confirmation === undefined) throw new Error('a kept confirmation no longer fits its schema');
  const about = { udid: confirmation.udid, domain: confirmation.domain };
  const registration = await stores.records.record(confirmation.registration);
  // Taken back meanwhile: what was written is a certificate that ended.
  const wasBound = registration?.outcome === 'bound' || registration?.code === 'withdrawn';
  const id = wasBound ? registration.binding : null;
  const binding = id === null ? undefined : await stores.bindings.binding(id);
  const certificate = await stores.certificates.byFingerprint(confirmation.certificate);
  // Somebody may have moved the device meanwhile: what was written names where it stood, and the device has that all the same.
  const named =
    certificate === undefined || certificate.binding !== binding?.id ? undefined : domainNamed(certificate);
  if (
    registration?.header.typ !== 'registration+jws' ||
    binding === undefined ||
    binding.org !== record.header.org ||
    binding.udid !== confirmation.udid ||
    (named ?? binding.domain) !== confirmation.domain ||
    (confirmation.maker !== undefined && confirmation.maker !== binding.maker)
  ) {
    return refused('registration_unknown', about);
  }
  const known = { ...about, maker: binding.maker };
  if (certificate?.binding !== binding.id || certificate.revokedAt !== null || binding.endedAt !== null) {
    return refused('certificate_unknown', known);
  }
  const written = new Set(confirmation.written.flatMap(({ parts }) => parts));
  const driver = parse(Registration, registration.payload)?.device.driver ?? '';
  const complete = written.has('leaf') && (written.has('anchor') || NO_ROOM_FOR_ANCHOR.has(driver));
  if (!complete) return refused('read_back_mismatch', known);
  return {
    outcome: 'noted',
    about: known,
    effect: {
      kind: 'installed',
      binding: binding.id,
      serial: certificate.serial,
      ...(confirmation.domain === binding.domain ? {} : { isElsewhere: true }),
    },
  };
}
