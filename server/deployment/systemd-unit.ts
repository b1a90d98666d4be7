import { basename, dirname } from 'node:path';
import { type Plan, portsOf, STATE } from './plan.ts';

export interface UnitPlaces {
  /** Node.js, absolute. */
  readonly node: string;
  /** Folder of the program, absolute. */
  readonly program: string;
  readonly environmentFile: string;
  /** Files with secrets, by the name of the credential as which the service gets each. */
  readonly credentials: Readonly<Record<string, string>>;
}

/** User of the service. systemd makes it up for as long as it runs, unless the machine has one of this name. */
const USER = 'fieldbind';

/**
 * A unit of systemd that lets the service do what it needs and nothing else (systemd.exec, "Sandboxing"). Memory may be written and
 * run, since V8 compiles. `/proc` stays whole, since the clock is held to `boot_id` and the uptime.
 */
export function systemdUnit(plan: Plan, places: UnitPlaces): string {
  const { node, program, environmentFile } = places;
  const isLow = portsOf(plan).some((port) => port < 1024);
  return `# Written by "fieldbind setup".
[Unit]
Description=Fieldbind
Documentation=file:${program}/docs/operations.md
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=${node} ${program}/server/main.ts
WorkingDirectory=${program}
EnvironmentFile=${environmentFile}
${asWhom(plan, places).join('\n')}
Restart=on-failure
RestartSec=5
TimeoutStopSec=60
LimitNOFILE=65536
UMask=0077

CapabilityBoundingSet=${isLow ? 'CAP_NET_BIND_SERVICE' : ''}
AmbientCapabilities=${isLow ? 'CAP_NET_BIND_SERVICE' : ''}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=${isHome(program) || isHome(node) ? 'read-only' : 'yes'}
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=no
SystemCallArchitectures=native
SystemCallFilter=@system-service @pkey
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/**
 * The user, the folder that it may write to, and its secrets, which systemd hands over from files that only root reads. A folder
 * elsewhere than in /var/lib needs a user that lasts.
 */
function asWhom({ data }: Plan, { credentials }: Pick<UnitPlaces, 'credentials'>): readonly string[] {
  const folder =
    dirname(data) === STATE
      ? ['DynamicUser=yes', `User=${USER}`, `StateDirectory=${basename(data)}`, 'StateDirectoryMode=0700']
      : [`User=${USER}`, `Group=${USER}`, `ReadWritePaths=${data}`];
  const secrets = Object.entries(credentials).map(([name, file]) => `LoadCredential=${name}:${file}`);
  return [...folder, ...secrets];
}

const isHome = (path: string) => /^\/(?:home|root|run\/user)\//.test(path);

/** Runs an administration command as the service runs: with its user, its settings and its secrets. */
export function commandScript(plan: Plan, places: UnitPlaces): string {
  const { node, program, environmentFile } = places;
  const properties = [`EnvironmentFile=${environmentFile}`, `WorkingDirectory=${program}`, 'UMask=0077'];
  const all = [...properties, ...asWhom(plan, places)].map((one) => `-p ${one}`).join(' ');
  return `#!/bin/sh
# Written by "fieldbind setup": an administration command with the user, settings and secrets of the service.
exec systemd-run --quiet --wait --collect --pipe ${all} ${node} ${program}/server/cli.mjs "$@"
`;
}

/** What whoever set it up does before the first start, where the folder lies elsewhere. */
export function folderCommands({ data }: Plan): readonly string[] {
  if (dirname(data) === STATE) return [];
  return [
    `useradd --system --home-dir ${data} --shell /usr/sbin/nologin ${USER}`,
    `install -d -m 700 -o ${USER} -g ${USER} ${data}`,
  ];
}
