import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { foreignCommand } from '../../tools/foreign/install.ts';

const MACHINES = [1, 2, 3] as const;
export type Machine = (typeof MACHINES)[number];
const HUB = '10.99.0.254';
const ip = (machine: Machine) => `10.99.0.${machine}`;
const POSTGRES_BIN = '/usr/lib/postgresql';

/** What Patroni says of them all (REST API, GET /cluster). */
interface Said {
  readonly members?: readonly { readonly role?: string; readonly state?: string }[];
}

/**
 * Three machines with a cable each: a network namespace that runs etcd, Patroni and PostgreSQL. In a fourth, where their cables
 * meet, HAProxy leads to the primary, as docs/operations.md recommends. Our own server is reached over no cable: HAProxy listens
 * on sockets in a folder, and none of the namespaces has a name. All of them live in one process namespace, whose first process
 * dies with this one, so that nothing is left behind, not even by a kill.
 */
export class Cluster {
  readonly #folder: string;
  readonly #hub: ChildProcess;
  readonly #hubPid: number;
  readonly #user: { readonly uid: number; readonly gid: number };
  readonly #machines = new Map<Machine, number>();

  private constructor(folder: string, hub: ChildProcess, hubPid: number, user: { uid: number; gid: number }) {
    this.#folder = folder;
    this.#hub = hub;
    this.#hubPid = hubPid;
    this.#user = user;
  }

  static async open(): Promise<Cluster> {
    sweep();
    const folder = mkdtempSync(join(tmpdir(), PREFIX));
    writeFileSync(join(folder, OWNER), String(process.pid));
    chmodSync(folder, 0o755);
    const id = (what: string) => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }));
    const user = { uid: id('-u'), gid: id('-g') };
    const hub = spawn(
      'setpriv',
      [
        ...[
          '--pdeathsig',
          'KILL',
          'unshare',
          '--net',
          '--mount',
          '--pid',
          '--fork',
          '--kill-child',
          '--mount-proc',
        ],
        // The first process of the namespace is whose children all orphans become.
        ...['sh', '-c', 'echo ready; while :; do sleep 1000 & wait; done'],
      ],
      { stdio: ['ignore', 'pipe', openSync(join(folder, 'hub.log'), 'a')] },
    );
    if (hub.stdout === null) throw new Error('no output');
    await once(hub.stdout, 'data');
    const [hubPid] = childrenOf(hub.pid ?? 0);
    if (hubPid === undefined) throw new Error('the namespaces were not made');
    const cluster = new Cluster(folder, hub, hubPid, user);
    try {
      await cluster.#wire();
      for (const machine of MACHINES) cluster.start(machine);
      cluster.#startProxy();
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Address of the database by way of HAProxy, wherever its primary is. */
  get url(): string {
    return this.#address('primary');
  }

  #address(name: string): string {
    return `postgres:///postgres?host=${encodeURIComponent(join(this.#folder, name))}&user=postgres`;
  }

  #hubRun(...words: readonly string[]): void {
    execFileSync('nsenter', ['--target', String(this.#hubPid), '--net', '--mount', ...words]);
  }

  async #wire(): Promise<void> {
    this.#hubRun('ip', 'link', 'add', 'br0', 'type', 'bridge');
    this.#hubRun('ip', 'addr', 'add', `${HUB}/24`, 'dev', 'br0');
    for (const name of ['lo', 'br0']) this.#hubRun('ip', 'link', 'set', name, 'up');
    for (const machine of MACHINES) {
      const keeper = this.#inside(
        this.#hubPid,
        ['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep infinity'],
        'pipe',
      );
      await once(keeper.stdout ?? keeper, 'data');
      const [pid] = childrenOf(keeper.pid ?? 0);
      if (pid === undefined) throw new Error('a machine was not made');
      this.#machines.set(machine, pid);
      this.#hubRun(...`ip link add h${machine} type veth peer name v${machine} netns ${pid}`.split(' '));
      this.#hubRun('ip', 'link', 'set', `h${machine}`, 'master', 'br0', 'up');
      const own = (...words: readonly string[]) =>
        execFileSync('nsenter', ['--target', String(pid), '--net', 'ip', ...words]);
      own('addr', 'add', `${ip(machine)}/24`, 'dev', `v${machine}`);
      for (const name of ['lo', `v${machine}`]) own('link', 'set', name, 'up');
    }
  }

  /** Starts a program in the namespaces of a process. */
  #inside(pid: number, words: readonly string[], output: 'pipe' | number): ChildProcess {
    return spawn('nsenter', ['--target', String(pid), '--net', '--mount', '--pid', ...words], {
      stdio: ['ignore', output, output === 'pipe' ? 'inherit' : output],
      cwd: this.#folder,
    });
  }

  #log(name: string): number {
    return openSync(join(this.#folder, `${name}.log`), 'a');
  }

  /** Starts what a machine runs, on the data it has. */
  start(machine: Machine): void {
    const pid = this.#machines.get(machine) ?? 0;
    const folder = join(this.#folder, `machine${machine}`);
    mkdirSync(folder, { recursive: true });
    const config = join(folder, 'patroni.yml');
    writeFileSync(config, patroniConfig(machine, folder));
    for (const path of [folder, config]) chownSync(path, this.#user.uid, this.#user.gid);
    const as = [
      ...['setpriv', `--reuid=${this.#user.uid}`, `--regid=${this.#user.gid}`, '--clear-groups'],
      // This repository, or its Python, may lie where the database's user cannot look.
      ...['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'],
    ];
    const urls = (port: number) => `http://${ip(machine)}:${port}`;
    const etcd = [
      ...['etcd', '--name', `m${machine}`, '--data-dir', join(folder, 'etcd')],
      ...['--listen-peer-urls', urls(2380), '--initial-advertise-peer-urls', urls(2380)],
      ...['--listen-client-urls', urls(2379), '--advertise-client-urls', urls(2379)],
      ...['--initial-cluster', MACHINES.map((one) => `m${one}=http://${ip(one)}:2380`).join(',')],
      ...['--heartbeat-interval', '200', '--election-timeout', '1500'],
    ];
    this.#inside(pid, [...as, ...etcd], this.#log(`etcd${machine}`));
    this.#inside(pid, [...as, foreignCommand('patroni'), config], this.#log(`patroni${machine}`));
  }

  #startProxy(): void {
    const names = ['primary', ...MACHINES.map((machine) => `only${machine}`)];
    for (const name of [...names, ...MACHINES.map((machine) => `rest${machine}`)])
      mkdirSync(join(this.#folder, name), { recursive: true });
    const config = join(this.#folder, 'haproxy.cfg');
    const socket = (name: string) => join(this.#folder, name, '.s.PGSQL.5432');
    const direct = MACHINES.flatMap((machine) => [
      `listen only${machine}\n  bind unix@${socket(`only${machine}`)} mode 777\n  server m${machine} ${ip(machine)}:5432`,
      `listen rest${machine}\n  bind unix@${socket(`rest${machine}`)} mode 777\n  server m${machine} ${ip(machine)}:8008`,
    ]);
    writeFileSync(config, [...PROXY(socket('primary')), ...direct, ''].join('\n'));
    this.#inside(this.#hubPid, ['haproxy', '-db', '-f', config], this.#log('haproxy'));
  }

  cut(machine: Machine): void {
    this.#hubRun('ip', 'link', 'set', `h${machine}`, 'down');
  }

  heal(machine: Machine): void {
    this.#hubRun('ip', 'link', 'set', `h${machine}`, 'up');
  }

  /** Ends at once everything that a machine runs, as a power cut does. */
  kill(machine: Machine): void {
    const keeper = this.#machines.get(machine) ?? 0;
    const net = readlinkSync(`/proc/${keeper}/ns/net`);
    for (const pid of readdirSync('/proc').map(Number)) {
      if (Number.isNaN(pid) || pid === keeper || netOf(pid) !== net) continue;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended with another one.
      }
    }
    rmSync(join(this.#folder, `machine${machine}`, 'data', 'postmaster.pid'), { force: true });
  }

  /**
   * The machine that takes writes now and has it confirmed by a standby: asked of the machines themselves. It is known as soon as
   * that one has answered, however long the others take.
   */
  async writable(): Promise<Machine | undefined> {
    try {
      return await Promise.any(
        MACHINES.map(async (machine) => {
          await takeWrite(this.#address(`only${machine}`));
          return machine;
        }),
      );
    } catch {
      return undefined;
    }
  }

  /**
   * Whether all three run, one as primary, another as its synchronous standby, and a third that follows. A standby counts as
   * synchronous once etcd has it: before that PostgreSQL may call it so, and Patroni would not promote it.
   */
  async isWhole(): Promise<boolean> {
    const all = await Promise.all(MACHINES.map((machine) => this.#say(machine)));
    return all.every((said) => {
      const states = said?.members?.map(({ role, state }) => `${role} ${state}`).toSorted();
      return states?.join() === 'leader running,replica streaming,sync_standby streaming';
    });
  }

  #say(machine: Machine): Promise<Said | undefined> {
    const { promise, resolve } = Promise.withResolvers<Said | undefined>();
    const socketPath = join(this.#folder, `rest${machine}`, '.s.PGSQL.5432');
    const asked = request({ socketPath, path: '/cluster', timeout: 2_000 }, async (answer) => {
      const parts: Buffer[] = [];
      try {
        for await (const part of answer) parts.push(part as Buffer);
        resolve(JSON.parse(Buffer.concat(parts).toString('utf8')) as Said);
      } catch {
        resolve(undefined);
      }
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(undefined));
    asked.end();
    return promise;
  }

  /** Waits until this holds, a few minutes at most. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let n = 0; n < 1_200; n++) {
      if (await holds()) return;
      await setTimeout(250);
    }
    throw new Error(`waited in vain until ${what}; the logs are in ${this.#folder}`);
  }

  async close({ keep = false } = {}): Promise<void> {
    const ended = once(this.#hub, 'exit');
    process.kill(this.#hubPid, 'SIGKILL');
    await ended;
    if (!keep) rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

const PREFIX = 'fieldbind-failover-';
const OWNER = 'owner.pid';

/** Removes the folders of runs that were killed; their processes and namespaces went with them. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const owner = join(folder, OWNER);
    if (existsSync(owner) && !existsSync(`/proc/${readFileSync(owner, 'utf8')}`))
      rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

function patroniConfig(machine: Machine, folder: string): string {
  const newest = readdirSync(POSTGRES_BIN).toSorted((a, b) => Number(b) - Number(a))[0];
  const all = MACHINES.map((one) => `${ip(one)}:2379`).join(', ');
  return `scope: fieldbind
name: m${machine}
restapi: {listen: '${ip(machine)}:8008', connect_address: '${ip(machine)}:8008'}
etcd3: {hosts: [${all}]}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    synchronous_mode: true
    synchronous_mode_strict: true
    postgresql:
      use_pg_rewind: true
      parameters: {synchronous_commit: 'on', max_connections: 60, shared_buffers: 32MB, wal_keep_size: 128MB}
  initdb: [{encoding: UTF8}, {locale: C}, data-checksums]
postgresql:
  listen: '${ip(machine)}:5432'
  connect_address: '${ip(machine)}:5432'
  data_dir: ${folder}/data
  pgpass: ${folder}/pgpass
  bin_dir: ${POSTGRES_BIN}/${newest}/bin
  authentication: {superuser: {username: postgres}, replication: {username: replicator}, rewind: {username: rewind}}
  pg_hba: ['local all all trust', 'host all all 10.99.0.0/24 trust', 'host replication all 10.99.0.0/24 trust']
  parameters: {unix_socket_directories: '${folder}'}
watchdog: {mode: 'off'}
`;
}

/** As docs/operations.md recommends it, but for the socket. */
const PROXY = (socket: string): readonly string[] => [
  'global\n  maxconn 400',
  'defaults\n  mode tcp\n  timeout connect 2s\n  timeout client 5m\n  timeout server 5m',
  `listen primary
  bind unix@${socket} mode 777
  option httpchk GET /primary
  http-check expect status 200
  default-server inter 1s fastinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
${MACHINES.map((machine) => `  server m${machine} ${ip(machine)}:5432 check port 8008`).join('\n')}`,
];

async function takeWrite(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 1_000,
    query_timeout: 1_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('create table if not exists bench_tried (n int)');
    await client.query('insert into bench_tried values (1)');
  } finally {
    // A machine that is cut off does not say goodbye.
    client.end().catch(() => undefined);
  }
}

function childrenOf(parent: number): number[] {
  return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
    .split(' ')
    .map(Number)
    .filter((pid) => pid > 0);
}

function netOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return ''; // ended meanwhile
  }
}
