import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { performInstall } from '../../effects/install-effects.ts';
import { INSTALL_START, type InstallFlow, type InstallState, install } from '../../flow/install.ts';
import { startFlow } from '../../flow/run-flow.ts';
import type { HeldPack } from '../../ports/work.ts';
import { type DraftOwner, type KeptDraft, keepDraft, loadDraft } from '../install-draft.ts';
import type { AppModel } from '../model.ts';
import { useModel } from '../model-context.ts';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Page } from '../parts/page.tsx';
import { go, route } from '../route.ts';
import { CheckStep } from './bind-check.tsx';
import { FoundStep } from './bind-found.tsx';
import { PairStep } from './bind-pair.tsx';
import { PlaceStep } from './bind-place.tsx';
import { PracticeStep } from './bind-practice.tsx';
import { SavedStep } from './bind-saved.tsx';
import { ScanStep } from './bind-scan.tsx';
import { WifiScreen } from './bind-wifi.tsx';

/** Steps 1 to 6. The flow is the table in src/flow; this screen only shows where it stands. */
export function BindScreen({ practice }: { readonly practice: boolean }) {
  const model = useModel();
  const pack = practice ? model.trainingPack.value : model.workPack.value;
  if (pack === undefined) {
    return (
      <Page onBack={() => go('/')}>
        <FieldTroubleCard code="no_work_pack" />
      </Page>
    );
  }
  return <BindFlow key={practice ? 'practice' : 'work'} model={model} pack={pack} practice={practice} />;
}

function BindFlow({ model, pack, practice }: { model: AppModel; pack: HeldPack; practice: boolean }) {
  const state = useSignal<InstallState | undefined>(undefined);
  const flow = useRef<InstallFlow | undefined>(undefined);
  // one flow per visit; a newer pack joins at the next
  useEffect(() => {
    let left = false;
    model.busyFlow.value = true;
    const owner = ownerOf(model, pack);
    const begin = (kept: KeptDraft | undefined) => {
      if (left) return;
      const initial = kept?.kind === 'state' ? kept.state : INSTALL_START;
      flow.current = runInstall(model, pack, practice ? undefined : owner, initial, state);
      if (kept?.kind === 'label') flow.current.send({ on: 'label_text', text: kept.text, how: kept.how });
    };
    if (practice) begin(undefined);
    else void loadDraft(model.ports.drafts, owner).then(begin);
    return () => {
      left = true;
      model.busyFlow.value = false;
      // The device is given back, unless its certificate came while it was still connected and is about to be written.
      const at = flow.current?.state().at;
      if (at !== 'saved' || route.value.screen !== 'collect') void model.ports.device.stop();
    };
  }, []);
  const now = state.value;
  const run = flow.current;
  if (now === undefined || run === undefined) return null;
  switch (now.at) {
    case 'scan':
    case 'looking_up':
      return practice ? <PracticeStep flow={run} state={now} /> : <ScanStep flow={run} state={now} />;
    case 'pair':
    case 'connecting':
    case 'reading':
    case 'checking':
      return <PairStep flow={run} state={now} practice={practice} />;
    case 'found':
      return <FoundStep flow={run} state={now} />;
    case 'wifi':
      return <WifiScreen flow={run} />;
    case 'checked':
      return <CheckStep flow={run} state={now} />;
    case 'place':
    case 'saving':
      return <PlaceStep flow={run} state={now} pack={pack} />;
    case 'saved':
      return <SavedStep state={now} practice={practice} />;
  }
}

function ownerOf(model: AppModel, pack: HeldPack): DraftOwner {
  const operator = model.enrolment.value?.credential.operator ?? '';
  return { operator, org: pack.pack.org, app: model.ports.app, pack: pack.digest };
}

function runInstall(
  model: AppModel,
  pack: HeldPack,
  /** Whose draft to keep; practice keeps none. */
  owner: DraftOwner | undefined,
  initial: InstallState,
  state: Signal<InstallState | undefined>,
): InstallFlow {
  const { outbox, work, clock, crypto, device, drafts, app } = model.ports;
  const ports = {
    outbox,
    capture: outbox,
    work,
    clock,
    crypto,
    device,
    pack: () => model.packs.value.find((held) => held.pack.org === pack.pack.org) ?? pack,
    app,
    onSaved: () => {
      void model.ports.shell.requestBackgroundSync();
      void model.sync(true);
    },
  };
  state.value = initial;
  return startFlow(
    initial,
    install,
    (next) => {
      state.value = next;
      if (owner !== undefined) void keepDraft(drafts, owner, next);
    },
    (effect, send) => performInstall(ports, effect, send),
  );
}
