import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { SUITES } from './test/suites.ts';
import { PATIENCE } from './test/support/patience.ts';
import { runReporter } from './tools/run-report.ts';

// Workers take it from the environment; see test/support/fuzzing.ts.
process.env.TEST_FUZZ_SEED ??= String(randomInt(2 ** 31));

/** Debian's Chromium, silent: no other host is ever asked for anything. */
const CHROMIUM = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Hooks have the same time as tests, and all have far more than they need: a busy machine makes a run slow, never red. What
 * hangs ends all the same.
 */
const PATIENT = {
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: PATIENCE } },
};

/** A project of test/suites.ts. */
function inNode(name: keyof typeof SUITES) {
  const { include, exclude } = SUITES[name];
  return { name, include: [...include], exclude: [...exclude], ...PATIENT };
}

const POSTGRES = { env: { TEST_ENGINE: 'postgres' }, globalSetup: ['test/support/postgres-setup.ts'] };

/**
 * `pure`, `process`, `server`, `postgres` and `postgres-all` run in Node; test/suites.ts says what is in them. `browser`: what
 * only a browser has, IndexedDB above all. `e2e`: the real app in the real browser against the real server. `interop`: foreign
 * programs; `foreign`: those that other registries bring. Each end-to-end file has a server,
 * a browser profile and stand-ins for ports of its own, so two run at once; the others run one after another.
 */
export default defineConfig({
  test: {
    // The default leaves a core idle, which on a machine of two is half of it.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Where tools/test.ts asks for it, it gets a report of its own.
    reporters: process.env.TEST_REPORT ? ['default', runReporter(process.env.TEST_REPORT)] : ['default'],
    projects: [
      { test: inNode('pure') },
      { test: inNode('process') },
      { test: inNode('server') },
      { test: { ...inNode('postgres'), ...POSTGRES } },
      { test: { ...inNode('postgres-all'), ...POSTGRES } },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.browser.ts'],
          ...PATIENT,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: '/usr/bin/chromium', args: CHROMIUM } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.e2e.ts'],
          ...PATIENT,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.interop.ts'],
          ...PATIENT,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'foreign',
          include: ['test/foreign/**/*.foreign.ts'],
          ...PATIENT,
          fileParallelism: false,
        },
      },
    ],
  },
});
