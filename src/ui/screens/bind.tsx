import { useEffect, useRef, useState } from 'preact/hooks';
import { type InstallPorts, performInstall } from '../../effects/install/install-effects.ts';
import {
  depthOf,
  INSTALL_START,
  type InstallFlow,
  type InstallState,
  install,
  labelOf,
} from '../../flow/install.ts';
import { standingOf } from '../../flow/known-device.ts';
import { type DraftBook, type KeptDraft, nameOf } from '../install-draft.ts';
import { draftBook } from '../install-parts.ts';
import type { AppModel } from '../model.ts';
import { useModel } from '../model-context.ts';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Page } from '../parts/page.tsx';
import { type BindRoute, go, route } from '../route.ts';
import { alignHistory, entryHere, followHistory } from '../step-history.ts';
import { useBusyFlow, useFlow } from '../use-flow.ts';
import { CheckStep } from './bind-check.tsx';
import { FoundStep } from './bind-found.tsx';
import { KnownStep } from './bind-known.tsx';
import { PairStep } from './bind-pair.tsx';
import { PlaceStep } from './bind-place.tsx';
import { PracticeStep } from './bind-practice.tsx';
import { SavedStep } from './bind-saved.tsx';
import { ScanStep } from './bind-scan.tsx';
import { WifiScreen } from './bind-wifi.tsx';

/** Steps 1 to 6. The flow is the table in src/flow; this screen only shows where it stands. */
export function BindScreen({ practice }: { readonly practice: boolean }) {
  const model = useModel();
  const ready = practice ? model.trainingPack.value !== undefined : model.workPacks.value.length > 0;
  // A newer pack that comes meanwhile must not end a visit.
  const [begun, setBegun] = useState(ready);
  useEffect(() => setBegun((before) => before || ready), [ready]);
  if (!begun && !ready) {
    return (
      <Page onBack={() => go('/')}>
        <FieldTroubleCard code="no_work_pack" />
      </Page>
    );
  }
  return <BindFlow key={practice ? 'practice' : 'work'} model={model} practice={practice} />;
}

/** Where a visit begins. Practice keeps no drafts. */
interface Beginning {
  readonly book: DraftBook | undefined;
  readonly initial: InstallState;
  /** A draft of which only the label counts still. */
  readonly relook?: Extract<KeptDraft, { kind: 'label' }>;
}

function BindFlow({ model, practice }: { model: AppModel; practice: boolean }) {
  const [beginning, begin] = useState<Beginning | undefined>(
    practice ? { book: undefined, initial: INSTALL_START } : undefined,
  );
  const flow = useRef<InstallFlow>(undefined);
  useBusyFlow();
  useEffect(() => {
    let left = false;
    if (!practice)
      void beginningOf(model).then((found) => {
        if (!left) begin(found);
      });
    return () => {
      left = true;
      // The device is given back, unless its certificate came while it was still connected and is about to be written.
      const at = flow.current?.state().at;
      if (at !== 'saved' || route.value.screen !== 'write') void model.ports.device.stop();
    };
  }, []);
  return beginning === undefined ? null : <InstallScreen model={model} flow={flow} {...beginning} />;
}

/**
 * At the scanner, always, but for two: somebody asked to go on with a draft; or the page was loaded again, or come back to, in the
 * middle of a step.
 */
async function beginningOf(model: AppModel): Promise<Beginning> {
  const book = draftBook(model);
  const here = route.value;
  const asked: BindRoute | undefined = here.screen === 'bind' ? here : undefined;
  const entry = entryHere();
  const isBack = entry !== undefined && entry.step > 0 && entry.of !== undefined;
  const kept =
    asked?.resume === true ? await book.take(asked.of) : isBack ? await book.take(entry.of) : undefined;
  if (asked?.resume === true) history.replaceState(history.state, '', '/bind');
  if (kept?.kind === 'state') return { book, initial: kept.state };
  if (kept?.kind === 'label') return { book, initial: startWith(kept.wish), relook: kept };
  if (asked?.wish === undefined) return { book, initial: INSTALL_START };
  const { org, udid, act } = asked.wish;
  const device = await model.ports.devices.device(org, udid).catch(() => undefined);
  if (device === undefined) return { book, initial: INSTALL_START };
  return { book, initial: startWith({ act, device: standingOf(device) }) };
}

function startWith(wish: KeptWish): InstallState {
  return wish === undefined ? INSTALL_START : { at: 'scan', wish };
}
type KeptWish = Extract<KeptDraft, { kind: 'label' }>['wish'];

interface InstallParts extends Beginning {
  readonly model: AppModel;
  /** Where the flow is put once it runs. */
  readonly flow: { current: InstallFlow | undefined };
}

function InstallScreen({ model, flow, book, initial, relook }: InstallParts) {
  const practice = book === undefined;
  const [now, run] = useFlow(initial, install, () => {
    const ports = installPorts(model, practice);
    return {
      perform: (effect, answer) => performInstall(ports, effect, answer),
      onState(next) {
        book?.note(next);
        alignHistory(depthOf(next), draftKey(next));
      },
      onEnter(entered) {
        flow.current = entered;
        alignHistory(depthOf(entered.state()), draftKey(entered.state()));
        if (relook !== undefined) entered.send({ on: 'label_text', text: relook.text, how: relook.how });
      },
    };
  });
  useEffect(
    () =>
      followHistory({
        depth: () => depthOf(run.state()),
        back: () => run.send({ on: 'back' }),
        of: () => draftKey(run.state()),
      }),
    [run],
  );
  // Each step begins at its top.
  useEffect(() => window.scrollTo(0, 0), [now.at]);
  switch (now.at) {
    case 'scan':
    case 'looking_up':
      return practice ? <PracticeStep flow={run} state={now} /> : <ScanStep flow={run} state={now} />;
    case 'known':
      return <KnownStep flow={run} state={now} />;
    case 'pair':
    case 'connecting':
    case 'reading':
    case 'checking':
      return <PairStep flow={run} state={now} practice={practice} />;
    case 'found':
      return <FoundStep flow={run} state={now} />;
    case 'wifi':
      return <WifiScreen flow={run} state={now} />;
    case 'checked':
      return <CheckStep flow={run} state={now} />;
    case 'place':
    case 'saving':
      return <PlaceStep flow={run} state={now} book={book} />;
    case 'saved':
      return <SavedStep flow={run} state={now} />;
  }
}

function draftKey(state: InstallState): string | undefined {
  const label = labelOf(state);
  return label === undefined || state.at === 'saved' ? undefined : nameOf(label);
}

function installPorts(model: AppModel, practice: boolean): InstallPorts {
  const { outbox, capture, work, clock, crypto, device, devices, app } = model.ports;
  const training = () => model.packs.value.filter(({ pack }) => pack.training);
  return {
    outbox,
    capture,
    work,
    clock,
    crypto,
    device,
    devices,
    packs: () => (practice ? training() : model.workPacks.value),
    app,
    onSaved: () => {
      void model.ports.shell.requestBackgroundSync();
      void model.sync(true);
    },
  };
}
