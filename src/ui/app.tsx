import { useEffect, useState } from 'preact/hooks';
import { lazyScreen } from './lazy-screen.tsx';
import type { AppModel } from './model.ts';
import { ModelContext, useModel } from './model-context.ts';
import { Button } from './parts/button.tsx';
import { Page } from './parts/page.tsx';
import { StatusStrip } from './parts/strip.tsx';
import { Tabs } from './parts/tabs.tsx';
import { TroubleCard } from './parts/trouble.tsx';
import { followLinks, type Route, route } from './route.ts';
import { SignInScreen } from './screens/sign-in.tsx';
import { words } from './words/en.ts';

// After a first visit's sign-in, so that visit need not wait for it.
const HomeScreen = lazyScreen(async () => (await import('./screens/home.tsx')).HomeScreen);
const BindScreen = lazyScreen(async () => (await import('./screens/bind.tsx')).BindScreen);
const CollectScreen = lazyScreen(async () => (await import('./screens/collect.tsx')).CollectScreen);
const MoreScreen = lazyScreen(async () => (await import('./screens/more.tsx')).MoreScreen);
const AtScreen = lazyScreen(async () => (await import('./screens/at.tsx')).AtScreen);
const PlacesScreen = lazyScreen(async () => (await import('./screens/places.tsx')).PlacesScreen);
const PlaceScreen = lazyScreen(async () => (await import('./screens/place.tsx')).PlaceScreen);
const OutboxScreen = lazyScreen(async () => (await import('./screens/outbox.tsx')).OutboxScreen);
const ReadyScreen = lazyScreen(async () => (await import('./screens/ready.tsx')).ReadyScreen);
const RecordScreen = lazyScreen(async () => (await import('./screens/record.tsx')).RecordScreen);
const PhonesScreen = lazyScreen(async () => (await import('./screens/phones.tsx')).PhonesScreen);
const RescueScreen = lazyScreen(async () => (await import('./screens/rescue.tsx')).RescueScreen);
const WipedScreen = lazyScreen(async () => (await import('./screens/wiped.tsx')).WipedScreen);
const BenchListScreen = lazyScreen(async () => (await import('./screens/bench-list.tsx')).BenchListScreen);
const JoinScreen = lazyScreen(async () => (await import('./screens/join.tsx')).JoinScreen);
const AccountScreen = lazyScreen(async () => (await import('./screens/account.tsx')).AccountScreen);
const AnotherDeviceScreen = lazyScreen(
  async () => (await import('./screens/another-device.tsx')).AnotherDeviceScreen,
);
const PeopleScreen = lazyScreen(async () => (await import('./screens/people.tsx')).PeopleScreen);
const PersonScreen = lazyScreen(async () => (await import('./screens/person.tsx')).PersonScreen);
const InviteScreen = lazyScreen(async () => (await import('./screens/invite.tsx')).InviteScreen);
const SignInAgain = lazyScreen(async () => (await import('./parts/sign-in-again.tsx')).SignInAgain);
const DeskScreen = lazyScreen(async () => (await import('./screens/desk.tsx')).DeskScreen);
const DeskDeviceScreen = lazyScreen(async () => (await import('./screens/desk-device.tsx')).DeskDeviceScreen);

export function App({ model }: { readonly model: AppModel }) {
  useEffect(() => {
    document.addEventListener('click', followLinks);
    return () => document.removeEventListener('click', followLinks);
  }, []);
  const wipes = model.wipes.value;
  if (wipes.length > 0)
    return (
      <WipedScreen
        wipes={wipes}
        onRead={() => {
          model.wipes.value = [];
        }}
      />
    );
  const enrolment = model.enrolment.value;
  if (enrolment === undefined && model.storageTrouble.value !== undefined)
    return <StorageLost code={model.storageTrouble.value} />;
  if (enrolment === undefined) return <Opening />;
  const here = route.value;
  if (here.screen === 'join') {
    return (
      <ModelContext.Provider value={model}>
        <main class="body">
          <JoinScreen key={here.token} token={here.token} />
        </main>
        <SignInDialog />
      </ModelContext.Provider>
    );
  }
  if (enrolment === null || here.screen === 'sign-in') {
    return (
      <ModelContext.Provider value={model}>
        <SignInScreen />
      </ModelContext.Provider>
    );
  }
  const inFlow = here.screen === 'bind' || here.screen === 'write';
  return (
    <ModelContext.Provider value={model}>
      <div class="app" data-tabs={inFlow ? 'no' : 'yes'}>
        <SkipLinks />
        <header class="strip-holder">
          <StatusStrip model={model} />
        </header>
        <main class="body" id="content" tabIndex={-1}>
          <Screen route={here} />
        </main>
        {!inFlow && <Tabs screen={here.screen} />}
      </div>
      <UpdateNotice model={model} />
      <SignInDialog />
    </ModelContext.Provider>
  );
}

/** Over whatever screen a person is at, which stays as it is. */
function SignInDialog() {
  const asked = useModel().signInAsked.value;
  return asked === undefined ? null : <SignInAgain asked={asked} />;
}

/** The first stops of the Tab key: past what stands on every screen, and past every list. */
function SkipLinks() {
  const to = (id: string) => document.getElementById(id)?.focus();
  return (
    <div class="skip-links">
      <button type="button" class="button" onClick={() => to('content')}>
        {words.nav.toContent}
      </button>
      <button type="button" class="button" onClick={() => to('actions')}>
        {words.nav.toActions}
      </button>
    </div>
  );
}

function Screen({ route: here }: { readonly route: Route }) {
  switch (here.screen) {
    case 'home':
      return <HomeScreen />;
    case 'bind':
      return <BindScreen practice={here.practice} />;
    case 'places':
      return <PlacesScreen />;
    case 'place':
      return (
        <PlaceScreen
          key={`${here.org}/${here.domain}/${here.site}`}
          org={here.org}
          domain={here.domain}
          site={here.site}
        />
      );
    case 'at':
      return <AtScreen key={`${here.org}/${here.udid}`} org={here.org} udid={here.udid} />;
    case 'outbox':
      return <OutboxScreen />;
    case 'rescue':
      return <RescueScreen />;
    case 'phones':
      return <PhonesScreen />;
    case 'record':
      return <RecordScreen key={here.id} id={here.id} />;
    case 'write':
      return <CollectScreen key={`${here.org}/${here.udid}`} org={here.org} udid={here.udid} />;
    case 'bench':
      return <BenchListScreen />;
    case 'desk':
      return <DeskScreen />;
    case 'device':
      return <DeskDeviceScreen key={`${here.maker}/${here.udid}`} maker={here.maker} udid={here.udid} />;
    case 'account':
      return <AccountScreen />;
    case 'another-device':
      return <AnotherDeviceScreen />;
    case 'people':
      return <PeopleScreen />;
    case 'person':
      return <PersonScreen key={here.operator} operator={here.operator} />;
    case 'invite':
      return <InviteScreen />;
    case 'more':
      return <MoreScreen />;
    case 'ready':
      return <ReadyScreen />;
    case 'sign-in':
    case 'join':
    case 'not-found':
      return <Page title={words.notFound} />;
  }
}

/** The first read takes milliseconds, and a flash of another screen would lie; but nobody looks at a blank page for long. */
const OPENING_MS = 5_000;

/** Chromium can leave a database shut that the page before was making when it was led away, until that tab is closed. */
function Opening() {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(setLate, OPENING_MS, true);
    return () => clearTimeout(timer);
  }, []);
  if (!isLate) return null;
  return (
    <main class="page">
      <TroubleCard code="phone_storage_slow" waits />
    </main>
  );
}

/** The database cannot be opened at all: nothing can be shown, but what to do can be said. */
function StorageLost({ code }: { readonly code: string }) {
  return (
    <main class="page">
      <TroubleCard code={code}>
        <Button icon="sync" onClick={() => location.reload()}>
          {words.nav.reload}
        </Button>
      </TroubleCard>
    </main>
  );
}

/** A new version waits for consent, and is not even offered while a device is being worked on. */
function UpdateNotice({ model }: { readonly model: AppModel }) {
  const { shell } = model.ports;
  if (!shell.updateWaiting.value || model.busyFlow.value || model.draining.value) return null;
  return (
    <div class="notice card" role="status">
      <p>{words.update.ready}</p>
      <Button onClick={() => shell.update()}>{words.update.use}</Button>
    </div>
  );
}
