import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Another host on a cable to this one: a network namespace, which reaches this machine by one address and knows it by name only.
 * A browser in it has no loopback to us, so what works on `localhost` alone does not work there. It takes Linux and root, as CI has.
 */
export interface AnotherHost {
  /** Our address on the cable. */
  readonly address: string;
  /** A browser that runs on the other host. */
  readonly browser: string;
  /** Home of whoever is there; it holds whom the browser trusts. */
  readonly home: string;
  /** Makes the browser there trust a root, in PEM. */
  trust(pem: string): void;
  /** Pulls the cable, and puts it back. */
  cut(): void;
  mend(): void;
  close(): void;
}

let made = 0;

/** @param names what the other host knows our address by */
export function anotherHost(names: readonly string[]): AnotherHost {
  const id = `${process.pid}${made++}`;
  const [space, cable] = [`fb${id}`, `fv${id}`];
  // One cable has four addresses (a /30); which ones follows from the process, so that two runs do not meet.
  const block = (process.pid * 4 + made * 4) % 0xfffc;
  const address = `10.77.${block >> 8}.${(block & 0xff) + 1}`;
  const theirs = `10.77.${block >> 8}.${(block & 0xff) + 2}`;
  const ip = (...words: string[]) => execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const home = mkdtempSync(join(tmpdir(), 'fieldbind-another-host-'));
  const settings = `/etc/netns/${space}`;
  const close = () => {
    for (const words of [
      ['netns', 'del', space],
      ['link', 'del', cable],
    ])
      try {
        ip(...words);
      } catch {
        // It went with the other one, or was never made.
      }
    rmSync(settings, { recursive: true, force: true });
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    ip('netns', 'add', space);
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
    ip('addr', 'add', `${address}/30`, 'dev', cable);
    ip('link', 'set', cable, 'up');
    ip('-n', space, 'addr', 'add', `${theirs}/30`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) ip('-n', space, 'link', 'set', device, 'up');
    // `ip netns exec` puts these files in the place of those in /etc (ip-netns(8)).
    mkdirSync(settings, { recursive: true });
    writeFileSync(join(settings, 'hosts'), `127.0.0.1 localhost\n${address} ${names.join(' ')}\n`);
    const browser = join(home, 'browser');
    const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
    writeFileSync(browser, `#!/bin/sh\nexec ip netns exec ${space} ${chromium} "$@"\n`);
    chmodSync(browser, 0o755);
    const store = `sql:${join(home, '.pki/nssdb')}`;
    mkdirSync(join(home, '.pki/nssdb'), { recursive: true });
    execFileSync('certutil', ['-d', store, '-N', '--empty-password']);
    return {
      ...{ address, browser, home, close },
      trust(pem) {
        const file = join(home, 'root.pem');
        writeFileSync(file, pem);
        execFileSync('certutil', ['-d', store, '-A', '-t', 'C,,', '-n', 'root', '-i', file]);
      },
      cut: () => void ip('link', 'set', cable, 'down'),
      mend: () => void ip('link', 'set', cable, 'up'),
    };
  } catch (error) {
    close();
    throw error;
  }
}
