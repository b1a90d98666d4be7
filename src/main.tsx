import './ui/style/tokens.css';
import './ui/style/base.css';
import './ui/style/layout.css';
import './ui/style/parts.css';
import './ui/style/people.css';
import './ui/style/rows.css';
import './ui/style/bind.css';
import { render } from 'preact';
import { once } from '../core/once.ts';
import { uuid7 } from '../core/uuid7.ts';
import { cryptoPort } from '../core/webcrypto.ts';
import { accountClient } from './backend/account-client.ts';
import { takeAnswerTime } from './backend/answer-time.ts';
import { syncClient } from './backend/sync-client.ts';
import { DeviceWork } from './effects/device-work.ts';
import { Safety } from './effects/safety/safety.ts';
import { withCopies } from './effects/safety/watch-storage.ts';
import { systemClock } from './platform/system-clock.ts';
import type { BackendFailure } from './ports/backend.ts';
import type { DevicePort } from './ports/device.ts';
import { markerStore } from './shell/marker.ts';
import { AppShell } from './shell/shell.ts';
import { trustedUrl } from './shell/trusted-url.ts';
import { whereabouts } from './shell/whereabouts.ts';
import { fillBallast } from './storage/ballast.ts';
import { DatabaseHandle } from './storage/database.ts';
import { IdbDevices } from './storage/devices.ts';
import { IdbDrafts } from './storage/drafts.ts';
import { makeOperatorKey, OperatorKeyStore } from './storage/operator-key.ts';
import { IdbOutbox } from './storage/outbox.ts';
import { IdbPracticeStore } from './storage/practice-store.ts';
import { IdbRescueKeyStore } from './storage/rescue-key-store.ts';
import { IdbWorkStore } from './storage/work-store.ts';
import type { DrainOutcome } from './sync/drain.ts';
import { PausablePhotoUpload } from './sync/photo-upload.ts';
import { App } from './ui/app.tsx';
import { keepInSync } from './ui/keep-in-sync.ts';
import { AppModel } from './ui/model.ts';
import { applyTheme } from './ui/theme.ts';

declare const __APP_VERSION__: string;

/** Wiring: the only file that knows every adapter. */
const crypto = cryptoPort(globalThis.crypto);
const clock = systemClock;
const db = new DatabaseHandle();
const outbox = new IdbOutbox(db, () => clock.now());
const keys = new OperatorKeyStore(db);
const work = new IdbWorkStore(db, keys);
const deviceLists = new IdbDevices({
  ...{ db, outbox, crypto, now: () => clock.now() },
  titles: async () =>
    new Map(
      (await work.packs()).flatMap(({ pack }) =>
        pack.domains.map(({ name, title }) => [name, title] as const),
      ),
    ),
});
const shell = new AppShell();
/** Opened when there is something to copy. */
const journal = once(async () => (await import('./storage/journal.ts')).OpfsJournal.open());
const rescueApi = async () => (await import('./backend/rescue-client.ts')).rescueClient;
const safety = new Safety({
  marker: markerStore,
  outbox,
  work,
  journal,
  backend: {
    reportLoss: async (report) => (await rescueApi()).reportLoss(report),
  },
  clock,
  epoch: () => keys.knownEpoch(),
  fillReserve: () => fillBallast(db),
});
/** Practice devices and the simulator behind them, from the first time that somebody wants one. */
const practice = once(async () => {
  const [{ PracticeShelf }, page, { newDeviceState, randomUdid }] = await Promise.all([
    import('./effects/practice-devices.ts'),
    import('../simulator/profiles/page.ts'),
    import('../simulator/profiles/device-state.ts'),
  ]);
  const simulator = { ...page, newState: () => newDeviceState(randomUdid()) };
  return new PracticeShelf(async () => simulator, new IdbPracticeStore(db));
});
const capture = withCopies(outbox, journal);
/** What the backend lost, once something is sent. */
const again = once(async () => new (await import('./storage/again.ts')).IdbAgain(db, outbox));
const capturing = { capture, work, clock, crypto };
const owner = uuid7(clock.now(), crypto);
const keeper = {
  make: () => makeOperatorKey(crypto),
  save: keys.save.bind(keys),
  renew: keys.renew.bind(keys),
  epoch: () => keys.epoch(),
};

/** Drivers and their protocols come when a device is near, not with the first screen. */
const devices: DevicePort = {
  availableLinks: () => ({
    serial: 'serial' in navigator,
    bluetooth: 'bluetooth' in navigator,
    usb: 'usb' in navigator,
    simulated: true,
  }),
  async choose(link, signal, options) {
    const { createDevicePort } = await import('./device/index.ts');
    return createDevicePort({ clock, crypto, simulated: async () => (await practice()).wire() }).choose(
      link,
      signal,
      options,
    );
  },
};

const labels = once(async () => {
  const { openScan, workersUnder } = await import('./scan/index.ts');
  return openScan(workersUnder(trustedUrl));
});

const photoStore = async () => {
  const { IdbPhotos } = await import('./storage/photos.ts');
  const store = new IdbPhotos(db);
  store.onChange = () => {
    model.photoVersion.value++;
  };
  return store;
};

const photos = async () => {
  const [store, { photoTools }, { photoClient }] = await Promise.all([
    photoStore(),
    import('./effects/photos/photo-tools.ts'),
    import('./backend/photo-client.ts'),
  ]);
  return photoTools({ store, archive: photoClient, labels, crypto, clock });
};

const photoUpload = new PausablePhotoUpload(async (force, signal) => {
  if ((await db.use((open) => open.count('blob'))) === 0) return;
  const [store, { uploadPhotos }, { photoClient }] = await Promise.all([
    photoStore(),
    import('./sync/send-photos.ts'),
    import('./backend/photo-client.ts'),
  ]);
  await uploadPhotos({ photos: store, outbox, work, backend: photoClient, clock, crypto, force }, signal);
});

const rescue = async () => {
  const [{ rescueTools }, backend] = await Promise.all([
    import('./effects/rescue/rescue-tools.ts'),
    rescueApi(),
  ]);
  return rescueTools({ backend, keys: new IdbRescueKeyStore(db), outbox, again, journal, work, crypto });
};

const model = new AppModel({
  account: accountClient,
  takeAnswerTime,
  sessions: async () => (await import('./backend/session-client.ts')).sessionClient,
  desk: async () => (await import('./backend/desk-client.ts')).deskClient,
  entry: async () => {
    const [{ entryTools }, { passkeyClient }, { passkeys }] = await Promise.all([
      import('./effects/account/entry-tools.ts'),
      import('./backend/passkey-client.ts'),
      import('./account/passkeys.ts'),
    ]);
    return entryTools(passkeyClient, passkeys);
  },
  ownAccount: async () => (await import('./backend/own-account-client.ts')).ownAccountClient,
  notices: async () => {
    const [{ noticesClient }, { push }] = await Promise.all([
      import('./backend/notices-client.ts'),
      import('./account/push.ts'),
    ]);
    return { backend: noticesClient, push };
  },
  people: async () => (await import('./backend/people-client.ts')).peopleClient,
  backend: syncClient,
  outbox,
  again,
  capture,
  work,
  clock,
  crypto,
  device: new DeviceWork(devices),
  links: devices,
  labels,
  practice,
  certificates: async () => (await import('./pki/check-certificate.ts')).checkCertificate,
  drafts: new IdbDrafts(db),
  whereabouts,
  devices: deviceLists,
  keepDevices: async (operator, orgs) => {
    const { made } = await deviceLists.keepFor({ operator, orgs });
    // Rows of a phone from before these lists come in slices, and each says that it has come.
    made.catch(() => undefined);
  },
  amendPlace: async (device, place, because) => {
    const { amendPlace } = await import('./effects/amend-place.ts');
    await amendPlace(capturing, device, place, __APP_VERSION__, because);
    afterCapture();
  },
  undoDevice: async (device, because) => {
    const { voidDevice } = await import('./effects/void-record.ts');
    await voidDevice(capturing, device, because, __APP_VERSION__);
    afterCapture();
  },
  makeSite: async (org, domain, title) => {
    const { makeSite } = await import('./effects/sites.ts');
    const site = await makeSite(
      capturing,
      { org, domain, sites: await sitesOf(org, domain) },
      title,
      __APP_VERSION__,
    );
    afterCapture();
    return site;
  },
  renameSite: async (org, domain, site, title) => {
    const { renameSite } = await import('./effects/sites.ts');
    await renameSite(capturing, { org, domain }, site, title, __APP_VERSION__);
    afterCapture();
  },
  sitesOf,
  safety,
  rescue,
  photos,
  photoUpload,
  shell,
  prepare: async (session, isKeyUnknown = false) => {
    const { prepare } = await import('./effects/prepare.ts');
    const ports = { backend: accountClient, work, keys: keeper, clock, crypto, beforePacks, isKeyUnknown };
    return prepare(ports, session);
  },
  forgetInstallation: async () => {
    await keys.forget();
    await work.keepPacksOf([]);
    // Told to the person at every start; the installation that should have heard of it is gone.
    markerStore.keepLosses([]);
  },
  afterDrain: async () => {
    if (((await outbox.summary()).counts.rejected ?? 0) === 0) return false;
    const { skipRejected } = await import('./effects/safety/skip-rejected.ts');
    return (
      (await skipRejected({ capture: outbox, journal, work, clock, crypto }, outbox, __APP_VERSION__)) > 0
    );
  },
  undo: async (record) => {
    const { voidRecord } = await import('./effects/void-record.ts');
    await voidRecord(capturing, record, 'undone', __APP_VERSION__);
  },
  drain: sendAndTake,
  app: __APP_VERSION__,
});
outbox.onPhotoGivenUp = () => {
  model.storageTrouble.value = 'phone_photo_given_up';
  model.photoVersion.value++;
};
outbox.onReserveUsed = () => {
  model.storageTrouble.value = 'phone_storage_low';
};
shell.deferUpdatesWhile(model.busyFlow);

async function drain(force: boolean): Promise<DrainOutcome | 'busy'> {
  // Not needed for the first screen. A page that cannot have it has no signal to send with either.
  const loaded = await Promise.all([
    import('./sync/run-drain.ts'),
    import('./backend/accord-client.ts'),
    import('./storage/kept-statements.ts'),
    again(),
  ]).catch(() => undefined);
  if (loaded === undefined) return { kind: 'stopped', sent: 0, failure: { kind: 'unreachable' } };
  const [{ runDrain }, { accordClient }, { IdbKeptStatements }, lost] = loaded;
  const backend = { ...syncClient, ...accordClient };
  const kept = new IdbKeptStatements(db);
  return runDrain(
    { outbox, again: lost, work, kept, backend, clock, crypto, owner, force, persisted, photos: photoStore },
    new AbortController().signal,
    TURN_MS,
  );
}

/** Sends what waits, then takes what stands. What stops the second is what the person is told, like anything of the first. */
async function sendAndTake(force: boolean): Promise<DrainOutcome | 'busy'> {
  const outcome = await drain(force);
  if (outcome === 'busy' || outcome.kind !== 'done') return outcome;
  const failure = await takeWhatStands();
  return failure === undefined ? outcome : { kind: 'stopped', sent: outcome.sent, failure };
}

async function sitesOf(org: string, domain: string) {
  const { mergeSites } = await import('./effects/sites.ts');
  const [packs, rows] = await Promise.all([work.packs(), outbox.ofDevice('')]);
  const ofOrg = rows.filter((row) => row.typ === 'site+jws' && row.org === org);
  return mergeSites(
    packs.find(({ pack }) => pack.org === org),
    domain,
    ofOrg.reverse(),
  );
}

function afterCapture(): void {
  void shell.requestBackgroundSync();
  void model.sync(true);
}

/** What stands where in the organisations of this person, once outcomes are here. */
async function takeWhatStands(): Promise<BackendFailure | undefined> {
  const enrolment = await work.enrolment();
  const loaded = await Promise.all([
    import('./sync/take-devices.ts'),
    import('./backend/devices-client.ts'),
  ]).catch(() => undefined);
  if (loaded === undefined) return { kind: 'unreachable' };
  const [{ takeDevices }, { devicesClient }] = loaded;
  const orgs = enrolment?.credential.memberships.map(({ org }) => org) ?? [];
  return takeDevices({ backend: devicesClient, devices: deviceLists }, orgs, new AbortController().signal);
}

/** After a sign-in: the backend may have been put back to a copy that is older than the packs here. */
async function beforePacks(): Promise<BackendFailure | undefined> {
  const lost = await again();
  if (!(await lost.accord()).signedIn) return undefined;
  const outcome = await drain(true);
  if (!(await lost.accord()).signedIn) return undefined;
  return outcome !== 'busy' && outcome.kind === 'stopped'
    ? outcome.failure
    : { kind: 'busy', retryAfterMs: null };
}

async function persisted(): Promise<boolean> {
  return (await navigator.storage?.persisted?.()) ?? false;
}

/** For another drain's end, the worker's or another tab's. */
const TURN_MS = 10_000;
const root = document.getElementById('app');
if (root === null) throw new Error('index.html lacks #app');
applyTheme();
// Not awaited here: later chunks import from this one, and would wait for the app's start while it waits for them.
void begin(root);

async function begin(into: HTMLElement): Promise<void> {
  if (isSecureContext) return startApp(into);
  const { InsecureScreen } = await import('./ui/screens/insecure.tsx');
  render(<InsecureScreen />, into);
}

async function startApp(into: HTMLElement): Promise<void> {
  render(<App model={model} />, into);
  await model.wake();
  if (model.enrolment.value != null) await model.checkCopies();
  keepInSync(model);
  void shell.start(trustedUrl('/sw.js')).catch(() => undefined);
  if (model.enrolment.value !== null) {
    await model.sync(true);
    await model.prepare();
  }
}
