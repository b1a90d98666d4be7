import { bitString, type Der, integer, oid, sequence, set, tlv, utf8String } from './der.ts';
import type { DeviceKey } from './device-key.ts';

const NAMES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
};

/**
 * A PKCS#10 request (RFC 2986).
 *
 * @param subject for example `CN=…,OU=…`
 * @param spki the key it names: the signer's own, unless the device lies
 * @param more `attributes`, and another AlgorithmIdentifier where a firmware's is odd
 */
export async function certificationRequest(
  signer: DeviceKey,
  spki: Uint8Array,
  subject: string,
  more: { readonly attributes?: readonly Uint8Array[]; readonly algorithm?: Uint8Array } = {},
): Promise<Der> {
  const attributes = tlv(0xa0, ...(more.attributes ?? []));
  const info = sequence(integer(new Uint8Array([0])), nameOf(subject), spki, attributes);
  return sequence(info, more.algorithm ?? signer.signatureAlgorithm, bitString(await signer.sign(info)));
}

function nameOf(subject: string): Der {
  return sequence(
    ...subject.split(',').map((part) => {
      const at = part.indexOf('=');
      return set(sequence(oid(NAMES[part.slice(0, at)] ?? '2.5.4.3'), utf8String(part.slice(at + 1))));
    }),
  );
}
