import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { openssl } from './openssl.ts';
import { type OwnProgram, startProgram } from './own-program.ts';

/** Let's Encrypt's CA for tests with a DNS of its own, in which every name leads to this machine. */
export interface Pebble {
  readonly directory: string;
  /** PEM file: whom to believe that it is this CA's server. */
  readonly trustFile: string;
  /** Where it looks for answers to its challenges: our listeners. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Program that sets and clears a TXT record in its DNS. */
  readonly dnsHook: string;
  /** What it signs under, PEM. */
  root(): Promise<string>;
  said(): string;
  /** Ends the CA and leaves the DNS. */
  stopCa(): Promise<void>;
  /** Starts it again, at the same address, knowing nothing. */
  startCa(): Promise<void>;
  stop(): Promise<void>;
}

export interface PebbleOptions {
  /** Seconds that a certificate lives. */
  readonly life?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Accounts that it takes, by kid; anybody's if left out. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** Where every name of its DNS leads; this machine's loopback unless given. */
  readonly address?: string;
  /** Where our listeners are; free ports unless given. */
  readonly listeners?: { readonly http: number; readonly tls: number };
}

export async function startPebble(folder: string, options: PebbleOptions = {}): Promise<Pebble> {
  const at = (name: string) => join(folder, name);
  const made = await openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', at('pebble.key'), '-out', at('pebble.pem')],
  );
  if (made.code !== 0) throw new Error(made.out);
  const [ca, management, freeHttp, freeTls, dns, dnsManagement] = await Promise.all(
    Array.from({ length: 6 }, freePort),
  );
  const { http: httpPort = freeHttp, tls: tlsPort = freeTls } = options.listeners ?? {};
  const config = {
    listenAddress: `127.0.0.1:${ca}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: at('pebble.pem'),
    privateKey: at('pebble.key'),
    httpPort,
    tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: options.accounts !== undefined,
    externalAccountMACKeys: options.accounts ?? {},
    certificateValidityPeriod: options.life ?? 86_400,
  };
  writeFileSync(at('pebble.json'), JSON.stringify({ pebble: config }));
  writeFileSync(
    at('hook.mjs'),
    `#!${process.execPath}
const [, , act, name, value] = process.argv;
if (Object.keys(process.env).some((key) => key.startsWith('FIELDBIND_'))) process.exit(3);
const body = JSON.stringify({ host: name + '.', value });
const path = act === 'set' ? 'set-txt' : act === 'clear' ? 'clear-txt' : process.exit(2);
const answer = await fetch('http://127.0.0.1:${dnsManagement}/' + path, { method: 'POST', body });
process.exit(answer.ok ? 0 : 1);
`,
  );
  chmodSync(at('hook.mjs'), 0o755);
  const names = await startProgram(
    'pebble-challtestsrv',
    [
      ...['-defaultIPv6', '', '-defaultIPv4', options.address ?? '127.0.0.1', '-dns01', `127.0.0.1:${dns}`],
      ...['-management', `127.0.0.1:${dnsManagement}`, '-http01', '', '-https01', '', '-tlsalpn01', ''],
    ],
    { debian: 'pebble', ports: [dnsManagement ?? 0] },
  );
  const startCa = () =>
    startProgram('pebble', ['-config', at('pebble.json'), '-strict', '-dnsserver', `127.0.0.1:${dns}`], {
      debian: 'pebble',
      ports: [ca ?? 0, management ?? 0],
      env: { PEBBLE_VA_NOSLEEP: '1', ...options.env },
    });
  let program: OwnProgram = await startCa();
  return {
    directory: `https://localhost:${ca}/dir`,
    trustFile: at('pebble.pem'),
    httpPort: httpPort ?? 0,
    tlsPort: tlsPort ?? 0,
    dnsHook: at('hook.mjs'),
    root: () => fetched(`https://localhost:${management}/roots/0`, at('pebble.pem')),
    said: () => program.said(),
    stopCa: () => program.stop(),
    async startCa() {
      program = await startCa();
    },
    async stop() {
      await program.stop();
      await names.stop();
    },
  };
}

async function fetched(url: string, trustFile: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  get(url, { ca: readFileSync(trustFile) }, async (response) => {
    let text = '';
    for await (const part of response) text += part;
    resolve(text);
  }).once('error', reject);
  return promise;
}
