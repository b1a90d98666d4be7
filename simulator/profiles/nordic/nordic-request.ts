import { type Der, nullValue, oid, sequence, set, tlv } from '../der.ts';
import type { DeviceMemory } from '../device-state.ts';
import type { Misbehaviour } from '../firmware.ts';
import { keysShown } from '../key-material.ts';
import { certificationRequest } from '../request.ts';

/**
 * The request %KEYGEN gives: key usage asked for in an attribute, and after ecdsa-with-SHA256 the NULL parameters that
 * RFC 5758 forbids and this firmware sends.
 *
 * @param subject for example `CN=…,OU=…`
 */
export async function nordicRequest(
  memory: DeviceMemory,
  subject: string,
  how: Misbehaviour | undefined,
): Promise<Der> {
  const { signer, named } = await keysShown(memory.key, how);
  const usage = tlv(0x04, tlv(0x03, new Uint8Array([3, 0xe8])));
  const extensions = sequence(sequence(oid('2.5.29.15'), usage));
  const attributes = [sequence(oid('1.2.840.113549.1.9.14'), set(extensions))];
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'), nullValue());
  return certificationRequest(signer, named.spki, subject, { attributes, algorithm });
}
