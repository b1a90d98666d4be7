import { FIRST_MINE, FIRST_WAITING } from '../../src/ports/devices.ts';
import type { Report } from './report.ts';
import { openStage } from './stage.ts';

const RECORDS = 10_000;
const SITES = 500;
const STARTS = 21;

/**
 * `read`: what the first screen reads of 10,000 devices at 500 sites (counts of records and of devices, what needs somebody, what
 * others have to decide), beside one summary row and the 25 newest records read with nothing around.
 */
export async function benchRead(): Promise<Report> {
  const stage = await openStage();
  try {
    let page = await stage.page(stage.server.url);
    await page.evaluate(() => bench.prepare('ines'));
    await page.evaluate((count) => bench.fill(count.records, count.sites), {
      records: RECORDS,
      sites: SITES,
    });
    const listed = await page.evaluate(() => bench.listDevices());
    if (listed.devices !== RECORDS || listed.first !== FIRST_MINE + FIRST_WAITING)
      throw new Error(`of ${RECORDS} devices there are rows for ${JSON.stringify(listed)}`);
    const first: number[] = [];
    const least: number[] = [];
    for (let i = 0; i < STARTS; i++) {
      await stage.restart();
      page = await stage.page(stage.server.url);
      const one = await page.evaluate((turn) => bench.read(turn % 2 === 0), i);
      first.push(one.first);
      least.push(one.least);
    }
    return {
      name: 'read',
      ratios: { first_screen_10k_vs_summary_row: Math.round((median(first) / median(least)) * 100) / 100 },
      figures: {
        records: RECORDS,
        sites: SITES,
        first_screen_ms: Math.round(median(first) * 10) / 10,
        summary_row_ms: Math.round(median(least) * 10) / 10,
      },
    };
  } finally {
    await stage.close();
  }
}

export const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
