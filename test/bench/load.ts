import { loadPhones, makeDevices, rowsOf, sendAll, waitBound } from './field.ts';
import type { Report } from './report.ts';
import { serve } from './served.ts';

const INSTALLERS = 200;
const EACH = 10;
const BATCH = 5;
const ROUNDS = 3;

interface Run {
  readonly times: readonly number[];
  readonly cpuSeconds: number;
  readonly lost: number;
}

/** Two hundred phones that sync at the same moment, on PostgreSQL: once with one server process, once with two. */
export async function benchLoad(): Promise<Report> {
  const runs = { one: [] as Run[], two: [] as Run[] };
  // In turn, so that what else the machine does meets both.
  for (let round = 0; round < ROUNDS; round++) {
    runs.one.push(await load(1));
    runs.two.push(await load(2));
  }
  const [one, two] = [together(runs.one), together(runs.two)];
  return {
    name: 'load',
    ratios: { two_processes_vs_one: Number((one.cpuSeconds / two.cpuSeconds).toFixed(3)) },
    figures: {
      installers: INSTALLERS,
      registrations: ROUNDS * INSTALLERS * EACH,
      p50_ms: percentile(one.times, 0.5),
      p99_ms: percentile(one.times, 0.99),
      two_processes_p50_ms: percentile(two.times, 0.5),
      two_processes_p99_ms: percentile(two.times, 0.99),
      lost: one.lost + two.lost,
    },
  };
}

async function load(processes: number): Promise<Run> {
  const served = await serve('postgres', processes);
  try {
    const count = INSTALLERS * EACH;
    // As many for each process: every one has to learn its own code, whatever it then does with it.
    const before = count * processes;
    const devices = await makeDevices(before + count);
    await served.importList(rowsOf(devices));
    const shape = { phones: INSTALLERS, batch: BATCH };
    const warm = await loadPhones(served.urls, devices.slice(0, before), shape);
    const measured = await loadPhones(served.urls, devices.slice(before), shape);
    await sendAll(warm);
    await waitBound(served.desk, before);
    const start = served.cpuSeconds();
    const times = await sendAll(measured);
    await waitBound(served.desk, before + count);
    const cpuSeconds = served.cpuSeconds() - start;
    const bound = await served.desk.stores.bindingHistory.ofOrg('northfield', 2 * (before + count));
    return { times, cpuSeconds, lost: before + count - bound.length };
  } finally {
    await served.close();
  }
}

function together(runs: readonly Run[]): Run {
  return {
    times: runs.flatMap(({ times }) => times),
    cpuSeconds: runs.reduce((sum, run) => sum + run.cpuSeconds, 0),
    lost: runs.reduce((sum, { lost }) => sum + lost, 0),
  };
}

function percentile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
