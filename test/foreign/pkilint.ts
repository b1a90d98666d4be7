import { spawnSync } from 'node:child_process';
import { foreignCommand } from '../../tools/foreign/install.ts';
import type { Finding, Linted } from './findings.ts';

/** Calls one linter for each line of arguments: Python's own start costs more than a certificate. */
const MANY = `
import importlib, json, sys
lint = importlib.import_module('pkilint.bin.' + sys.argv[1]).main
for line in sys.stdin:
    lint(json.loads(line))
`;

interface Report {
  readonly results: readonly {
    readonly validator: string;
    readonly node_path: string;
    readonly finding_descriptions: readonly {
      readonly severity: string;
      readonly code: string;
      readonly message: string | null;
    }[];
  }[];
}

export interface Asked {
  readonly profile: string;
  /** What the linter's own command line takes behind its options. */
  readonly files: readonly string[];
}

/** Runs a linter of pkilint over all of these, each judged by itself. `lint_crl` and others take more options. */
export function pkilint(linter: string, asked: readonly Asked[], options: readonly string[] = []): Linted[] {
  const lines = asked.map(({ files }) =>
    JSON.stringify(['lint', '--severity', 'ALL', '--format', 'JSON', ...options, ...files]),
  );
  const { stdout, stderr, status } = spawnSync(foreignCommand('pkilint', 'python'), ['-c', MANY, linter], {
    input: lines.join('\n'),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const reports = stdout.split('\n').filter((line) => line !== '');
  if (status !== 0 || reports.length !== asked.length)
    throw new Error(`${linter} judged ${reports.length} of ${asked.length}: ${stderr}`);
  return asked.map(({ profile }, n) => {
    const { results } = JSON.parse(reports[n] ?? '') as Report;
    const findings = results.flatMap(({ finding_descriptions }) =>
      finding_descriptions
        // What is only said, such as by which method a key identifier was made, asks for nothing.
        .filter(({ severity }) => severity !== 'INFO' && severity !== 'DEBUG')
        .map(
          ({ severity, code, message }): Finding => ({
            linter: 'pkilint',
            lint: code,
            severity,
            profile,
            detail: message ?? '',
          }),
        ),
    );
    return { profile, lints: results.length, findings };
  });
}
