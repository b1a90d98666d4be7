import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { FLAGS } from './device-browser.ts';
import { PATIENCE } from './patience.ts';

/** A browser that can die as a phone does: SIGKILL to every process of it at once. Its profile outlives it. */
export interface MortalBrowser {
  open(): Promise<BrowserContext>;
  kill(): Promise<void>;
  /** Ends it as a person does: it writes first what it still has to, such as a worker that was just installed. */
  shut(): Promise<void>;
  /** Ends it and removes the profile. */
  close(): Promise<void>;
}

export function mortalBrowser(): MortalBrowser {
  const profile = mkdtempSync(join(tmpdir(), 'fieldbind-mortal-'));
  let running: ChildProcess | undefined;
  /** `of`: the process alone, or with minus its group, which has its children and nobody else's. */
  const end = async (signal: 'SIGTERM' | 'SIGKILL', of: 1 | -1) => {
    const child = running;
    running = undefined;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    process.kill(of * child.pid, signal);
    await gone;
  };
  const kill = () => end('SIGKILL', -1);
  return {
    async open() {
      // A profile has one browser at a time.
      await kill();
      const args = [
        ...FLAGS,
        '--headless=new',
        '--remote-debugging-port=0',
        `--user-data-dir=${profile}`,
        'about:blank',
      ];
      const child = spawn(process.env.CHROMIUM ?? '/usr/bin/chromium', args, {
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      running = child;
      const browser = await chromium.connectOverCDP(await endpointOf(child));
      const [context] = browser.contexts();
      if (context === undefined) throw new Error('the browser has no context');
      context.setDefaultTimeout(PATIENCE);
      return context;
    },
    kill,
    shut: () => end('SIGTERM', 1),
    async close() {
      await kill();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Chromium says on standard error where its devtools listen. */
function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += String(chunk);
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    child.once('exit', () => reject(new Error(`the browser ended: ${said.slice(-400)}`)));
  });
}
