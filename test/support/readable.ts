import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TARGET = 48;
const PRIMARY = 64;

/** What axe finds against WCAG, contrast of 7:1 among it. */
export async function violations(page: Page): Promise<string[]> {
  await page.waitForTimeout(300); // the entrance animation changes colours while it runs
  await page.evaluate(AXE);
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(root: Document, options: object): Promise<AxeResults> };
    };
    return axe.run(document, { rules: { 'color-contrast-enhanced': { enabled: true } } });
  });
  return results.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 120)}`),
  );
}

/** Controls smaller than a glove can hit. */
export async function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(
    ([target, primary]) =>
      [
        ...document.querySelectorAll<HTMLElement>(
          'a, button, input:not(.visually-hidden), select, label.button',
        ),
      ]
        .filter((element) => element.offsetParent !== null)
        .map((element) => ({ element, box: element.getBoundingClientRect() }))
        .filter(({ element, box }) => {
          const least = element.dataset.kind === 'primary' ? primary : target;
          return box.height < least || box.width < least;
        })
        .map(({ element, box }) => `${element.outerHTML.slice(0, 90)} ${box.width}×${box.height}`),
    [TARGET, PRIMARY] as const,
  );
}

/** By how many pixels the page is wider than the screen, and what is. */
export function sideways(page: Page): Promise<readonly (number | string)[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const wide = [...document.querySelectorAll('main *')].filter(
      (one) => one.getBoundingClientRect().right > clientWidth + 1,
    );
    const isWide = scrollWidth > clientWidth;
    return [scrollWidth - clientWidth, ...(isWide ? wide.map((one) => one.outerHTML.slice(0, 80)) : [])];
  });
}
