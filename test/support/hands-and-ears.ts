import type { Page } from 'playwright-core';
import { expect } from 'vitest';

interface AxNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[];
}

/** Who uses neither finger nor eye on a page: the Tab key, and what a screen reader hears. */
export async function handsAndEars(page: Page) {
  const reader = await page.context().newCDPSession(page);
  const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();

  /** What the focus is on, as it is called, or its id where it is a field. */
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: here } = document;
      const name = here?.getAttribute('aria-label') ?? here?.textContent ?? '';
      return here instanceof HTMLInputElement || here?.role === 'listbox' ? here.id : name.trim();
    });

  /** Presses Tab until the focus is there; nothing on any screen is further away than this. */
  async function tabTo(name: string | RegExp): Promise<void> {
    const passed: string[] = [];
    for (let count = 0; count < 60; count++) {
      await page.keyboard.press('Tab');
      const here = await focused();
      if (typeof name === 'string' ? here === name : name.test(here)) return;
      passed.push(here);
    }
    throw new Error(`no Tab leads to ${name}: ${passed.join(' | ')}`);
  }

  async function press(name: string | RegExp): Promise<void> {
    await tabTo(name);
    await page.keyboard.press('Enter');
  }

  /** What a screen reader has: its headings, what has the focus, and what can be pressed. */
  async function heard() {
    const { nodes } = (await reader.send('Accessibility.getFullAXTree')) as { nodes: AxNode[] };
    const seen = nodes.filter(({ ignored }) => !ignored);
    const is = (node: AxNode, property: string) =>
      node.properties?.find(({ name }) => name === property)?.value.value;
    const named = (roles: readonly string[]) => seen.filter(({ role }) => roles.includes(role?.value ?? ''));
    return {
      first: named(['heading']).filter((node) => is(node, 'level') === 1),
      focused: seen.filter((node) => is(node, 'focused') === true && node.role?.value !== 'RootWebArea'),
      pressed: named(['button', 'link', 'checkbox', 'radio', 'textbox', 'combobox', 'option']),
    };
  }

  /** The heading has the focus and is said, stands alone, and nothing to press is nameless or called as something else is. */
  async function soundsLike(name: string | RegExp, isFocused = true): Promise<void> {
    await heading(name);
    await expect.poll(async () => (await heard()).first.length).toBe(1);
    const text = async () => (await heard()).first[0]?.name?.value ?? '';
    await expect.poll(text).toMatch(name);
    const title = await text();
    if (isFocused)
      await expect.poll(async () => (await heard()).focused.map((node) => node.name?.value)).toEqual([title]);
    expect(await page.title()).toBe(`${title} · Fieldbind`);
    const names = (await heard()).pressed.map((node) => (node.name?.value ?? '').trim());
    expect(names.filter((one) => one === '')).toEqual([]);
    expect(names.filter((one, i) => names.indexOf(one) !== i)).toEqual([]);
  }

  /** A tap on a link of this screen: the app goes there itself, as it does for a person. */
  async function follow(path: string): Promise<void> {
    await page.evaluate((to) => {
      const link = document.createElement('a');
      link.href = to;
      document.body.append(link);
      link.click();
      link.remove();
    }, path);
  }

  return { heading, tabTo, press, soundsLike, follow };
}
