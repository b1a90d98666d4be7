import './ui/style/tokens.css';
import './ui/style/base.css';
import './ui/style/layout.css';
import './ui/style/parts.css';
import { render } from 'preact';
import { uuid7 } from '../core/uuid7.ts';
import { cryptoPort } from '../core/webcrypto.ts';
import { accountClient } from './backend/account-client.ts';
import { deskClient } from './backend/desk-client.ts';
import { syncClient } from './backend/sync-client.ts';
import { systemClock } from './backend/system-clock.ts';
import { DeviceWork } from './effects/device-work.ts';
import { Safety } from './effects/safety.ts';
import { codeOf } from './effects/trouble.ts';
import { withCopies } from './effects/watch-storage.ts';
import type { DevicePort } from './ports/device.ts';
import type { Journal } from './ports/keeping.ts';
import type { SimulatedWire } from './ports/link.ts';
import { markerStore } from './shell/marker.ts';
import { AppShell } from './shell/shell.ts';
import { trustedUrl } from './shell/trusted-url.ts';
import { fillBallast } from './storage/ballast.ts';
import { DatabaseHandle } from './storage/database.ts';
import { IdbDrafts } from './storage/drafts.ts';
import { makeOperatorKey, OperatorKeyStore } from './storage/operator-key.ts';
import { IdbOutbox } from './storage/outbox.ts';
import { IdbPracticeStore } from './storage/practice-store.ts';
import { IdbRescueKeyStore } from './storage/rescue-key-store.ts';
import { IdbWorkStore } from './storage/work-store.ts';
import { App } from './ui/app.tsx';
import type { PhotoLane, PhotoTools, RescueTools } from './ui/app-ports.ts';
import type { LabelReader } from './ui/label-reader.ts';
import { AppModel } from './ui/model.ts';
import type { PracticeDevices } from './ui/practice.ts';
import { applyTheme } from './ui/theme.ts';

declare const __APP_VERSION__: string;

/** Wiring: the only file that knows every adapter. */
const crypto = cryptoPort(globalThis.crypto);
const clock = systemClock;
const db = new DatabaseHandle();
const outbox = new IdbOutbox(db);
const keys = new OperatorKeyStore(db);
const work = new IdbWorkStore(db, keys);
const shell = new AppShell();
let opening: Promise<Journal | undefined> | undefined;
/** Opened when there is something to copy. */
const journal = () => {
  opening ??= import('./storage/journal.ts').then(({ OpfsJournal }) => OpfsJournal.open());
  return opening;
};
const rescueApi = async () => (await import('./backend/rescue-client.ts')).rescueClient;
const rescueKeys = new IdbRescueKeyStore(db);
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
let practiceShelf: Promise<PracticeDevices & { wire(): Promise<SimulatedWire> }> | undefined;
function practice() {
  practiceShelf ??= Promise.all([
    import('./effects/practice-devices.ts'),
    import('../simulator/profiles/page.ts'),
    import('../simulator/profiles/device-state.ts'),
  ]).then(([{ PracticeShelf }, page, { newDeviceState, randomUdid }]) => {
    const simulator = { ...page, newState: () => newDeviceState(randomUdid()) };
    return new PracticeShelf(async () => simulator, new IdbPracticeStore(db));
  });
  // A try that failed must not be what every later one gets.
  practiceShelf.catch(() => {
    practiceShelf = undefined;
  });
  return practiceShelf;
}
const capture = withCopies(outbox, journal);
const owner = uuid7(clock.now(), crypto);
const keeper = {
  make: () => makeOperatorKey(crypto),
  save: keys.save.bind(keys),
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

let labelReader: Promise<LabelReader> | undefined;
function labels(): Promise<LabelReader> {
  if (labelReader !== undefined) return labelReader;
  const opening = import('./scan/index.ts').then(({ openScan, workersUnder }) =>
    openScan(workersUnder(trustedUrl)),
  );
  labelReader = opening;
  // A try that failed must not be what every later one gets.
  opening.catch(() => {
    labelReader = undefined;
  });
  return opening;
}

const photoStore = async () => {
  const { IdbPhotos } = await import('./storage/photos.ts');
  const store = new IdbPhotos(db);
  store.onChange = () => {
    model.photoVersion.value++;
  };
  return store;
};

async function photoTools(): Promise<PhotoTools> {
  const [store, { takePhoto }, { showPhotos }, { photoClient }] = await Promise.all([
    photoStore(),
    import('./effects/take-photo.ts'),
    import('./effects/show-photos.ts'),
    import('./backend/photo-client.ts'),
  ]);
  const findCode = async (picture: Blob) => {
    try {
      return (await (await labels()).readPhoto(picture)).outline;
    } catch (error) {
      if (codeOf(error) === 'no_code_found') return undefined;
      throw error;
    }
  };
  return {
    store,
    async take(file, udid) {
      await store.sweep(clock.now() - LOOSE_PHOTO_MS);
      return takePhoto({ photos: store, crypto, clock, findCode }, file, udid);
    },
    ofRecord: (org, record) => showPhotos(photoClient, crypto, org, record),
  };
}

/** A photo whose registration was not saved within it is nobody's. */
const LOOSE_PHOTO_MS = 24 * 3600 * 1000;
let photosGo = new AbortController();
const photoLane: PhotoLane = {
  hold() {
    photosGo.abort();
    photosGo = new AbortController();
  },
  async go(force) {
    const { signal } = photosGo;
    try {
      if ((await db.use((open) => open.count('blob'))) === 0) return;
      const [photos, { runPhotoLane }, { photoClient }] = await Promise.all([
        photoStore(),
        import('./sync/send-photos.ts'),
        import('./backend/photo-client.ts'),
      ]);
      await runPhotoLane({ photos, outbox, work, backend: photoClient, clock, crypto, force }, signal);
    } catch {
      // Kept as it is; the next round of the outbox starts it again, and says what is wrong with the storage.
    }
  },
};

async function rescueTools(): Promise<RescueTools> {
  const [{ exportUnsent, importFile, prepareRescue }, { codeAt, takeRecord }, rescueClient] =
    await Promise.all([import('./effects/rescue.ts'), import('./effects/take-record.ts'), rescueApi()]);
  const ports = { backend: rescueClient, keys: rescueKeys, outbox, work, crypto };
  return {
    exportUnsent: () => exportUnsent(ports),
    importFile: (text, onProgress) => importFile(text, rescueClient, onProgress),
    recordCode: (at) => codeAt(outbox, at),
    takeRecord: (text) => takeRecord({ outbox, journal, work, crypto }, text),
    prepare: () => prepareRescue(ports),
    phones: rescueClient.phones,
  };
}

const model = new AppModel({
  account: accountClient,
  desk: deskClient,
  backend: syncClient,
  outbox,
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
  safety,
  rescue: rescueTools,
  photos: photoTools,
  photoLane,
  shell,
  prepare: async (session) => {
    const { prepare } = await import('./effects/prepare.ts');
    return prepare({ backend: accountClient, work, keys: keeper, clock, crypto }, session);
  },
  forgetInstallation: async () => {
    await keys.forget();
    await work.keepPacksOf([]);
    // Told to the person at every start; the installation that should have heard of it is gone.
    markerStore.keepLosses([]);
  },
  afterDrain: async () => {
    if (((await outbox.summary()).counts.rejected ?? 0) === 0) return false;
    const { skipRejected } = await import('./effects/skip-rejected.ts');
    return (
      (await skipRejected({ capture: outbox, journal, work, clock, crypto }, outbox, __APP_VERSION__)) > 0
    );
  },
  undo: async (record) => {
    const { voidRecord } = await import('./effects/void-record.ts');
    await voidRecord({ capture, work, clock, crypto }, record, 'undone', __APP_VERSION__);
  },
  drain: async (force) => {
    // Not needed for the first screen. A page that cannot have it has no signal to send with either.
    const loaded = await import('./sync/run-drain.ts').catch(() => undefined);
    if (loaded === undefined) return { kind: 'stopped', sent: 0, failure: { kind: 'unreachable' } };
    return loaded.runDrain(
      { outbox, work, backend: syncClient, clock, crypto, owner, force, persisted },
      new AbortController().signal,
      TURN_MS,
    );
  },
  app: __APP_VERSION__,
});
outbox.onPhotoGivenUp = () => {
  model.storageTrouble.value = 'phone_photo_given_up';
  model.photoVersion.value++;
};
outbox.onReserveUsed = () => {
  model.storageTrouble.value = 'phone_storage_low';
};
shell.holdWhile(model.busyFlow);

async function persisted(): Promise<boolean> {
  return (await navigator.storage?.persisted?.()) ?? false;
}

/** For another drain's end, the worker's or another tab's. */
const TURN_MS = 10_000;
/** When to send, besides after a capture and on a tap: at start, with signal back, in view again, and now and then. */
const SYNC_EVERY_MS = 30_000;
function keepInSync(): void {
  const visible = () => document.visibilityState === 'visible';
  addEventListener('online', () => void model.sync(true));
  addEventListener('offline', () => {
    model.connection.value = 'offline';
  });
  document.addEventListener('visibilitychange', () => {
    if (!visible()) return;
    void model.sync(true);
    void model.refresh();
  });
  setInterval(() => {
    if (!visible()) return;
    void model.sync(false);
    void model.refresh();
  }, SYNC_EVERY_MS);
}

const root = document.getElementById('app');
if (root === null) throw new Error('index.html lacks #app');
applyTheme();
if (isSecureContext) await startApp(root);
else {
  const { InsecureScreen } = await import('./ui/screens/insecure.tsx');
  render(<InsecureScreen />, root);
}

async function startApp(into: HTMLElement): Promise<void> {
  render(<App model={model} />, into);
  await model.wake();
  if (model.enrolment.value != null) await model.checkCopies();
  keepInSync();
  void shell.start(trustedUrl('/sw.js')).catch(() => undefined);
  if (model.enrolment.value !== null) {
    await model.sync(true);
    await model.prepare();
  }
}
