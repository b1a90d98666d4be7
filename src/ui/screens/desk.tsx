import { useEffect, useState } from 'preact/hooks';
import type { HeldRecord } from '../../../contract/approval.ts';
import type { DeviceState } from '../../../contract/device-state.ts';
import { failureCode } from '../../effects/trouble.ts';
import { nameOfHeld } from '../held-name.ts';
import { useModel } from '../model-context.ts';
import { DeskChoice, deskOrg } from '../parts/desk-choice.tsx';
import { type Decide, HeldCard } from '../parts/held-card.tsx';
import { Page } from '../parts/page.tsx';
import { Said, useSaid } from '../parts/said.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { deskWords as say } from '../words/desk.ts';
import { fieldWords } from '../words/field.ts';
import { DeskDevices } from './desk-devices.tsx';
import { DeskTransfers } from './desk-transfers.tsx';

/** Support's screen: what waits for a person, and what is bound. It needs signal; nothing here is done offline. */
export function DeskScreen() {
  const model = useModel();
  if (model.desks.value.length === 0)
    return (
      <Page title={fieldWords.desk.title}>
        <TroubleCard code="forbidden" />
      </Page>
    );
  const org = deskOrg(model);
  return <Desk key={org} org={org} />;
}

function Desk({ org }: { readonly org: string }) {
  const model = useModel();
  const [held, setHeld] = useState<readonly HeldRecord[] | undefined>();
  const [devices, setDevices] = useState<readonly DeviceState[] | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const said = useSaid();
  const load = async () => {
    const [records, states] = await Promise.all([
      model.ask(model.ports.desk, (desk) => desk.held(org)),
      model.ask(model.ports.desk, (desk) => desk.devices(org)),
    ]);
    const failure = records.ok ? (states.ok ? undefined : states.failure) : records.failure;
    setTrouble(failure && failureCode(failure));
    if (records.ok) setHeld(records.value);
    if (states.ok) setDevices(states.value);
  };
  // read once per visit and organisation
  useEffect(() => {
    void load();
  }, [org]);
  const decide: Decide = async (record, decision, reason) => {
    const answer = await model.act(model.ports.desk, (desk) =>
      desk.decide(org, record.record, decision, reason),
    );
    if (answer.ok) {
      await load();
      said.say(say.decided[decision](nameOfHeld(record)));
    } else setTrouble(failureCode(answer.failure));
  };
  return (
    <Page title={fieldWords.desk.title} wide>
      <DeskChoice />
      {trouble !== undefined && <TroubleCard code={trouble} />}
      <Said of={said} />
      {model.may(org, 'give_devices_up') && <DeskTransfers org={org} onDecided={() => void load()} />}
      <div class="stack wide-two">
        <section class="stack-s">
          <h2>
            {fieldWords.desk.held}
            {held !== undefined && held.length > 0 && <span class="count">{held.length}</span>}
          </h2>
          {held?.length === 0 && <p class="quiet">{fieldWords.desk.heldNone}</p>}
          {held?.map((record) => (
            <HeldCard key={record.record} org={org} record={record} decide={decide} />
          ))}
        </section>
        {(devices !== undefined || trouble === undefined) && <DeskDevices org={org} devices={devices} />}
      </div>
    </Page>
  );
}
