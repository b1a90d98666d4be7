import { useEffect, useState } from 'preact/hooks';
import { findRow } from '../../../core/list-lookup.ts';
import { carriedList } from '../../effects/install/carried-list.ts';
import { codeOf } from '../../effects/trouble.ts';
import type { InstallFlow, InstallState } from '../../flow/install.ts';
import type { PracticeDevice } from '../../ports/practice.ts';
import type { AppModel } from '../model.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Icon } from '../parts/icon.tsx';
import { LabelArt } from '../parts/label-art.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
import { go } from '../route.ts';
import { fieldWords } from '../words/field.ts';

/** Step 1 with a simulated device: its label on the screen, put on the training organisation's list first. */
export function PracticeStep({ flow, state }: { readonly flow: InstallFlow; readonly state: InstallState }) {
  const model = useModel();
  const [device, setDevice] = useState<PracticeDevice | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  useEffect(() => {
    layOut(model).then(setDevice, (error: unknown) => setTrouble(codeOf(error)));
  }, [model]);
  const code = trouble ?? state.trouble?.code;
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
    </Page>
  );
}

/** The device at hand, or, once that is registered, a new one. On the list of this phone it needs no signal. */
async function layOut(model: AppModel): Promise<PracticeDevice> {
  const shelf = await model.ports.practice();
  const current = await shelf.current();
  const device = (await isUsed(model, current.udid)) ? await shelf.unpack() : current;
  const stored = model.trainingPack.value;
  if (stored !== undefined && findRow(carriedList(stored), { udid: device.udid, aliases: [] }) !== undefined)
    return device;
  const org = model.training.value?.org ?? '';
  const added = await model.ports.desk.addTrainingRow(org, device.row);
  if (!added.ok)
    throw Object.assign(new Error('no row'), {
      code: added.failure.kind === 'unreachable' ? 'needs_signal' : added.failure.kind,
    });
  await model.prepare(); // the pack with the new row
  return device;
}

async function isUsed(model: AppModel, udid: string): Promise<boolean> {
  const records = await model.ports.outbox.ofDevice(udid);
  return records.some((record) => record.typ === 'registration+jws');
}
