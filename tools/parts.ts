import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/** A program that tests need and npm does not bring. */
interface Part {
  readonly name: string;
  readonly debian: string;
  readonly for: string;
  readonly found: () => boolean;
}

const onPath = (command: string) => () =>
  ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((dir) =>
    existsSync(`${dir}/${command}`),
  );

/** Where Debian puts servers, by version. */
const POSTGRESQL = '/usr/lib/postgresql';

/** Debian puts libraries into a folder named after the machine's kind. */
export function fakeTimeLibrary(): string | undefined {
  return readdirSync('/usr/lib')
    .map((kind) => `/usr/lib/${kind}/faketime/libfaketime.so.1`)
    .find((path) => existsSync(path));
}

export const PARTS: readonly Part[] = [
  { name: 'chromium', debian: 'chromium', for: 'browser tests', found: onPath('chromium') },
  { name: 'dbus-daemon', debian: 'dbus', for: 'Bluetooth in browser tests', found: onPath('dbus-daemon') },
  { name: 'socat', debian: 'socat', for: 'serial ports in browser tests', found: onPath('socat') },
  {
    name: 'gcc',
    debian: 'gcc libc6-dev linux-libc-dev',
    for: 'serial and USB ports in browser tests',
    found: onPath('gcc'),
  },
  { name: 'c++', debian: 'g++', for: 'PKCS#11 in interoperation tests', found: onPath('c++') },
  {
    name: 'softhsm2',
    debian: 'softhsm2',
    for: 'interoperation tests',
    found: onPath('softhsm2-util'),
  },
  { name: 'openssl', debian: 'openssl', for: 'certificate checks', found: onPath('openssl') },
  { name: 'curl', debian: 'curl', for: 'interoperation tests', found: onPath('curl') },
  {
    name: 'postgres',
    debian: 'postgresql',
    for: 'server tests',
    // Its client alone makes the folder too.
    found: () =>
      existsSync(POSTGRESQL) &&
      readdirSync(POSTGRESQL).some((version) => existsSync(`${POSTGRESQL}/${version}/bin/initdb`)),
  },
  { name: 'gnutls', debian: 'gnutls-bin', for: 'interoperation tests', found: onPath('certtool') },
  {
    name: 'pebble',
    debian: 'pebble',
    for: 'certificates by ACME in interoperation tests',
    found: onPath('pebble'),
  },
  { name: 'nginx', debian: 'nginx-light', for: 'proxies in interoperation tests', found: onPath('nginx') },
  { name: 'caddy', debian: 'caddy', for: 'proxies in interoperation tests', found: onPath('caddy') },
  { name: 'exim', debian: 'exim4-daemon-light', for: 'interoperation tests', found: onPath('exim4') },
  { name: 'mosquitto', debian: 'mosquitto', for: 'interoperation tests', found: onPath('mosquitto') },
  {
    name: 'libfaketime',
    debian: 'libfaketime',
    for: 'a clock that jumps in interoperation tests',
    found: () => fakeTimeLibrary() !== undefined,
  },
  { name: 'ip', debian: 'iproute2', for: 'a phone on another host', found: onPath('ip') },
  {
    name: 'certutil',
    debian: 'libnss3-tools',
    for: 'whom a phone on another host trusts',
    found: onPath('certutil'),
  },
  {
    name: 'systemd-analyze',
    debian: 'systemd',
    for: 'interoperation tests',
    found: onPath('systemd-analyze'),
  },
  { name: 'swtpm', debian: 'swtpm', for: 'interoperation tests', found: onPath('swtpm') },
  {
    name: 'tpm2-tools',
    debian: 'tpm2-tools libtss2-tcti-swtpm0',
    for: 'interoperation tests',
    found: onPath('tpm2_activatecredential'),
  },
];

/** What the benchmark `failover` needs beside them. */
export const FAILOVER_PARTS: readonly Part[] = [
  { name: 'etcd', debian: 'etcd-server', for: 'the benchmark failover', found: onPath('etcd') },
  { name: 'haproxy', debian: 'haproxy', for: 'the benchmark failover', found: onPath('haproxy') },
  { name: 'nsenter', debian: 'util-linux', for: 'the benchmark failover', found: onPath('nsenter') },
];

/**
 * Makes sure every part is there: installs them on Debian as root, names them elsewhere. Returns the names that are
 * still missing; the caller fails on any, so that nothing is ever skipped in silence.
 */
export function ensureParts(parts: readonly Part[] = PARTS): readonly string[] {
  const missing = parts.filter((part) => !part.found());
  if (missing.length === 0) return [];
  const packages = missing.flatMap((part) => part.debian.split(' '));
  if (process.getuid?.() === 0 && onPath('apt-get')()) {
    console.log(`Installing ${packages.join(', ')}…`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      stdio: 'inherit',
      env,
    });
  }
  const still = missing.filter((part) => !part.found());
  for (const part of still) console.error(`Missing: ${part.name} (Debian: ${part.debian}), for ${part.for}.`);
  return still.map((part) => part.name);
}
