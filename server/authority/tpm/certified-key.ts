import { constants, type KeyObject, verify } from 'node:crypto';
import { equalBytes } from '../../../core/bytes.ts';
import { ecdsaToDer } from '../../../core/spki.ts';
import { ALGORITHM, type Attribute, type PublicArea, parsePublicArea } from './public-area.ts';
import { TpmError, TpmReader } from './tpm-reader.ts';

/** TPM_GENERATED_VALUE and TPM_ST_ATTEST_CERTIFY (TPM 2.0 Part 2 sections 6.2 and 6.9). */
const GENERATED = 0xff544347;
const CERTIFY = 0x8017;
/** Length of TPMS_CLOCK_INFO and the firmware version. */
const CLOCK_AND_VERSION = 17 + 8;

const INSIDE: readonly Attribute[] = ['fixedTpm', 'fixedParent', 'sensitiveDataOrigin', 'sign'];

/** An attestation key: it signs only what its TPM wrote, and cannot leave the TPM. Throws TpmError. */
export function parseAttestationKey(bytes: Uint8Array): PublicArea {
  const area = parsePublicArea(bytes);
  const { attributes } = area;
  if (![...INSIDE, 'restricted' as const].every((one) => attributes.has(one)) || attributes.has('decrypt'))
    throw new TpmError('not a restricted signing key that stays in its TPM');
  return area;
}

/**
 * The key that an attestation key certified (TPM2_Certify). The TPM states that it has a key of this name, and the
 * name is the digest of the public area, which says that the key can never leave. Throws TpmError.
 */
export function parseCertifiedKey(
  { key, attest, signature }: Readonly<Record<'key' | 'attest' | 'signature', Uint8Array>>,
  attestationKey: PublicArea,
): PublicArea {
  const area = parsePublicArea(key);
  if (!isSignedBy(attestationKey.key, signature, attest))
    throw new TpmError('not signed by the attestation key');
  if (!equalBytes(certifiedName(attest), area.name)) throw new TpmError('another key was certified');
  if (!INSIDE.every((one) => area.attributes.has(one)))
    throw new TpmError('not a signing key that stays in its TPM');
  return area;
}

/** The name in a TPMS_ATTEST (Part 2 section 10.12.12) of type certification. */
function certifiedName(attest: Uint8Array): Uint8Array {
  const reader = new TpmReader(attest);
  if (reader.u32() !== GENERATED) throw new TpmError('no TPM wrote this');
  if (reader.u16() !== CERTIFY) throw new TpmError('no certification');
  reader.sized(); // qualifiedSigner
  reader.sized(); // extraData; the credential shows already that the answer is fresh
  reader.bytes(CLOCK_AND_VERSION);
  const name = reader.sized();
  reader.sized(); // qualifiedName
  reader.end();
  return name;
}

/** TPMT_SIGNATURE (Part 2 section 11.3.4) with SHA-256. */
function isSignedBy(key: KeyObject, signature: Uint8Array, signed: Uint8Array): boolean {
  const reader = new TpmReader(signature);
  const scheme = reader.u16();
  if (reader.u16() !== ALGORITHM.sha256) throw new TpmError('signed over another digest than SHA-256');
  const first = reader.sized();
  const second = scheme === ALGORITHM.ecdsa ? reader.sized() : undefined;
  reader.end();
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (second !== undefined) {
    if (type !== 'ec') return false;
    const bits = details?.namedCurve === 'secp384r1' ? 384 : 256;
    const der = ecdsaToDer(Buffer.concat([filled(first, bits), filled(second, bits)]), bits);
    return der !== undefined && verify('sha256', signed, key, der);
  }
  if (type !== 'rsa') return false;
  if (scheme === ALGORITHM.rsassa) return verify('sha256', signed, key, first);
  if (scheme !== ALGORITHM.rsapss) return false;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return verify('sha256', signed, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, first);
}

function filled(number: Uint8Array, bits: number): Uint8Array {
  if (number.length > bits / 8) throw new TpmError('a number is too long');
  return Buffer.concat([new Uint8Array(bits / 8 - number.length), number]);
}
