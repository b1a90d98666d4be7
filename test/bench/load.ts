import { loadPhones, makeDevices, rowsOf, sendAll, waitBound } from './field.ts';
import type { Report } from './report.ts';
import { serve } from './served.ts';

const INSTALLERS = 200;
const EACH = 10;
const BATCH = 5;

/** Two hundred phones that sync at the same moment, on PostgreSQL: once with one server process, once with two. */
export async function benchLoad(): Promise<Report> {
  const one = await load(1);
  const two = await load(2);
  return {
    name: 'load',
    ratios: { two_processes_vs_one: Number((two.perCpuSecond / one.perCpuSecond).toFixed(3)) },
    figures: {
      installers: INSTALLERS,
      registrations: INSTALLERS * EACH,
      p50_ms: percentile(one.times, 0.5),
      p99_ms: percentile(one.times, 0.99),
      two_processes_p50_ms: percentile(two.times, 0.5),
      two_processes_p99_ms: percentile(two.times, 0.99),
      lost: one.lost + two.lost,
    },
  };
}

async function load(processes: number) {
  const served = await serve('postgres', processes);
  try {
    const devices = await makeDevices(INSTALLERS * EACH * 2);
    await served.importList(rowsOf(devices));
    const half = INSTALLERS * EACH;
    const shape = { phones: INSTALLERS, batch: BATCH };
    const warm = await loadPhones(served.urls, devices.slice(0, half), shape);
    const measured = await loadPhones(served.urls, devices.slice(half), shape);
    await sendAll(warm);
    await waitBound(served.desk, half);
    const start = served.cpuSeconds();
    const times = await sendAll(measured);
    await waitBound(served.desk, 2 * half);
    const perCpuSecond = half / (served.cpuSeconds() - start);
    const bound = await served.desk.stores.bindings.ofOrg('northfield', 3 * half);
    return { times, perCpuSecond, lost: 2 * half - bound.length };
  } finally {
    await served.close();
  }
}

function percentile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
