import { benchApp } from '../test/bench/app.ts';
import { benchDrain } from '../test/bench/drain.ts';
import { benchFailover } from '../test/bench/failover.ts';
import { benchFuzz } from '../test/bench/fuzz.ts';
import { benchGrowth } from '../test/bench/growth.ts';
import { benchIssue } from '../test/bench/issue.ts';
import { benchLoad } from '../test/bench/load.ts';
import { benchLoss } from '../test/bench/loss.ts';
import { benchPair } from '../test/bench/pair.ts';
import { benchRead } from '../test/bench/read.ts';
import { flat, type Report } from '../test/bench/report.ts';
import { benchSave } from '../test/bench/save.ts';
import { buildIsStale, buildPage } from './build-state.ts';
import { ensureParts } from './parts.ts';

/** `npm run bench -- NAME [--json]`. Figures are this machine's on this day; only ratios of one run are to be compared. */
const BENCHMARKS: Record<string, (words: readonly string[]) => Promise<Report>> = {
  app: benchApp,
  drain: benchDrain,
  failover: benchFailover,
  fuzz: benchFuzz,
  growth: benchGrowth,
  issue: benchIssue,
  load: benchLoad,
  loss: benchLoss,
  pair: benchPair,
  read: benchRead,
  save: benchSave,
};

const [name = '', ...words] = process.argv.slice(2);
const bench = BENCHMARKS[name];
if (bench === undefined) {
  console.error(`There is no benchmark "${name}". There are: ${Object.keys(BENCHMARKS).join(', ')}.`);
  process.exit(2);
}
if (ensureParts().length > 0) process.exit(1);
if (buildIsStale()) await buildPage();
const report = await bench(words);
for (const [kind, values] of Object.entries({ ratio: report.ratios, figure: report.figures })) {
  for (const [key, value] of flat(values)) console.log(`${kind.padEnd(7)} ${key.padEnd(28)} ${value}`);
}
for (const note of report.notes ?? []) console.log(`note    ${note}`);
if (process.argv.includes('--json')) console.log(JSON.stringify(report));
