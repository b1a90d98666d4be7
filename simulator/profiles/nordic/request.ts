import { bitString, type Der, integer, oid, sequence, set, tlv, utf8String } from '../der.ts';
import { makeDeviceKey } from '../device-key.ts';
import type { DeviceMemory } from '../device-state.ts';
import type { NordicMisbehaviour } from './firmware.ts';

const NAMES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
};

/**
 * The request %KEYGEN gives: key usage asked for in an attribute, and after ecdsa-with-SHA256 the NULL parameters that
 * RFC 5758 forbids and this firmware sends.
 *
 * @param subject for example `CN=…,OU=…`
 */
export async function nordicRequest(
  memory: DeviceMemory,
  subject: string,
  how: NordicMisbehaviour | undefined,
): Promise<Der> {
  const other = (await makeDeviceKey()).key;
  const isOther = how?.kind === 'wrong-key' || how?.kind === 'other-device';
  const { spki } = isOther ? other : memory.key;
  const signer = isOther || how?.kind === 'broken-signature' ? other : memory.key;
  const name = sequence(
    ...subject.split(',').map((part) => {
      const [type = '', text = ''] = part.split('=');
      return set(sequence(oid(NAMES[type] ?? '2.5.4.3'), utf8String(text)));
    }),
  );
  const usage = tlv(0x04, tlv(0x03, new Uint8Array([3, 0xe8])));
  const extensions = sequence(sequence(oid('2.5.29.15'), usage));
  const attributes = tlv(0xa0, sequence(oid('1.2.840.113549.1.9.14'), set(extensions)));
  const info = sequence(integer(new Uint8Array([0])), name, spki, attributes);
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, signer.privateKey, info));
  const numbers = sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
  return sequence(info, sequence(oid('1.2.840.10045.4.3.2'), tlv(0x05)), bitString(numbers));
}
