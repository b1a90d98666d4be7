import { X509Certificate } from 'node:crypto';
import { equalBytes, fromUtf8 } from '../../../core/bytes.ts';
import { type Certificate, parseCertificate, readExtension } from '../../../core/certificate.ts';
import { DerError, DerReader, enterDer, oidText, TAG } from '../../../core/der.ts';
import { VaultError } from '../../ports/signer.ts';

/** What an issuing CA under somebody else's root will be asked to do: sign these domains' devices. */
export interface Purpose {
  /** SubjectPublicKeyInfo of the key that was requested, DER. */
  readonly spki: Uint8Array;
  /** Names of the organisation's domains, as far as there are any yet. */
  readonly domains: readonly string[];
  readonly now: number;
}

/** A chain that was found good: the issuing CA's certificate, and what stands above it, up to the root. */
export interface ForeignChain {
  readonly certificate: Uint8Array;
  readonly above: readonly Uint8Array[];
  /** The earliest end in it, milliseconds since 1970. */
  readonly notAfter: number;
}

/** Longest chain that is read: two intermediates are usual, more than a handful is a mistake. */
const MOST = 8;

const OID = { keyUsage: '2.5.29.15', nameConstraints: '2.5.29.30', extendedKeyUsage: '2.5.29.37' } as const;
/** Critical extensions that are understood here; any other must not be passed over (RFC 5280 section 4.2). */
const UNDERSTOOD: readonly string[] = [
  ...Object.values(OID),
  '2.5.29.14',
  '2.5.29.19',
  '2.5.29.32',
  '2.5.29.35',
];
/** Signature algorithms over MD5 and SHA-1, by which nobody verifies any more. */
const WEAK: readonly string[] = ['1.2.840.113549.1.1.4', '1.2.840.113549.1.1.5', '1.2.840.10045.4.1'];
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';
const ANY_USAGE = '2.5.29.37.0';
/** Bits of the key usage (RFC 5280 section 4.2.1.3), as they lie in its first byte. */
const [KEY_CERT_SIGN, CRL_SIGN] = [0x04, 0x02];

interface Link {
  readonly x509: X509Certificate;
  readonly certificate: Certificate;
  readonly extensions: ReadonlyMap<string, { readonly critical: boolean; readonly value: Uint8Array }>;
}

/**
 * Orders what came in one file, in whatever order, and checks it as a verifier would who trusts its root (RFC 5280
 * section 6): key, signatures, validity, path length, usages, name constraints. Throws VaultError, which names all faults.
 */
export function foreignChain(certificates: readonly Uint8Array[], purpose: Purpose): ForeignChain {
  if (certificates.length > MOST) throw new VaultError(`more than ${MOST} certificates are no chain`);
  const [issuing, ...above] = ordered(certificates.map(read), purpose.spki);
  const faults = [
    ...linkFaults([issuing, ...above]),
    ...[issuing, ...above].flatMap((link, depth) => readableFaults(link, depth, purpose)),
  ];
  if (faults.length > 0)
    throw new VaultError(`this certificate cannot be taken: ${[...new Set(faults)].join(', ')}`);
  return {
    certificate: issuing.certificate.der,
    above: above.map(({ certificate }) => certificate.der),
    notAfter: Math.min(...[issuing, ...above].map(({ certificate }) => certificate.notAfter)),
  };
}

/** Whether a chain that was taken lets devices of one more domain be named. */
export function letsBeNamed(chain: readonly Uint8Array[], domain: string): boolean {
  return chain
    .map(read)
    .every(
      ({ extensions }) => constraintFaults(extensions.get(OID.nameConstraints)?.value, [domain]).length === 0,
    );
}

function read(der: Uint8Array): Link {
  try {
    const certificate = parseCertificate(der);
    return { x509: new X509Certificate(der), certificate, extensions: extensionsOf(certificate.tbs) };
  } catch {
    throw new VaultError('the file holds a certificate that cannot be read');
  }
}

function extensionsOf(tbs: Uint8Array): Link['extensions'] {
  const body = enterDer(tbs, TAG.sequence);
  const found = new Map<string, { critical: boolean; value: Uint8Array }>();
  while (!body.done) {
    const { tag, content } = body.next();
    if (tag !== 0xa3) continue;
    const list = new DerReader(content).enter(TAG.sequence);
    while (!list.done) {
      const { id, ...extension } = readExtension(list);
      found.set(id, extension);
    }
  }
  return found;
}

/** From the certificate for our key upwards. Throws VaultError if there is none, a gap, or something beside the chain. */
function ordered(links: readonly Link[], spki: Uint8Array): [Link, ...Link[]] {
  const first = links.find(({ certificate }) => equalBytes(certificate.spki, spki));
  if (first === undefined) throw new VaultError('this certificate cannot be taken: it is for another key');
  const chain: [Link, ...Link[]] = [first];
  const left = new Set(links.filter((link) => link !== first));
  for (let last = first; !isSelfIssued(last); ) {
    const next = [...left].find(({ x509 }) => last.x509.checkIssued(x509));
    if (next === undefined)
      throw new VaultError(
        'this certificate cannot be taken: the file must hold every certificate above it, up to the root',
      );
    left.delete(next);
    chain.push(next);
    last = next;
  }
  if (left.size > 0)
    throw new VaultError('this certificate cannot be taken: the file holds others that are not above it');
  return chain;
}

function isSelfIssued({ certificate }: Link): boolean {
  return equalBytes(certificate.issuer, certificate.subject);
}

function linkFaults(chain: readonly Link[]): string[] {
  return chain.flatMap((link, depth) => {
    const signer = chain[depth + 1] ?? link;
    return link.x509.verify(signer.x509.publicKey) ? [] : ['a signature in its chain is not by the next key'];
  });
}

function readableFaults(link: Link, depth: number, purpose: Purpose): string[] {
  try {
    return ownFaults(link, depth, purpose);
  } catch (error) {
    if (error instanceof DerError) return ['an extension in its chain cannot be read'];
    throw error;
  }
}

/** `depth`: how many CAs of the chain stand below. */
function ownFaults({ certificate, extensions }: Link, depth: number, purpose: Purpose): string[] {
  const { notBefore, notAfter, isCa, pathLength, algorithm } = certificate;
  const whose = depth === 0 ? 'it' : 'one above it';
  const fault = (isWrong: boolean, text: string) => (isWrong ? [`${whose} ${text}`] : []);
  const usage = extensions.get(OID.keyUsage)?.value;
  const unknown = [...extensions].some(([id, { critical }]) => critical && !UNDERSTOOD.includes(id));
  return [
    ...fault(!isCa, 'is not a CA’s'),
    ...fault(pathLength !== undefined && pathLength < depth, 'lets no CA stand so far below (path length)'),
    ...fault(!hasBit(usage, KEY_CERT_SIGN), 'may not sign certificates (key usage)'),
    // Its lists of revoked certificates are ours to sign, by the same key.
    ...fault(depth === 0 && !hasBit(usage, CRL_SIGN), 'may not sign CRLs (key usage)'),
    ...fault(notBefore > purpose.now, 'has not begun'),
    ...fault(notAfter <= purpose.now, 'has ended'),
    ...fault(WEAK.includes(algorithm), 'is signed over MD5 or SHA-1'),
    ...fault(
      !allowsClients(extensions.get(OID.extendedKeyUsage)?.value),
      'is for no clients (extended key usage)',
    ),
    ...fault(unknown, 'holds a critical extension that is not known'),
    ...constraintFaults(extensions.get(OID.nameConstraints)?.value, purpose.domains).map(
      (text) => `${whose} ${text}`,
    ),
  ];
}

/** Without a key usage every use is allowed. */
function hasBit(value: Uint8Array | undefined, bit: number): boolean {
  if (value === undefined) return true;
  return ((new DerReader(value).next(TAG.bitString).content[1] ?? 0) & bit) !== 0;
}

/** In a CA's certificate an extended key usage bounds what stands below it, by the habit of verifiers. */
function allowsClients(value: Uint8Array | undefined): boolean {
  if (value === undefined) return true;
  const list = enterDer(value, TAG.sequence);
  while (!list.done) {
    const usage = oidText(list.next(TAG.oid).content);
    if (usage === CLIENT_AUTHENTICATION || usage === ANY_USAGE) return true;
  }
  return false;
}

/** GeneralName's tags (RFC 5280 section 4.2.1.6) of the names that our certificates hold. */
const [DNS, URI, DIRECTORY] = [0x82, 0x86, 0xa4];

interface Subtrees {
  readonly dns: readonly string[];
  readonly hosts: readonly string[];
  readonly directory: boolean;
}

/** Whether devices of these domains may be named at all (RFC 5280 section 4.2.1.10). */
function constraintFaults(value: Uint8Array | undefined, domains: readonly string[]): string[] {
  if (value === undefined) return [];
  const all = enterDer(value, TAG.sequence);
  const permitted = subtreesOf(all.optional(0xa0)?.content);
  const excluded = subtreesOf(all.optional(0xa1)?.content);
  const faults: string[] = [];
  // A device's subject is its UDID and its domain, so a tree of subjects would have to hold them all.
  if (permitted.directory || excluded.directory)
    faults.push('bounds the subjects of devices (name constraints)');
  const { dns, hosts } = permitted;
  const isOutside = (domain: string) =>
    (dns.length > 0 && !dns.some((tree) => isBelow(domain, tree))) ||
    (hosts.length > 0 && !hosts.some((tree) => isHostOf(domain, tree)));
  const isExcluded = (domain: string) =>
    excluded.dns.some((tree) => isBelow(domain, tree) || isBelow(tree, domain)) ||
    excluded.hosts.some((tree) => isHostOf(domain, tree));
  if (domains.some((domain) => isOutside(domain) || isExcluded(domain)))
    faults.push('does not let the devices of every domain here be named (name constraints)');
  return faults;
}

function subtreesOf(content: Uint8Array = new Uint8Array()): Subtrees {
  const found = { dns: [] as string[], hosts: [] as string[], directory: false };
  const list = new DerReader(content);
  while (!list.done) {
    const { tag, content: base } = list.enter(TAG.sequence).next();
    const text = (fromUtf8(base) ?? '').toLowerCase();
    if (tag === DNS) found.dns.push(text);
    else if (tag === URI) found.hosts.push(text);
    else if (tag === DIRECTORY) found.directory = true;
  }
  return found;
}

function isBelow(name: string, tree: string): boolean {
  const bare = tree.replace(/^\./, '');
  return bare === '' || name === bare || name.endsWith(`.${bare}`);
}

/** Of a URI the host counts: as it stands, or with a dot before it whatever is below. */
function isHostOf(host: string, tree: string): boolean {
  return tree.startsWith('.') ? host.endsWith(tree) : host === tree;
}
