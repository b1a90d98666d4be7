import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { guesses } from './accounts/guesses.ts';
import { hadRealPeople, type JoinParts, joining } from './accounts/joining.ts';
import { passkeys } from './accounts/passkeys.ts';
import { relyingParty } from './accounts/relying-party.ts';
import { setUpLink } from './accounts/set-up.ts';
import { signIn } from './accounts/sign-in.ts';
import { abandonOrphans } from './authority/ra/records/abandon-orphans.ts';
import { type Decider, decider } from './authority/ra/records/decider.ts';
import { refreshCrls } from './authority/va/publish-crl.ts';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { type ConnectionRoom, connectionRoom } from './config/connection-room.ts';
import { clockWatch } from './config/watch-clock.ts';
import { buildEst, EST_TLS } from './faces/est/est-app.ts';
import { buildApp } from './faces/http/app.ts';
import { ownOrigins } from './faces/http/origin.ts';
import { buildPlainApp } from './faces/http/plain-app.ts';
import { facesOf, type Installation, type InstallationOptions, openInstallation } from './installation.ts';
import { createOrg } from './organisations/create-org.ts';
import { seedDemo } from './organisations/demo-seed.ts';
import { enrolment } from './organisations/enrol.ts';
import { deliveries } from './outside/events/deliveries.ts';
import { watchDue } from './outside/events/due.ts';
import { type EventSender, eventSender } from './outside/events/sender.ts';
import { type MailServer, mailer } from './outside/notices/mailer.ts';
import { notifier } from './outside/notices/notifier.ts';
import { ownNotices } from './outside/notices/own-notices.ts';
import { type PushKey, pushKey } from './outside/notices/push-key.ts';
import { type NoticeSender, noticeSender } from './outside/notices/sender.ts';
import { anchors } from './phones/anchors.ts';
import { keepPart } from './phones/keep-photo.ts';
import { digestList, listChanges } from './phones/list-changes.ts';
import { intake } from './phones/receive-batch.ts';
import { rescue } from './phones/rescue.ts';
import { workPacks } from './phones/work-pack.ts';
import type { StepListener } from './ports/instrument.ts';
import { NotNow } from './ports/not-now.ts';
import type { Notifier } from './ports/notifier.ts';
import { Unavailable, unlessFull } from './ports/unavailable.ts';
import { listenerCertificate, serverCertificate } from './tls/server-certificate.ts';
import { accessTrail } from './trail/access-trail.ts';
import { endStatementKey } from './trail/end-statement-key.ts';
import { sealAndLeave, sealTrail } from './trail/seal-trail.ts';
import { healthCheck } from './watch/health.ts';
import { outageWatch } from './watch/outages.ts';

const ROOT = join(import.meta.dirname, '..');
/** How often undecided records and CRLs are checked without a request. */
const ROUND = 30_000;
/** Longest time until receivers are told about an event. */
const TELL = 2_000;
/** How often the clock is looked at without a request. */
const LOOK = 5_000;
/** Time limit for one push, milliseconds. */
const PUSH_PATIENCE = 10_000;
/** How long a stop waits for requests under way, milliseconds. */
const GRACE = 5_000;

export interface ServeOptions
  extends Partial<Config>,
    Pick<InstallationOptions, 'clock' | 'resolver' | 'policy'> {
  readonly data: string;
  /** Folder of the built page; the project's `dist` if left out. */
  readonly dist?: string;
  /** Connections that the listeners may hold; what the process's descriptors allow if left out. */
  readonly connections?: ConnectionRoom;
  /** How often receivers are checked for undelivered events, milliseconds. */
  readonly tell?: number;
  readonly onStep?: StepListener;
  /** Called with a sentence that whoever runs this server must read; it goes to standard error if left out. */
  readonly onNotice?: (sentence: string) => void;
  /** Called with internal errors; they go to standard error if left out. */
  readonly onFault?: (error: unknown) => void;
  /** Called with a line when the database does not do its work, and with another when it does so again. */
  readonly onOutage?: (line: string) => void;
}

export interface RunningServer {
  readonly url: string;
  /** Address of the devices' own listener, if there is one. */
  readonly estUrl: string | undefined;
  readonly port: number;
  /** Port of the listener without TLS, if there is one. */
  readonly httpPort: number | undefined;
  readonly installation: Installation;
  readonly decider: Decider;
  readonly events: EventSender;
  readonly notices: NoticeSender;
  readonly notifier: Notifier;
  /** Resolves with a sentence after this server has stopped by itself, since its database was taken away. */
  readonly gone: Promise<string>;
  /** Where nobody can sign in yet: the link for the first administrator. A secret. */
  readonly setUpLink: string | undefined;
  /** Stops all work, then closes the database. Idempotent. */
  close(): Promise<void>;
}

/** Opens the data folder, completes what a crash left, and listens, on 127.0.0.1 if it is told nothing else. `port` 0 takes a free one. */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const port = options.port || (await freePort());
  const certified = options.tls ?? options.acme;
  const scheme = certified === undefined ? 'http' : 'https';
  const url = `${scheme}://localhost:${port}`;
  const publicUrl = options.publicUrl ?? url;
  const host = options.host === '::' && !hasIpv6() ? '0.0.0.0' : (options.host ?? '127.0.0.1');
  const say = options.onNotice ?? ((sentence: string) => console.error(`fieldbind: ${sentence}`));
  const tellFault = options.onFault ?? ((error: unknown) => console.error('fieldbind:', error));
  /** What cannot be done now is said where it is noticed, once: what the database does, by its watch. */
  const onFault = (error: unknown) => {
    if (!(error instanceof NotNow || error instanceof Unavailable)) tellFault(error);
  };
  const outages = outageWatch();
  const connections = options.connections ?? connectionRoom();
  const onStep = options.onStep ?? (() => undefined);
  const installation = await openInstallation({
    ...options,
    publicUrl,
    suffix: options.suffix ?? 'fieldbind.internal',
    as: 'server',
    observer: outages,
  });
  try {
    const { machine, stores, transact } = installation;
    const watch = machine && clockWatch({ stores, transact, clock: machine, say });
    if (watch !== undefined) await unlessFull(watch.look());
    const demo = options.demo ?? true;
    if (demo && (await hadRealPeople(stores))) throw new ConfigError(NOT_BOTH);
    if (demo) await seedDemo(installation);
    const setUp = demo ? undefined : await setUpLink(installation);
    await unlessFull(abandonOrphans(installation.transact, installation.clock.now()));
    const decisions = decider({ ...installation, onStep, onFault });
    installation.estCa?.start({
      onAnswer: (record) => void decisions.take([record]).catch(onFault),
      onFault,
    });
    await unlessFull(decisions.run());
    await refreshCrls(installation);
    const events = eventSender({
      ...installation,
      deliveries: deliveries(options.events ?? { allowed: [], files: undefined }),
      onStep,
      onFault,
    });
    const { mail } = options;
    const pushes = options.pushes ?? { allowed: [], trust: undefined };
    let key: Promise<PushKey> | undefined;
    const noticeParts = {
      ...installation,
      mail: mail !== undefined,
      key: () => (key ??= pushKey({ ...installation, contact: contactOf(publicUrl, mail) })),
      allowed: pushes.allowed,
    };
    const notices = noticeSender({
      ...noticeParts,
      mailer: mail && mailer(mail),
      pushes: { allowed: pushes.allowed, ca: pushes.trust, patience: PUSH_PATIENCE },
      onStep,
      onFault,
    });
    const tellPeople = notifier(noticeParts);
    const access = accessTrail(installation);
    const version = appVersion();
    const own = ownOrigins([publicUrl, url, `${scheme}://127.0.0.1:${port}`]);
    const keys = passkeys({ ...installation, relyingParty: relyingParty(publicUrl, own.origins) });
    const makeOrg: JoinParts['makeOrg'] = (org) => createOrg({ ...org, training: false }, installation);
    const faces = facesOf(installation);
    const { proxies = [] } = options;
    const ofPlain = options.httpPort === undefined ? 0 : Math.floor(connections.http / 4);
    const tlsParts = {
      ...{ ...installation, say, onFault, keys: installation.serverKeys },
      hasPlain: options.httpPort !== undefined,
      isShared: options.databaseUrl !== undefined || options.servers === 'many',
    };
    const secure = certified && (await serverCertificate(new URL(publicUrl).hostname, certified, tlsParts));
    const app = await buildApp({
      installation: faces.http,
      intake: intake({ ...installation, onStep }),
      rescue: rescue(installation),
      photos: { keepPart: (part, by) => keepPart(part, by, installation) },
      signIn: signIn({ ...installation, access, demo }),
      passkeys: keys,
      joining: joining({ ...installation, passkeys: keys, makeOrg }),
      guesses: guesses(installation.clock.steady),
      makeOrg,
      access,
      enrolment: enrolment(installation),
      packs: workPacks({ ...installation, app: version }),
      anchors: anchors(installation),
      lists: listChanges(installation),
      decider: decisions,
      events,
      ownNotices: ownNotices(noticeParts),
      notifier: tellPeople,
      health: healthCheck({
        stores: installation.stores,
        tryWrite: installation.tryWrite,
        outage: outages.current,
        clock: installation.clock,
        folder: options.databaseUrl === undefined ? options.data : undefined,
      }),
      endKey: async (kid, by) => {
        await endStatementKey(kid, { by, because: 'it had ended when the copy was put back' }, installation);
      },
      onFault,
      dist: options.dist ?? join(ROOT, 'dist'),
      version,
      own: () => own,
      tls: secure?.options,
      certificateUntil: () => secure?.until(),
      proxies,
      connections: connections.http - ofPlain,
    });
    const { certificateFile, keyFile } = options.est ?? {};
    const ofEst =
      certificateFile === undefined ||
      keyFile === undefined ||
      certificateFile === options.tls?.certificateFile
        ? undefined
        : await listenerCertificate({ certificateFile, keyFile }, tlsParts);
    const estSecure = ofEst ?? secure;
    const est =
      options.est &&
      estSecure &&
      (await buildEst({
        secure: { cert: estSecure.options.cert, key: estSecure.options.key },
        installation: faces.est,
        connections: connections.est,
        onFault,
        access,
      }));
    const httpPort = options.httpPort === 0 ? await freePort() : options.httpPort;
    const plain =
      httpPort === undefined
        ? undefined
        : await buildPlainApp({ installation: faces.http, connections: ofPlain, onFault, proxies });
    secure?.follow(app.server);
    if (est) estSecure?.follow(est.server, EST_TLS);
    try {
      await est?.listen({ port: options.est?.port ?? 0, host: options.est?.host ?? '127.0.0.1' });
      await plain?.listen({ port: httpPort ?? 0, host });
      await app.listen({ port, host });
    } catch (error) {
      // An open listener would keep a process alive whose server has not started.
      await est?.close();
      await plain?.close();
      await app.close();
      throw error;
    }
    secure?.start();
    ofEst?.start();
    let open = true;
    const digesting = digestList(installation, () => open).catch(onFault);
    let round = Promise.resolve();
    const startRound = () => {
      round = round
        .then(() => decisions.run())
        .then(() => refreshCrls(installation))
        .then(() => access.settle())
        .then(async () => void ((await sealTrail(installation)) > 0 && (await installation.markSeal())))
        .then(() => watchDue(installation))
        .then(() => installation.needInPlace())
        .then(() => digestList(installation, () => open))
        .catch(onFault);
    };
    const timer = setInterval(startRound, ROUND);
    timer.unref();
    installation.guardRoom();
    outages.begin({
      tryWrite: installation.tryWrite,
      say: options.onOutage ?? ((line) => console.error(`fieldbind: ${line}`)),
      onBack: startRound,
      clock: { now: () => performance.now() },
    });
    const looker = setInterval(
      () =>
        void watch
          ?.look()
          .then((isBack) => isBack && startRound())
          .catch(onFault),
      LOOK,
    );
    looker.unref();
    const teller = setInterval(() => {
      void events.run().catch(onFault);
      void notices.run().catch(onFault);
    }, options.tell ?? TELL);
    teller.unref();
    let closed: Promise<void> | undefined;
    const close = async () => {
      open = false;
      clearInterval(timer);
      clearInterval(teller);
      outages.close();
      clearInterval(looker);
      // Requests under way may finish; an idle connection does not delay the stop.
      const cut = setTimeout(() => {
        app.server.closeAllConnections();
        plain?.server.closeAllConnections();
        est?.server.closeAllConnections();
      }, GRACE);
      await secure?.close().catch(onFault);
      await ofEst?.close();
      await app.close();
      await plain?.close();
      await est?.close();
      clearTimeout(cut);
      await digesting;
      await round;
      await events.close().catch(onFault);
      await notices.close().catch(onFault);
      await installation.estCa?.close();
      await decisions.idle();
      await access.settle(true).catch(onFault);
      // An unreachable database must not keep the rest from stopping. The entries are sealed by whichever process
      // opens it next.
      await watch?.leave().catch(onFault);
      await sealAndLeave(installation)
        .then(() => installation.markSeal())
        .catch(onFault);
      await installation.close();
    };
    const address = est?.server.address();
    const estUrl =
      typeof address === 'object' && address !== null ? `https://localhost:${address.port}` : undefined;
    const closeOnce = () => (closed ??= close());
    const gone = installation.gone
      .then(closeOnce)
      .catch(onFault)
      .then(() => new NotNow('database_taken_away').message);
    return {
      ...{
        url,
        estUrl,
        port,
        httpPort,
        installation,
        decider: decisions,
        events,
        notices,
        gone,
        close: closeOnce,
      },
      ...{ setUpLink: setUp, notifier: tellPeople },
    };
  } catch (error) {
    outages.close();
    await installation.close();
    throw error;
  }
}

const NOT_BOTH =
  'demo people sign in without a password, and this installation has real people: start it with FIELDBIND_DEMO=0, or name another folder with FIELDBIND_DATA to try things in';

/** Whom a push service may turn to about us. */
function contactOf(publicUrl: string, mail: MailServer | undefined): string | undefined {
  if (publicUrl.startsWith('https:')) return publicUrl;
  return mail && `mailto:${mail.from}`;
}

function appVersion(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** Without it, `::` stands for no address at all. */
function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6'));
}

/** The port must be known before the first certificate contains it. */
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
