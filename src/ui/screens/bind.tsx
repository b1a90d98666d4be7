import { useEffect, useRef, useState } from 'preact/hooks';
import { type InstallPorts, performInstall } from '../../effects/install/install-effects.ts';
import { INSTALL_START, type InstallFlow, install } from '../../flow/install.ts';
import type { StoredPack } from '../../ports/work.ts';
import { type DraftOwner, type KeptDraft, keepDraft, loadDraft } from '../install-draft.ts';
import type { AppModel } from '../model.ts';
import { useModel } from '../model-context.ts';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Page } from '../parts/page.tsx';
import { go, route } from '../route.ts';
import { useBusyFlow, useFlow } from '../use-flow.ts';
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

/** Where a visit begins: a newer pack that comes meanwhile joins at the next. */
interface Beginning {
  readonly pack: StoredPack;
  /** Whose draft to keep; practice keeps none. */
  readonly owner: DraftOwner | undefined;
  readonly kept: KeptDraft | undefined;
}

function BindFlow({ model, pack, practice }: { model: AppModel; pack: StoredPack; practice: boolean }) {
  const owner = practice ? undefined : ownerOf(model, pack);
  const [beginning, begin] = useState<Beginning | undefined>(
    practice ? { pack, owner, kept: undefined } : undefined,
  );
  const flow = useRef<InstallFlow>(undefined);
  useBusyFlow();
  useEffect(() => {
    if (owner !== undefined)
      void loadDraft(model.ports.drafts, owner).then((kept) => begin({ pack, owner, kept }));
    return () => {
      // The device is given back, unless its certificate came while it was still connected and is about to be written.
      const at = flow.current?.state().at;
      if (at !== 'saved' || route.value.screen !== 'collect') void model.ports.device.stop();
    };
  }, []);
  return beginning === undefined ? null : <InstallScreen model={model} flow={flow} {...beginning} />;
}

interface InstallParts extends Beginning {
  readonly model: AppModel;
  /** Where the flow is put once it runs. */
  readonly flow: { current: InstallFlow | undefined };
}

function InstallScreen({ model, flow, pack, owner, kept }: InstallParts) {
  const practice = owner === undefined;
  const initial = kept?.kind === 'state' ? kept.state : INSTALL_START;
  const [now, run] = useFlow(initial, install, () => {
    const { drafts } = model.ports;
    const ports = installPorts(model, pack);
    return {
      perform: (effect, answer) => performInstall(ports, effect, answer),
      onState(next) {
        if (owner !== undefined) void keepDraft(drafts, owner, next);
      },
      onEnter(entered) {
        flow.current = entered;
        if (kept?.kind === 'label') entered.send({ on: 'label_text', text: kept.text, how: kept.how });
      },
    };
  });
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

function ownerOf(model: AppModel, pack: StoredPack): DraftOwner {
  const operator = model.enrolment.value?.credential.operator ?? '';
  return { operator, org: pack.pack.org, app: model.ports.app, pack: pack.digest };
}

function installPorts(model: AppModel, pack: StoredPack): InstallPorts {
  const { outbox, capture, work, clock, crypto, device, app } = model.ports;
  return {
    outbox,
    capture,
    work,
    clock,
    crypto,
    device,
    pack: () => model.packs.value.find((stored) => stored.pack.org === pack.pack.org) ?? pack,
    app,
    onSaved: () => {
      void model.ports.shell.requestBackgroundSync();
      void model.sync(true);
    },
  };
}
