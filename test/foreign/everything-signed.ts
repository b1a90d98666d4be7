import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '../../contract/change.ts';
import { fromPem, toPem } from '../../core/pem.ts';
import { openssl } from '../support/openssl.ts';
import type { RekeyBench } from '../support/rekey.ts';
import { fieldbind, HANNA, OAK_STREET, PRACTICE, startTestServer } from '../support/server.ts';
import type { KeyAlgorithm, TestDevice } from '../support/server-device.ts';
import { register } from '../support/server-register.ts';

/** One thing that a key of ours signed, in a file. */
export interface SignedFile {
  /** What kind of thing it is, and what is special about it. */
  readonly profile: string;
  /** PEM of a certificate or CRL, DER of an OCSP answer. */
  readonly file: string;
}

export interface EverythingSigned {
  readonly certificates: readonly SignedFile[];
  readonly crls: readonly SignedFile[];
  readonly answers: readonly SignedFile[];
}

/** What stands in certificates; a name without a dot, as tests have otherwise, is no address by pkilint. */
export const PUBLIC_URL = 'http://fieldbind.example.org';
const DAY = 24 * 3_600_000;
const KEYS: readonly KeyAlgorithm[] = ['P-256', 'P-384', 'Ed25519', 'RSA-2048'];
/** The longest that there may be: 64 characters in all, and labels of 63. */
const LONG_DOMAIN = `${'l'.repeat(64 - '.fieldbind.internal'.length)}.fieldbind.internal`;
const LONG_UDID = `acme-${'8'.repeat(58)}`;
/** "bücher" as DNS writes it (RFC 5890). */
const OTHER_SCRIPT = 'xn--bcher-kva.northfield.fieldbind.internal';
/** As long as an organisation's name may be. */
const P384 = `curve-p384-${'x'.repeat(20)}`;
const REASONS = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
];
const PASSPHRASE = 'a long passphrase of the root';

/**
 * Has a server sign one of each kind, as its users would: by registrations of phones, by devices over EST, by commands,
 * and by downloads. Writes all of it into the bench's folder.
 */
export async function everythingSigned(bench: RekeyBench): Promise<EverythingSigned> {
  const { server, folder } = bench;
  const certificates: SignedFile[] = [];
  const crls: SignedFile[] = [];
  const answers: SignedFile[] = [];
  const at = (name: string) => join(folder, name);
  const write = (profile: string, pem: string): string => {
    const file = at(`${profile.replaceAll(/[^A-Za-z0-9-]+/g, '_')}.pem`);
    writeFileSync(file, pem);
    return file;
  };
  const certificate = (profile: string, pem: string) => {
    if (certificates.some((one) => one.profile === profile)) throw new Error(`two are called ${profile}`);
    certificates.push({ profile, file: write(profile, pem) });
  };

  const get = async (path: string) => {
    const answer = await fetch(`${server.url}${path}`);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  };
  const authority = async (profile: string, name: string) =>
    certificate(profile, toPem('CERTIFICATE', await get(`/ca/${name}.cer`)));
  const bundle = async (org: string, profiles: readonly string[]) => {
    const blocks = fromPem('CERTIFICATE', new TextDecoder().decode(await get(`/ca/${org}/bundle.pem`)));
    if (blocks.length !== profiles.length) throw new Error(`the bundle of ${org} holds ${blocks.length}`);
    for (const [n, profile] of profiles.entries())
      certificate(profile, toPem('CERTIFICATE', blocks[n] ?? new Uint8Array()));
  };
  const crl = async (profile: string, name: string) =>
    crls.push({ profile, file: write(profile, toPem('X509 CRL', await get(`/crl/${name}.crl`))) });
  const command = async (...words: string[]) => {
    const { code, out } = await server.fieldbind(...words);
    if (code !== 0) throw new Error(`${words.join(' ')}: ${out}`);
  };
  const leafOf = (change: Change): string => {
    if (change.certificate === undefined) throw new Error(`no certificate: ${JSON.stringify(change)}`);
    return change.certificate.leafPem;
  };
  const device = async (
    profile: string,
    wanted: Parameters<typeof server.listedDevice>[0] = {},
    domain: string = OAK_STREET,
    by = bench.ines,
  ): Promise<TestDevice> => {
    const { org = 'northfield' } = wanted;
    const made = await server.listedDevice(wanted);
    certificate(profile, leafOf(await register(by, made, {}, domain, org)));
    return made;
  };
  /** The answer of OCSP about a certificate that was collected, and the certificate of who signed it. */
  const status = async (profile: string, about: string, issuer: string) => {
    const file = at(`${profile}.ocsp`.replaceAll(' ', '_'));
    const issuerFile = certificates.find((one) => one.profile === issuer)?.file ?? '';
    const leafFile = certificates.find((one) => one.profile === about)?.file ?? '';
    const asked = await openssl(
      ...['ocsp', '-issuer', issuerFile, '-CAfile', issuerFile, '-cert', leafFile, '-no_nonce'],
      ...['-url', `${server.url}/ocsp`, '-respout', file, '-resp_text'],
    );
    if (!asked.out.includes('Response verify OK')) throw new Error(`OCSP about ${about}: ${asked.out}`);
    answers.push({ profile, file });
    const signer = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/.exec(asked.out)?.[0];
    if (signer === undefined) throw new Error(`no signer of OCSP about ${about}`);
    certificate(`OCSP signer: ${profile}`, signer);
  };
  const request = async (name: string, ...key: string[]) => {
    await openssl(
      ...['req', '-new', '-newkey', ...key, '-nodes', '-subj', '/CN=any'],
      ...['-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)],
    );
    return at(`${name}.csr`);
  };
  const service = async (profile: string, host: string, csr: string, ...more: string[]) => {
    const to = at(`service-${certificates.length}.pem`);
    await command(
      ...['ca', 'server-certificate', '--org', 'northfield', '--name', host],
      ...['--request', csr, '--to', to, ...more],
    );
    certificate(profile, firstOf(readFileSync(to, 'utf8')));
  };

  // Roots and issuing CAs.
  await authority('root', 'root');
  await authority('root of training', 'training-root');
  await authority('issuing CA', 'northfield');
  await authority('issuing CA of training', 'training');
  await authority('issuing CA of a home', 'hanna-home');
  await bundle('northfield', ['anchor']);
  await bundle('training', ['anchor of training']);
  await command('org', 'create', P384, '--title', 'P-384', '--curve', 'P-384');
  await authority('issuing CA, P-384', P384);
  await bundle(P384, ['anchor, P-384']);
  process.env.FIELDBIND_ROOT_PASSPHRASE = PASSPHRASE;
  try {
    await command('ca', 'export', '--training', '--to', at('root'));
    await command('ca', 'request', '--org', 'elsewhere', '--training', '--to', at('elsewhere.csr'));
    const signing = await fieldbind(
      at('nothing'),
      ...[
        ['ca', 'sign', '--root', at('root'), '--request', at('elsewhere.csr'), '--to', at('elsewhere.pem')],
      ],
    );
    if (signing.code !== 0) throw new Error(signing.out);
  } finally {
    delete process.env.FIELDBIND_ROOT_PASSPHRASE;
  }
  certificate('issuing CA, signed elsewhere', firstOf(readFileSync(at('elsewhere.pem'), 'utf8')));

  // Devices, under names of every kind.
  for (const algorithm of KEYS) await device(`device, ${algorithm}`, { algorithm });
  await device('device in training', { org: 'training' }, PRACTICE);
  const hanna = await server.signIn('hanna');
  await device('device of a home', { org: 'hanna-home' }, HANNA, hanna);
  await command('domain', 'create', LONG_DOMAIN, '--org', 'northfield');
  await command('domain', 'create', OTHER_SCRIPT, '--org', 'northfield');
  await device('device, longest names', { udid: LONG_UDID }, LONG_DOMAIN);
  await device('device, another script', {}, OTHER_SCRIPT);
  await device('device, hashed name', { udid: `h-${'a'.repeat(51)}0` });
  await command('domain', 'create', 'd384.fieldbind.internal', '--org', P384);
  await command('operator', 'join', 'ines', '--org', P384, '--role', 'installer');
  const asMember = await server.signIn('ines');
  await device('device under P-384', { org: P384 }, 'd384.fieldbind.internal', asMember);
  const subjects = [
    'CN=<udid>',
    'CN=<udid>,O=<org>,OU=Meters',
    'OU=<domain>,O=Westside Energy Ltd.,CN=<udid>',
  ];
  for (const subject of subjects) {
    await bench.policy({ subject, validityDays: 30 });
    for (const algorithm of KEYS) await device(`device, ${algorithm}, subject ${subject}`, { algorithm });
  }
  await bench.policy({ subject: 'CN=<udid>,O=<domain>,OU=<domain>' });
  await device('device, longest subject', { udid: `acme-${'9'.repeat(58)}` }, LONG_DOMAIN);
  await bench.policy({ rekey: 'allow' });

  // Services.
  const p256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const broker = await request('broker', ...p256);
  await service('server certificate', `broker.${OAK_STREET}`, broker);
  await service(
    'server certificate, RSA, one day',
    OAK_STREET,
    await request('rsa', 'rsa:2048'),
    '--days',
    '1',
  );
  await service('EST listener', new URL(PUBLIC_URL).hostname, broker);
  const longest = `${'b'.repeat(30)}.mid.northfield.fieldbind.internal`;
  await command('domain', 'create', longest, '--org', 'northfield');
  await service('server certificate, longest name', longest, broker);

  // Lists, and what is said of single certificates.
  await crl('CRL, empty', 'hanna-home');
  await crl('CRL of training', 'training');
  await crl('CRL, P-384', P384);
  await status('OCSP good', 'device, P-256', 'anchor');
  await status('OCSP under P-384', 'device under P-384', 'anchor, P-384');
  for (const reason of REASONS) {
    const { udid, maker } = await server.listedDevice().then(async (made) => {
      await register(bench.ines, made);
      return made;
    });
    await command('revoke', '--udid', udid, '--maker', maker, '--reason', reason);
    await crl(`CRL, ${reason}`, 'northfield');
  }
  const lost = await device('device on hold');
  await command(
    ...['device', 'suspend', '--udid', lost.udid, '--maker', lost.maker, '--reason', 'lost'],
    ...['--by', 'sam', '--because', 'not found'],
  );
  await crl('CRL, certificateHold', 'northfield');
  await status('OCSP on hold', 'device on hold', 'anchor');

  // A new key of a device, then new keys of the issuing CA, then a renewal a long time after.
  const { second } = await bench.rekeyed();
  certificate('device, another key', readFileSync(second.est.at('leaf.pem'), 'utf8'));
  const renewing = await bench.bound();
  await command('ca', 'rotate', '--org', 'northfield', '--curve', 'P-384');
  bench.ahead = 6_000;
  await authority('issuing CA, rotated', 'northfield_2');
  await bundle('northfield', [
    'anchor, rotated',
    'anchor, old',
    'cross, new with old',
    'cross, old with new',
  ]);
  await device('device after rotation');
  await service('server certificate after rotation', `broker.${OAK_STREET}`, broker);
  await crl('CRL of the old key', 'northfield');
  await crl('CRL of the new key', 'northfield_2');
  await status('OCSP after rotation', 'device after rotation', 'anchor, rotated');
  bench.ahead = 300 * DAY;
  const renewed = await renewing.est.ask('simplereenroll', { show: 'leaf.pem' });
  if (renewed.status !== 200) throw new Error(`not renewed: ${renewed.status}`);
  certificate('device, renewed', renewed.leaf);
  for (const { profile, pem } of await signedForHttps()) certificate(`${profile}, address by HTTPS`, pem);
  return { certificates, crls, answers };
}

/** What another server signs, whose public address is by HTTPS: it stands in all that names an address. */
async function signedForHttps(): Promise<{ profile: string; pem: string }[]> {
  const server = await startTestServer({ publicUrl: PUBLIC_URL.replace('http:', 'https:') });
  try {
    const ca = async (name: string) => {
      const answer = await fetch(`${server.url}/ca/${name}.cer`);
      return toPem('CERTIFICATE', new Uint8Array(await answer.arrayBuffer()));
    };
    const device = await register(await server.signIn('ines'), await server.listedDevice());
    return [
      { profile: 'root', pem: await ca('root') },
      { profile: 'issuing CA', pem: await ca('northfield') },
      { profile: 'device', pem: device.certificate?.leafPem ?? '' },
    ];
  } finally {
    await server.close();
  }
}

/** Each certificate that another one of these vouches for, with the first that does; itself where it does. */
export function vouchedFor(
  certificates: readonly SignedFile[],
): { issuer: SignedFile; subject: SignedFile }[] {
  const read = certificates.map((one) => ({ one, x509: new X509Certificate(readFileSync(one.file)) }));
  const above = read.filter(({ x509 }) => x509.ca);
  return read.map(({ one, x509 }) => {
    const issuer = above.find((ca) => x509.checkIssued(ca.x509) && x509.verify(ca.x509.publicKey));
    if (issuer === undefined) throw new Error(`nothing here signed: ${one.profile}`);
    return { issuer: issuer.one, subject: one };
  });
}

function firstOf(pem: string): string {
  const [first] = fromPem('CERTIFICATE', pem);
  if (first === undefined) throw new Error('there is no certificate');
  return toPem('CERTIFICATE', first);
}
