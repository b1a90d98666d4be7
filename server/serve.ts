import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { checkWith } from '../contract/parse.ts';
import { compiledChecks } from './config/compiled-checks.ts';
import type { Config } from './config/config.ts';
import { seedDemo } from './custody/demo-seed.ts';
import { buildEst } from './est/est-app.ts';
import { buildApp } from './http/app.ts';
import { ownOrigins } from './http/origin.ts';
import { type Installation, type InstallationOptions, openInstallation } from './installation.ts';
import { enrolment } from './operators/enrol.ts';
import { signIn } from './operators/sign-in.ts';
import { workPacks } from './packs/work-pack.ts';
import type { StepListener } from './ports/instrument.ts';
import { abandonOrphans } from './ra/abandon-orphans.ts';
import { type Decider, decider } from './ra/decider.ts';
import { refreshCrls } from './ra/publish-crl.ts';

const ROOT = join(import.meta.dirname, '..');
/** How often undecided records and CRLs are looked at without being asked. */
const ROUND = 30_000;
/** How long a stop waits for requests under way, milliseconds. */
const GRACE = 5_000;

export interface ServeOptions
  extends Partial<Config>,
    Pick<InstallationOptions, 'clock' | 'resolver' | 'policy'> {
  readonly data: string;
  /** The built page; `dist` of the project if left out. */
  readonly dist?: string;
  readonly onStep?: StepListener;
  /** Told of inner errors; they go to standard error if left out. */
  readonly onFault?: (error: unknown) => void;
}

export interface RunningServer {
  readonly url: string;
  /** Of the devices' own listener, where there is one. */
  readonly estUrl: string | undefined;
  readonly port: number;
  readonly installation: Installation;
  readonly decider: Decider;
  /** Ends what runs, then closes the database. Safe to call twice. */
  close(): Promise<void>;
}

/** Opens the data folder, completes what a crash left, and listens on 127.0.0.1. `port` 0 takes a free one. */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  checkWith(compiledChecks());
  const port = options.port || (await freePort());
  const scheme = options.tls === undefined ? 'http' : 'https';
  const url = `${scheme}://localhost:${port}`;
  const publicUrl = options.publicUrl ?? url;
  const onFault = options.onFault ?? ((error: unknown) => console.error('fieldbind:', error));
  const onStep = options.onStep ?? (() => undefined);
  const installation = await openInstallation({
    ...options,
    publicUrl,
    suffix: options.suffix ?? 'fieldbind.internal',
    as: 'server',
  });
  try {
    await seedDemo(installation);
    await abandonOrphans(installation.transact);
    const decisions = decider({ ...installation, onStep, onFault });
    await decisions.run();
    await refreshCrls(installation);
    const version = appVersion();
    const own = ownOrigins([publicUrl, url, `${scheme}://127.0.0.1:${port}`]);
    const app = await buildApp({
      installation,
      signIn: signIn(installation),
      enrolment: enrolment(installation),
      packs: workPacks({ ...installation, app: version }),
      decider: decisions,
      onStep,
      onFault,
      dist: options.dist ?? join(ROOT, 'dist'),
      version,
      own: () => own,
      tls: options.tls,
    });
    const est = options.est && (await buildEst({ ...options.est, installation, onFault }));
    try {
      await est?.listen({ port: options.est?.port ?? 0, host: options.est?.host ?? '127.0.0.1' });
      await app.listen({ port, host: options.host ?? '127.0.0.1' });
    } catch (error) {
      // One that listens would keep a server alive that has not started.
      await est?.close();
      await app.close();
      throw error;
    }
    let round = Promise.resolve();
    const timer = setInterval(() => {
      round = decisions
        .run()
        .then(() => refreshCrls(installation))
        .catch(onFault);
    }, ROUND);
    timer.unref();
    let closed: Promise<void> | undefined;
    const close = async () => {
      clearInterval(timer);
      // Requests under way may end; a connection that never asked for anything does not hold the stop up.
      const cut = setTimeout(() => {
        app.server.closeAllConnections();
        est?.server.closeAllConnections();
      }, GRACE);
      await app.close();
      await est?.close();
      clearTimeout(cut);
      await round;
      await decisions.idle();
      await installation.close();
    };
    const address = est?.server.address();
    const estUrl =
      typeof address === 'object' && address !== null ? `https://localhost:${address.port}` : undefined;
    return { url, estUrl, port, installation, decider: decisions, close: () => (closed ??= close()) };
  } catch (error) {
    await installation.close();
    throw error;
  }
}

function appVersion(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** The port must be known before the first certificate names it. */
async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer();
  probe.once('error', reject);
  probe.listen(0, '127.0.0.1', () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}
