import { readFileSync } from 'node:fs';
import { fromPem } from '../../../core/pem.ts';
import { statusByLists, type TrustCheck, verifyCertificate } from '../../../core/verify-certificate.ts';
import { nodeCrypto } from '../../x509/node-crypto.ts';
import { type BareCommand, EXIT, UsageError } from './command.ts';

const TEXT = { type: 'string' } as const;

function blocks(label: string, file: string): Uint8Array[] {
  const found = fromPem(label, readFileSync(file, 'utf8'));
  if (found.length === 0) throw new UsageError(`${file} holds no ${label} in PEM`);
  return found;
}

export const verify: BareCommand = {
  bare: true,
  usage: 'verify LEAF.pem --bundle FILE --crl FILE --domain D [--udid U]',
  about: 'checks a device certificate with nothing but files: no installation, no network',
  options: { bundle: TEXT, crl: TEXT, domain: TEXT, udid: TEXT },
  words: 1,
  async run({ words, required, text, print }) {
    const [leaf = new Uint8Array(), ...offered] = blocks('CERTIFICATE', words[0] ?? '');
    const now = Date.now();
    const { verdict, checks } = await verifyCertificate(leaf, {
      trusted: blocks('CERTIFICATE', required('bundle')),
      offered,
      expected: { domain: required('domain'), udid: text('udid') },
      now,
      status: statusByLists(blocks('X509 CRL', required('crl')), { now, crypto: nodeCrypto }),
      crypto: nodeCrypto,
    });
    for (const check of checks) print(check.check, check.result, check.result === 'passed' ? '' : check.code);
    print(verdict);
    return exitCode(checks);
  },
};

/**
 * 0 is the word that scripts go on by: it is said only where all passed that files can answer. The grant nobody was asked for.
 * Whatever else could not be checked is undecided, which is no yes.
 */
function exitCode(checks: readonly TrustCheck[]): number {
  if (checks.some(({ result }) => result === 'failed')) return EXIT.no;
  const left = checks.filter((one) => one.result !== 'passed' && one.check !== 'grant');
  return left.length === 0 ? EXIT.yes : EXIT.undecided;
}
