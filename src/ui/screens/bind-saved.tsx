import { certificateWaits } from '../../../core/record-state.ts';
import type { InstallState } from '../../flow/install.ts';
import { useModel } from '../model-context.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { NameText } from '../parts/name-text.tsx';
import { Page } from '../parts/page.tsx';
import { StateBadge } from '../parts/record-row.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { go } from '../route.ts';
import { useRecord } from '../use-record.ts';
import { useUndo } from '../use-undo.ts';
import { words } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { outboxWords } from '../words/outbox.ts';
import { recordWords } from '../words/record.ts';

/** After step 6: saved, and, with signal, what becomes of it while the device is still connected. */
export function SavedStep(props: {
  readonly state: Extract<InstallState, { at: 'saved' }>;
  readonly practice: boolean;
}) {
  const model = useModel();
  const record = useRecord(props.state.record);
  const undo = useUndo(record);
  if (record === undefined || record === null) return <Page />;
  const waits = certificateWaits(record);
  const leave = (path: string) => {
    void model.ports.device.stop();
    go(path);
  };
  return (
    <Page
      title={record.state === 'saved' ? fieldWords.saved.onPhone : words.states[record.state]}
      intro={record.state === 'saved' ? fieldWords.saved.onPhoneNote : words.stateNotes[record.state]}
      actions={
        waits ? (
          <>
            <Button kind="primary" icon="certificate" onClick={() => go(`/collect/${record.id}`)}>
              {fieldWords.saved.write}
            </Button>
            <Button kind="plain" onClick={() => leave('/')}>
              {fieldWords.saved.later}
            </Button>
          </>
        ) : (
          <>
            {!props.practice && (
              <Button kind="primary" icon="scan" onClick={() => leave('/bind')}>
                {fieldWords.saved.another}
              </Button>
            )}
            {undo !== undefined && (
              <Button
                icon="back"
                onClick={() => {
                  void undo();
                  leave('/outbox');
                }}
              >
                {recordWords.undo}
              </Button>
            )}
            <Button onClick={() => leave('/')}>{fieldWords.saved.home}</Button>
          </>
        )
      }
    >
      {record.code !== null && record.state !== 'bound' && (
        <TroubleCard code={record.code} waits={record.state === 'held'} />
      )}
      <section class="card">
        <StateBadge state={record.state} />
        <p class="udid-big" dir="ltr">
          {record.udid}
        </p>
        <Facts
          of={[
            [recordWords.domain, <NameText text={record.domain} />],
            [recordWords.place, record.title === '' ? undefined : record.title],
            [recordWords.number, String(record.seq)],
          ]}
        />
      </section>
      {waits && <p class="quiet">{fieldWords.saved.writeNote}</p>}
      {record.fault !== null && record.state === 'saved' && (
        <LinkButton href="/outbox" icon="outbox">
          {outboxWords.title}
        </LinkButton>
      )}
    </Page>
  );
}
