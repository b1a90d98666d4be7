import 'reflect-metadata'; // @peculiar/x509 throws at import without it, so this line stays first
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509Crl,
} from '@peculiar/x509';
import { equalBytes, fromHex, toHex } from '../../core/bytes.ts';
import { fromPem } from '../../core/pem.ts';
import type { CheckCertificate } from '../ports/certificate-check.ts';

/**
 * The issued certificate against what this phone itself knows: it must lead to the organisation's own trust bundle,
 * carry this device's key, and name this device in this domain (SPIFFE X.509-SVID; RFC 5280 section 6 in the
 * small: one issuer below one anchor). A library other than the authority's own writer reads it, on purpose.
 */
export const checkCertificate: CheckCertificate = async (issued, expected) => {
  try {
    const [leafDer, ...others] = fromPem('CERTIFICATE', issued.leafPem);
    // The text goes into the device as it stands: a second block in it would go along unchecked.
    if (leafDer === undefined || others.length > 0 || blocks(issued.leafPem) !== 1)
      return 'certificate_malformed';
    const leaf = new X509Certificate(leafDer);
    const fingerprint = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', leafDer)));
    if (fingerprint !== issued.fingerprint) return 'certificate_fingerprint_mismatch';
    if (!equalBytes(new Uint8Array(leaf.publicKey.rawData), expected.deviceKey))
      return 'certificate_key_mismatch';
    if (!namesDevice(leaf, expected.udid, expected.domain)) return 'certificate_domain_mismatch';
    const anchors = fromPem('CERTIFICATE', expected.bundlePem).map((der) => new X509Certificate(der));
    const cross = crossOf(leaf, issued.chainPem);
    const direct = await findIssuer(leaf, anchors);
    const anchor = direct ?? (cross && (await findIssuer(cross, anchors)));
    if (anchor === undefined || !(await leadsOn(leaf, issued.chainPem))) return 'certificate_chain_invalid';
    const way = direct === undefined && cross !== undefined ? [leaf, cross, anchor] : [leaf, anchor];
    if (expected.now >= Math.min(...way.map(({ notAfter }) => notAfter.getTime())))
      return 'certificate_expired';
    if (expected.now < leaf.notBefore.getTime()) return 'certificate_expired';
    if (await isRevoked(leaf, anchor, expected.crl)) return 'certificate_revoked';
    return null;
  } catch {
    return 'certificate_malformed';
  }
};

function namesDevice(leaf: X509Certificate, udid: string, domain: string): boolean {
  const names = leaf.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const uris = names.filter((name) => name.type === 'url').map((name) => name.value);
  const dns = names.filter((name) => name.type === 'dns').map((name) => name.value);
  const [uri] = uris;
  return (
    uris.length === 1 &&
    uri === `spiffe://${domain}/device/${udid}` &&
    dns.every((name) => name === `${udid}.d.${domain}`)
  );
}

async function findIssuer(
  leaf: X509Certificate,
  anchors: readonly X509Certificate[],
): Promise<X509Certificate | undefined> {
  for (const anchor of anchors) {
    if (leaf.issuer === anchor.subject && (await leaf.verify({ publicKey: anchor, signatureOnly: true })))
      return anchor;
  }
  return undefined;
}

/**
 * What leads from an authority's new key to its old one, where a leaf's chain begins with it: this phone may know only the
 * old one yet. Self-issued and a CA's (RFC 5280 section 3.2), so that no device's certificate can stand here; that it
 * signed the leaf, `leadsOn` says.
 */
function crossOf(leaf: X509Certificate, chainPem: string): X509Certificate | undefined {
  const [der] = fromPem('CERTIFICATE', chainPem);
  if (der === undefined) return undefined;
  const cross = new X509Certificate(der);
  const isCa = cross.getExtension(BasicConstraintsExtension)?.ca === true;
  return isCa && cross.subject === leaf.issuer && cross.issuer === cross.subject ? cross : undefined;
}

/** Whether each certificate of the chain signed the one before it: the device gets these, so they must be its own. */
async function leadsOn(leaf: X509Certificate, chainPem: string): Promise<boolean> {
  const chain = fromPem('CERTIFICATE', chainPem);
  if (chain.length !== blocks(chainPem)) return false;
  let below = leaf;
  for (const der of chain) {
    const issuer = new X509Certificate(der);
    if (below.issuer !== issuer.subject) return false;
    if (!(await below.verify({ publicKey: issuer, signatureOnly: true }))) return false;
    below = issuer;
  }
  return true;
}

function blocks(pem: string): number {
  return pem.split('-----BEGIN ').length - 1;
}

/** An authority keeps its name when it takes a new key, and each key has a list of its own (RFC 5280 section 5.2.1). */
function isByAnotherKey(crl: X509Crl, anchor: X509Certificate): boolean {
  const by = crl.getExtension(AuthorityKeyIdentifierExtension)?.keyId?.toLowerCase();
  const own = anchor.getExtension(SubjectKeyIdentifierExtension)?.keyId.toLowerCase();
  return by !== undefined && own !== undefined && by !== own;
}

/** A list that is not this issuer's says nothing; one that is and whose signature fails says: do not trust. */
async function isRevoked(leaf: X509Certificate, anchor: X509Certificate, der: Uint8Array): Promise<boolean> {
  if (der.length === 0) return false;
  const crl = new X509Crl(Uint8Array.from(der));
  if (crl.issuer !== anchor.subject || isByAnotherKey(crl, anchor)) return false;
  if (!(await crl.verify({ publicKey: anchor }))) return true;
  const serial = fromHex(leaf.serialNumber);
  return crl.entries.some((entry) => {
    const listed = fromHex(entry.serialNumber);
    return serial !== undefined && listed !== undefined && equalBytes(serial, listed);
  });
}
