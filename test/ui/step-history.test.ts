import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

type Entry = { readonly state: unknown; readonly path: string };

/** A browser's history: pushing cuts what lies ahead, a step over entries comes later, as in a browser. */
class FakeHistory {
  entries: Entry[] = [{ state: null, path: '/' }];
  at = 0;
  #listeners: (() => void)[] = [];

  get state(): unknown {
    return structuredClone(this.entries[this.at]?.state ?? null);
  }
  get length(): number {
    return this.entries.length;
  }
  get location() {
    const url = new URL(this.entries[this.at]?.path ?? '/', 'https://phone.example');
    return { pathname: url.pathname, search: url.search, origin: url.origin };
  }
  pushState(state: unknown, _: string, path = this.entries[this.at]?.path ?? '/'): void {
    this.entries = [...this.entries.slice(0, this.at + 1), { state, path }];
    this.at += 1;
  }
  replaceState(state: unknown, _: string, path = this.entries[this.at]?.path ?? '/'): void {
    this.entries[this.at] = { state, path };
  }
  go(steps: number): void {
    queueMicrotask(() => this.step(steps));
  }
  /** As the person does it. */
  step(steps: number): void {
    const next = this.at + steps;
    if (next < 0 || next >= this.entries.length) return;
    this.at = next;
    for (const tell of [...this.#listeners]) tell();
  }
  listen(_: string, listener: () => void): void {
    this.#listeners.push(listener);
  }
  unlisten(_: string, listener: () => void): void {
    this.#listeners = this.#listeners.filter((one) => one !== listener);
  }
  get steps(): readonly unknown[] {
    return this.entries.map(({ state }) => Object(state).bind?.step);
  }
}

let browser: FakeHistory;
let history: typeof import('../../src/ui/step-history.ts');
let router: typeof import('../../src/ui/route.ts');

beforeEach(async () => {
  vi.resetModules();
  browser = new FakeHistory();
  vi.stubGlobal('history', browser);
  vi.stubGlobal('addEventListener', browser.listen.bind(browser));
  vi.stubGlobal('removeEventListener', browser.unlisten.bind(browser));
  vi.stubGlobal('window', { scrollTo: () => undefined });
  const located = {};
  for (const part of ['pathname', 'search', 'origin'] as const)
    Object.defineProperty(located, part, { get: () => browser.location[part] });
  vi.stubGlobal('location', located);
  router = await import('../../src/ui/route.ts');
  history = await import('../../src/ui/step-history.ts');
});
afterEach(() => vi.unstubAllGlobals());

/** A flow of so many steps, as a screen drives it. */
function screen(depth: number, of = 'acme-1') {
  const flow = {
    now: depth,
    depth: () => flow.now,
    back: () => flow.to(Math.max(0, flow.now - 1)),
    of: () => of,
    to(next: number) {
      flow.now = next;
      history.alignHistory(next, of);
    },
  };
  history.alignHistory(depth, of);
  return { flow, leave: history.followHistory(flow) };
}

const settled = () => vi.waitFor(() => expect(router.isTraversing()).toBe(false));

describe('the browser’s back', () => {
  it('goes one step back at a time, and from the first step leaves', () => {
    router.go('/bind');
    const { flow, leave } = screen(0);
    for (const depth of [1, 2, 3]) flow.to(depth);
    expect(browser.steps).toEqual([undefined, 0, 1, 2, 3]);
    for (const depth of [2, 1, 0]) {
      browser.step(-1);
      expect([flow.now, router.route.value.screen]).toEqual([depth, 'bind']);
    }
    browser.step(-1);
    expect(router.route.value.screen).toBe('home');
    leave();
  });

  it('is not offered for a step that cannot be gone back: the entry stands again', () => {
    router.go('/bind');
    const { flow } = screen(3);
    flow.back = () => undefined; // while it is being saved
    browser.step(-1);
    expect([flow.now, history.entryHere()?.step]).toEqual([3, 3]);
  });
});

describe('no entry leads into a step that is over', () => {
  it('after a fault, after the app’s own back, and forward again', async () => {
    router.go('/bind');
    const { flow } = screen(3);
    flow.to(1);
    await settled();
    expect([flow.now, history.entryHere()?.step]).toEqual([1, 1]);
    browser.step(1);
    await settled();
    expect([flow.now, history.entryHere()?.step]).toEqual([1, 1]);
    flow.to(2);
    expect(browser.steps).toEqual([undefined, undefined, 1, 2]);
  });

  it('after saving one step back leads out of the flow', async () => {
    router.go('/bind');
    const { flow } = screen(3);
    flow.to(0);
    await settled();
    browser.step(-1);
    expect(router.route.value.screen).toBe('home');
  });

  it('where a screen is left while the browser is still stepping, what was asked for comes after', async () => {
    router.go('/bind');
    const { flow, leave } = screen(3);
    flow.to(0);
    router.go('/record/x');
    expect(router.route.value.screen).toBe('bind');
    await settled();
    expect(router.route.value).toMatchObject({ screen: 'record', id: 'x' });
    leave();
    browser.step(-1);
    expect([router.route.value.screen, history.entryHere()?.step]).toEqual(['bind', undefined]);
  });

  it('an entry of a device that was saved since begins at the scanner, and is the first step', async () => {
    router.go('/bind');
    screen(3).leave();
    router.go('/outbox');
    browser.step(-1);
    expect(history.entryHere()).toEqual({ step: 3, of: 'acme-1' });
    screen(0);
    await settled();
    expect(history.entryHere()?.step).toBe(0);
    browser.step(-1);
    expect(router.route.value.screen).toBe('home');
  });
});

describe('the address', () => {
  it.each([
    ['/bind', { practice: false, resume: false }],
    ['/bind/practice', { practice: true, resume: false }],
    ['/bind/resume?of=mac-02', { resume: true, of: 'mac-02' }],
    ['/bind?at=northfield/acme-1&act=move', { wish: { org: 'northfield', udid: 'acme-1', act: 'move' } }],
    ['/bind?at=northfield/acme-1&act=replace', { wish: { act: 'replace' } }],
  ])('%s', (path, expected) => {
    router.go(path);
    expect(router.route.value).toMatchObject({ screen: 'bind', ...expected });
  });

  it.each(['/bind?at=northfield/acme-1&act=steal', '/bind?at=northfield&act=move', '/bind?act=move'])(
    'of no act that there is begins at the scanner: %s',
    (path) => {
      router.go(path);
      expect(router.route.value).not.toHaveProperty('wish');
    },
  );

  it('something else’s state is no step of the flow', () => {
    for (const state of [null, 7, { bind: null }, { bind: { step: 'x' } }, { other: 1 }]) {
      browser.replaceState(state, '');
      expect(history.entryHere()).toBeUndefined();
    }
  });
});
