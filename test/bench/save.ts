import { median } from './read.ts';
import type { Report } from './report.ts';
import { openStage } from './stage.ts';

const ROUNDS = 300;

/** `save`: from the tap to "Saved on this phone" (lock, signature, strict transaction), beside a bare strict put, by turns. */
export async function benchSave(): Promise<Report> {
  const stage = await openStage();
  try {
    const page = await stage.page(stage.server.url);
    await page.evaluate(() => bench.prepare('ines'));
    await page.evaluate(() => bench.save(20));
    const { capture, put } = await page.evaluate((rounds) => bench.save(rounds), ROUNDS);
    const digits = (value: number) => Math.round(value * 100) / 100;
    return {
      name: 'save',
      ratios: { capture_vs_strict_put: digits(median(capture) / median(put)) },
      figures: {
        rounds: ROUNDS,
        capture_p50_ms: digits(median(capture)),
        capture_p95_ms: digits(at(capture, 0.95)),
        strict_put_p50_ms: digits(median(put)),
      },
    };
  } finally {
    await stage.close();
  }
}

const at = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
