import { spawnSync } from 'node:child_process';
import { foreignCommand } from '../../tools/foreign/install.ts';
import type { SignedFile } from './everything-signed.ts';
import type { Linted } from './findings.ts';

/**
 * Rules of browsers' root programmes, of the CA/Browser Forum, of certificate transparency and of European signatures: they
 * are about certificates that the public trusts, and ours are trusted by those alone who were given our anchors. What is
 * left is by the RFCs of PKIX, and by zlint's own people. By exclusion, so that a source that comes later is asked too.
 */
const OF_THE_PUBLIC = [
  ...['Apple', 'Chrome', 'Mozilla', 'RFC6962', 'ETSI_ESI'],
  ...['CABF_BR', 'CABF_CS_BR', 'CABF_EV', 'CABF_SMIME_BR'],
];
/** Did not apply, or is about certificates of before its time. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['NA', 'NE']);

type Report = Record<string, { readonly result: string; readonly details?: string }>;

export function zlint(files: readonly SignedFile[]): Linted[] {
  return files.map(({ profile, file }) => {
    const args = ['-excludeSources', OF_THE_PUBLIC.join(','), file];
    const { stdout, stderr, status } = spawnSync(foreignCommand('zlint'), args, { encoding: 'utf8' });
    if (status !== 0 || !stdout.startsWith('{')) throw new Error(`zlint read no ${profile}: ${stderr}`);
    const told = Object.entries(JSON.parse(stdout) as Report).filter(
      ([, { result }]) => !SAYS_NOTHING.has(result),
    );
    return {
      profile,
      lints: told.length,
      findings: told
        .filter(([, { result }]) => result !== 'pass')
        .map(([lint, { result, details = '' }]) => ({
          linter: 'zlint',
          lint,
          severity: result,
          profile,
          detail: details,
        })),
    };
  });
}
