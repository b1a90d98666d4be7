import { useEffect, useState } from 'preact/hooks';
import { findRow } from '../../../core/list-lookup.ts';
import { carriedList } from '../../effects/install/carried-list.ts';
import { codeOf } from '../../effects/trouble.ts';
import type { InstallFlow, InstallState } from '../../flow/install.ts';
import type { PracticeDevice, PracticeDevices } from '../../ports/practice.ts';
import type { AppModel } from '../model.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Icon } from '../parts/icon.tsx';
import { LabelArt } from '../parts/label-art.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
import { go } from '../route.ts';
import { bindWords, PRACTICE_KINDS, type PracticeKind } from '../words/bind.ts';
import { fieldWords } from '../words/field.ts';

interface LaidOut {
  readonly device: PracticeDevice;
  readonly isListed: boolean;
}

/**
 * Step 1 with a simulated device: its label on the screen, put on the training organisation's list first, and what goes wrong with
 * it where somebody wants to practise that.
 */
export function PracticeStep({ flow, state }: { readonly flow: InstallFlow; readonly state: InstallState }) {
  const model = useModel();
  const [laid, setLaid] = useState<LaidOut | undefined>();
  const [kind, setKind] = useState<PracticeKind>('good');
  const [trouble, setTrouble] = useState<string | undefined>();
  const unpack = (next: PracticeKind, another: boolean) => {
    setKind(next);
    setLaid(undefined);
    setTrouble(undefined);
    layOut(model, next, another).then(setLaid, (error: unknown) => setTrouble(codeOf(error)));
  };
  useEffect(() => unpack('good', false), [model]);
  const code = trouble ?? state.trouble?.code;
  const device = laid?.device;
  return (
    <Page
      title={fieldWords.simulated.title}
      intro={fieldWords.simulated.text}
      onBack={() => go('/')}
      actions={
        <Button
          kind="primary"
          icon="scan"
          disabled={device === undefined}
          busy={state.at === 'looking_up'}
          onClick={() => device && flow.send({ on: 'label_text', text: device.labelText, how: 'simulated' })}
        >
          {fieldWords.simulated.scan}
        </Button>
      }
    >
      <Steps at="scan" />
      {code !== undefined && <FieldTroubleCard code={code} />}
      {device === undefined && code === undefined && (
        <p role="status" class="card">
          <span>
            <Icon name="sync" spin /> {fieldWords.simulated.making}
          </span>
        </p>
      )}
      {device !== undefined && <LabelArt text={device.labelText} caption={device.udid} />}
      {laid?.isListed === false && kind !== 'unlisted' && <p role="status">{bindWords.practice.offline}</p>}
      <Button icon="chip" onClick={() => unpack(kind, true)}>
        {bindWords.practice.another}
      </Button>
      <details class="folded" open={kind !== 'good'}>
        <summary>{bindWords.practice.title}</summary>
        <Kinds of={kind} onChoose={(next) => unpack(next, next === 'unlisted' || kind === 'unlisted')} />
      </details>
    </Page>
  );
}

function Kinds(props: { readonly of: PracticeKind; readonly onChoose: (kind: PracticeKind) => void }) {
  return (
    <div class="choice">
      {PRACTICE_KINDS.map((kind) => {
        const [name, about] = bindWords.practice.kinds[kind];
        return (
          <button
            type="button"
            class="button"
            key={kind}
            data-practice={kind}
            aria-pressed={kind === props.of}
            onClick={() => props.onChoose(kind)}
          >
            <span class="row-main">
              <span>{name}</span>
              <span class="row-sub">{about}</span>
            </span>
          </button>
        );
      })}
    </div>
  );
}

/** The device at hand, or, once that is registered, a new one. On the list of this phone it needs no signal. */
async function layOut(model: AppModel, kind: PracticeKind, another: boolean): Promise<LaidOut> {
  const shelf = await model.ports.practice();
  const device = another ? await shelf.unpack() : await currentOf(model, shelf);
  shelf.fail(kind === 'good' || kind === 'unlisted' ? undefined : kind);
  return { device, isListed: kind !== 'unlisted' && (await enlist(model, device)) };
}

async function currentOf(model: AppModel, shelf: PracticeDevices): Promise<PracticeDevice> {
  const current = await shelf.current();
  return (await isUsed(model, current.udid)) ? shelf.unpack() : current;
}

/** Puts it on the training organisation's list; false without signal, where practice goes on without. */
async function enlist(model: AppModel, device: PracticeDevice): Promise<boolean> {
  const stored = model.trainingPack.value;
  if (stored !== undefined && findRow(carriedList(stored), { udid: device.udid, aliases: [] }) !== undefined)
    return true;
  const org = model.training.value?.org ?? '';
  const added = await model.ask(model.ports.desk, (desk) => desk.addTrainingRow(org, device.row));
  if (!added.ok) {
    if (added.failure.kind === 'unreachable') return false;
    throw Object.assign(new Error('no row'), { code: added.failure.kind });
  }
  await model.prepare(); // the pack with the new row
  return true;
}

async function isUsed(model: AppModel, udid: string): Promise<boolean> {
  const records = await model.ports.outbox.ofDevice(udid);
  return records.some((record) => record.typ === 'registration+jws');
}
