import { benchApp } from '../test/bench/app.ts';
import type { Report } from '../test/bench/report.ts';
import { buildIsStale, buildPage } from './build-state.ts';
import { ensureParts } from './parts.ts';

/** `npm run bench -- NAME [--json]`. Figures are this machine's on this day; only ratios of one run are to be compared. */
const BENCHMARKS: Record<string, () => Promise<Report>> = { app: benchApp };

const [name = ''] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const bench = BENCHMARKS[name];
if (bench === undefined) {
  console.error(`There is no benchmark "${name}". There are: ${Object.keys(BENCHMARKS).join(', ')}.`);
  process.exit(2);
}
if (ensureParts().length > 0) process.exit(1);
if (buildIsStale()) await buildPage();
const report = await bench();
for (const [kind, values] of Object.entries({ ratio: report.ratios, figure: report.figures })) {
  for (const [key, value] of Object.entries(values))
    console.log(`${kind.padEnd(7)} ${key.padEnd(28)} ${value}`);
}
if (process.argv.includes('--json')) console.log(JSON.stringify(report));
