import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromPem, toPem } from '../../core/pem.ts';
import { openssl } from '../support/openssl.ts';
import { RekeyBench } from '../support/rekey.ts';
import {
  type EverythingSigned,
  everythingSigned,
  PUBLIC_URL,
  type SignedFile,
  vouchedFor,
} from './everything-signed.ts';
import { EXPLAINED, explains, type Linted } from './findings.ts';
import { pkilint } from './pkilint.ts';
import { zlint } from './zlint.ts';

let bench: RekeyBench;
let all: EverythingSigned;
const judged: Linted[] = [];

beforeAll(async () => {
  bench = await RekeyBench.start({ publicUrl: PUBLIC_URL });
  all = await everythingSigned(bench);
});
afterAll(() => bench.close());

const single = ({ profile, file }: SignedFile) => ({ profile, files: [file] });
const CRL = ['--type', 'CRL', '--profile', 'PKIX'];

/** Findings without a reason; all that was judged is kept for the count at the end. */
function unexplained(linted: readonly Linted[], least: number): unknown[] {
  judged.push(...linted);
  expect(linted.filter(({ lints }) => lints < least)).toEqual([]);
  return linted
    .flatMap(({ findings }) => findings)
    .filter((finding) => !EXPLAINED.some((one) => explains(one, finding)));
}

describe('every certificate, CRL and OCSP answer that we sign', () => {
  it('has nothing against it by zlint', () => {
    expect(unexplained(zlint(all.certificates), 40)).toEqual([]);
    expect(unexplained(zlint(all.crls), 8)).toEqual([]);
  });

  it('has nothing against it by pkilint, each by itself', () => {
    expect(unexplained(pkilint('lint_pkix_cert', all.certificates.map(single)), 30)).toEqual([]);
    expect(unexplained(pkilint('lint_crl', all.crls.map(single), CRL), 10)).toEqual([]);
    expect(unexplained(pkilint('lint_ocsp_response', all.answers.map(single)), 5)).toEqual([]);
  });

  it('has nothing against it by pkilint, beside the certificate above it', () => {
    const pairs = vouchedFor(all.certificates).map(({ issuer, subject }) => ({
      profile: subject.profile,
      files: [issuer.file, subject.file],
    }));
    expect(unexplained(pkilint('lint_pkix_signer_signee_cert_chain', pairs), 3)).toEqual([]);
  });

  it('was judged as often as it should, and each reason for a finding is still needed', () => {
    const { certificates, crls, answers } = all;
    expect(judged).toHaveLength(3 * certificates.length + 2 * crls.length + answers.length);
    const findings = judged.flatMap((one) => one.findings);
    expect(EXPLAINED.filter((one) => !findings.some((finding) => explains(one, finding)))).toEqual([]);
    const lints = judged.reduce((sum, one) => sum + one.lints, 0);
    console.log(
      `${certificates.length} certificates, ${crls.length} CRLs and ${answers.length} OCSP answers: ${lints} lints applied, ${findings.length} findings, all explained`,
    );
  });
});

/** Files in which something is signed, and what stands for each here. */
const SIGNING: Readonly<Record<string, string>> = {
  'certificate.ts': 'what the others call',
  'crl.ts': 'the lists',
  'issuer.ts': 'devices and services',
  'issuing-certificates.ts': 'issuing CAs, anchors and cross certificates',
  'ocsp-response.ts': 'the answers',
  'request.ts': 'the request that "ca sign" takes; no linter here reads requests',
  'responder-certificate.ts': 'OCSP signers',
  'root.ts': 'roots',
  'statement-keys.ts': 'statements, which are JWS: no linter here reads those',
};

/**
 * What signs: the form of certificates and lists, or a key itself. An issuer, which is asked by an intent, and the signer of
 * statements, which is asked by a type, call these in turn.
 */
const SIGNS = /\bsigned\(|\.sign\((?!\s*(?:intent\b|'))/;

it('leaves out nothing that is signed: another place that signs belongs into everything-signed.ts', () => {
  const files = readdirSync('server', { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.includes('node_modules'),
  );
  const signing = files.filter((file) => SIGNS.test(readFileSync(join('server', file), 'utf8')));
  expect(signing.map((file) => basename(file)).sort()).toEqual(Object.keys(SIGNING));
});

describe('the linters', () => {
  const found = (linted: readonly Linted[]) =>
    linted.flatMap(({ findings }) => findings.map(({ lint }) => lint));
  const plant = (name: string) => ({ profile: 'planted', file: join(bench.folder, name) });

  it('find a broken certificate', async () => {
    const planted = plant('planted.pem');
    const made = await openssl(
      ...['req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-subj', '/CN=planted', '-days', '3'],
      ...['-addext', 'basicConstraints=CA:TRUE', '-addext', 'keyUsage=digitalSignature'],
      ...['-keyout', join(bench.folder, 'planted.key'), '-out', planted.file],
    );
    expect(made.code).toBe(0);
    expect(found(zlint([planted]))).toContain('e_basic_constraints_not_critical');
    expect(found(pkilint('lint_pkix_cert', [single(planted)]))).not.toEqual([]);
    const [ours] = all.certificates;
    const pair = { profile: 'planted', files: [ours?.file ?? '', planted.file] };
    expect(found(pkilint('lint_pkix_signer_signee_cert_chain', [pair]))).not.toEqual([]);
  });

  it('find a CRL without its number, and an OCSP answer that is none', () => {
    const planted = plant('planted-crl.pem');
    const [der] = fromPem('X509 CRL', readFileSync(all.crls[0]?.file ?? '', 'utf8'));
    const hex = Buffer.from(der ?? []).toString('hex');
    // Its extension is called by another name, so that it is one that nobody knows.
    const broken = Buffer.from(hex.replace('0603551d14', '0603551d7f'), 'hex');
    writeFileSync(planted.file, toPem('X509 CRL', new Uint8Array(broken)));
    expect(found(zlint([planted]))).not.toEqual([]);
    expect(found(pkilint('lint_crl', [single(planted)], CRL))).not.toEqual([]);
    const noise = plant('planted.ocsp');
    writeFileSync(noise.file, 'noise');
    expect(() => pkilint('lint_ocsp_response', [single(noise)])).toThrow('judged 0 of 1');
  });

  it('are not believed where they could not read', () => {
    const noise = plant('noise.pem');
    writeFileSync(noise.file, 'noise');
    expect(() => zlint([noise])).toThrow('zlint read no planted');
    expect(() => pkilint('lint_pkix_cert', [single(noise)])).toThrow('judged 0 of 1');
  });
});
