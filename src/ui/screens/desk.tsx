import { useEffect, useState } from 'preact/hooks';
import type { HeldRecord } from '../../../contract/approval.ts';
import type { DeviceState } from '../../../contract/device-state.ts';
import { failureCode } from '../../effects/trouble.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { DeskPhotos } from '../parts/desk-photos.tsx';
import { Facts } from '../parts/facts.tsx';
import { NameText } from '../parts/name-text.tsx';
import { Page } from '../parts/page.tsx';
import { ReasonField } from '../parts/reason-field.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { when } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';
import { recordWords } from '../words/record.ts';
import { DeskDevices } from './desk-devices.tsx';
import { DeskTransfers } from './desk-transfers.tsx';

const say = fieldWords.desk;

/** Support's screen: what waits for a person, and what is bound. It needs signal; nothing here is done offline. */
export function DeskScreen() {
  const model = useModel();
  const org = model.membership.value?.org ?? '';
  const [held, setHeld] = useState<readonly HeldRecord[] | undefined>();
  const [devices, setDevices] = useState<readonly DeviceState[] | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const load = async () => {
    const [records, states] = await Promise.all([model.ports.desk.held(org), model.ports.desk.devices(org)]);
    const failure = records.ok ? (states.ok ? undefined : states.failure) : records.failure;
    setTrouble(failure && failureCode(failure));
    if (failure !== undefined) model.note(failure);
    if (records.ok) setHeld(records.value);
    if (states.ok) setDevices(states.value);
  };
  // read once per visit and organisation
  useEffect(() => {
    void load();
  }, [org]);
  const decide = async (record: string, decision: 'approve' | 'refuse', reason: string) => {
    const answer = await model.ports.desk.decide(org, record, decision, reason);
    if (answer.ok) await load();
    else setTrouble(failureCode(answer.failure));
  };
  return (
    <Page title={fieldWords.desk.title} wide>
      {trouble !== undefined && <TroubleCard code={trouble} />}
      <DeskTransfers org={org} onDecided={() => void load()} />
      <div class="stack wide-two">
        <section class="stack-s">
          <h2>{fieldWords.desk.held}</h2>
          {held?.length === 0 && <p class="quiet">{fieldWords.desk.heldNone}</p>}
          {held?.map((record) => (
            <HeldCard key={record.record} org={org} record={record} decide={decide} />
          ))}
        </section>
        <DeskDevices org={org} devices={devices} />
      </div>
    </Page>
  );
}

function HeldCard(props: {
  readonly org: string;
  readonly record: HeldRecord;
  readonly decide: (record: string, decision: 'approve' | 'refuse', reason: string) => Promise<void>;
}) {
  const { record, decide } = props;
  const model = useModel();
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const own = model.enrolment.value?.credential.name === record.operatorName;
  const where = [record.site, record.position].filter((part) => part !== undefined).join(', ');
  const settle = async (decision: 'approve' | 'refuse') => {
    setBusy(true);
    await decide(record.record, decision, reason.trim());
    setBusy(false);
  };
  const field = `reason-${record.record}`;
  return (
    <article class="card" data-held={record.record}>
      <p class="row-title mono" dir="ltr">
        {record.udid}
      </p>
      <p>{record.row === undefined ? fieldTroubleWords(record.code).what : say.row[record.row]}</p>
      {record.check !== undefined && <p data-check={record.check}>{fieldTroubleWords(record.check).what}</p>}
      <Facts
        of={[
          [say.row.claimant, record.claimant],
          [recordWords.domain, record.row === 'own' ? undefined : <NameText text={record.domain} />],
          ...(where === '' ? [] : [[recordWords.place, where] as const]),
          [
            recordWords.captured,
            `${when(Date.parse(record.capturedAt))}. ${fieldWords.desk.by(record.operatorName)}`,
          ],
        ]}
      />
      <p class="quiet small">{fieldWords.check.possession[record.possession]}</p>
      {record.row !== 'own' && <DeskPhotos org={props.org} record={record.record} />}
      {own ? (
        <p class="quiet">{fieldWords.desk.own}</p>
      ) : (
        <>
          <ReasonField id={field} value={reason} onChange={setReason} />
          <div class="two">
            <Button
              busy={busy}
              disabled={reason.trim() === '' || record.row === 'elsewhere'}
              onClick={() => void settle('approve')}
            >
              {record.row === 'own' ? say.row.release : fieldWords.desk.approve}
            </Button>
            <Button
              kind="danger"
              busy={busy}
              disabled={reason.trim() === ''}
              onClick={() => void settle('refuse')}
            >
              {fieldWords.desk.refuse}
            </Button>
          </div>
        </>
      )}
    </article>
  );
}
