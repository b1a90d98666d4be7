import { certificateWaits } from '../../../core/record-state.ts';
import type { InstallFlow, InstallState } from '../../flow/install.ts';
import type { QueuedRecord } from '../../ports/outbox.ts';
import { useModel } from '../model-context.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { DeviceHead } from '../parts/device-head.tsx';
import { ForSupport } from '../parts/for-support.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { StateBadge } from '../parts/record-row.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { nameOfPlace } from '../place-name.ts';
import { go } from '../route.ts';
import { useRecord } from '../use-record.ts';
import { useUndo } from '../use-undo.ts';
import { bindWords } from '../words/bind.ts';
import { words } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';
import { outboxWords } from '../words/outbox.ts';

const say = bindWords.saved;

/**
 * After step 6: saved, and, with signal, what becomes of it while the device is still connected. Each button has a place of its
 * own, so that none comes under the thumb when another one goes.
 */
export function SavedStep(props: {
  readonly flow: InstallFlow;
  readonly state: Extract<InstallState, { at: 'saved' }>;
}) {
  const { flow, state } = props;
  const model = useModel();
  const record = useRecord(state.record);
  const { undo, isAsked, refused } = useUndo(record);
  if (record === undefined || record === null) return <Page />;
  const waits = certificateWaits(record) && !isAsked;
  const [title, note] = titleOf(record);
  const leave = (path: string) => {
    void model.ports.device.stop();
    go(path);
  };
  return (
    <Page
      title={title}
      intro={note}
      actions={
        <>
          <div class="slot" data-size="primary">
            {waits ? (
              <Button
                kind="primary"
                icon="certificate"
                onClick={() => go(`/write/${record.org}/${record.udid}`)}
              >
                {fieldWords.saved.write}
              </Button>
            ) : (
              isUnderWay(record) &&
              !isAsked && (
                <p class="quiet" role="status">
                  <Icon name="sync" size={20} spin={model.draining.value} /> {say.waiting}
                </p>
              )
            )}
          </div>
          <div class="two">
            <Button icon="scan" onClick={() => flow.send({ on: 'next' })}>
              {say.next}
            </Button>
            <Button onClick={() => leave('/')}>
              {waits ? fieldWords.saved.later : fieldWords.saved.home}
            </Button>
          </div>
          <div class="slot">
            {undo !== undefined && (
              <Button kind="plain" of={record.udid} onClick={() => void undo()}>
                {say.undo}
              </Button>
            )}
            {isAsked && (
              <p class="quiet small" role="status">
                {model.connection.value === 'online' ? say.asked : say.askedOffline}
              </p>
            )}
          </div>
        </>
      }
    >
      {record.code !== null &&
        record.code !== 'withdrawn' &&
        (record.state === 'held' || record.state === 'refused') && (
          <TroubleCard
            code={record.code}
            waits={record.state === 'held'}
            isCodeBelow
            words={fieldTroubleWords}
          />
        )}
      {refused !== undefined && <TroubleCard code={refused} />}
      <DeviceHead label={state.label} />
      <section class="card">
        <StateBadge state={record.state} />
        <p dir="auto">
          <Icon name="pin" size={20} /> {nameOfPlace(model, state.place)}
        </p>
      </section>
      {waits && <p class="quiet">{fieldWords.saved.writeNote}</p>}
      <ForSupport
        of={[
          [bindWords.support.device, record.udid],
          [bindWords.support.domain, record.domain],
          [bindWords.support.record, `${record.seq} · ${record.id}`],
          [bindWords.support.code, record.code ?? undefined],
        ]}
      />
      {record.fault !== null && record.state === 'saved' && (
        <LinkButton href="/outbox" icon="outbox">
          {outboxWords.title}
        </LinkButton>
      )}
    </Page>
  );
}

function isUnderWay({ state }: QueuedRecord): boolean {
  return state === 'saved' || state === 'sending' || state === 'received';
}

/** A renewal and a move bind nothing new, and are called what they are. */
function titleOf({ state, code }: QueuedRecord): readonly [title: string, note: string] {
  if (state === 'saved') return [fieldWords.saved.onPhone, fieldWords.saved.onPhoneNote];
  if (state === 'bound' && code === 'renewed') return [say.renewed, say.renewedNote];
  if (state === 'bound' && code === 'moved') return [say.moved, say.movedNote];
  if (state === 'refused' && code === 'withdrawn') return [say.undone, say.undoneNote];
  return [words.states[state], words.stateNotes[state]];
}
