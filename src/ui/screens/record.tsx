import { certificateWaits } from '../../../core/record-state.ts';
import type { QueuedRecord } from '../../ports/outbox.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { NameText } from '../parts/name-text.tsx';
import { Page } from '../parts/page.tsx';
import { RecordPhotos } from '../parts/record-photos.tsx';
import { kindWords, StateBadge } from '../parts/record-row.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { go, goBack } from '../route.ts';
import { useRecord } from '../use-record.ts';
import { useUndo } from '../use-undo.ts';
import { when, words } from '../words/en.ts';

/** Bound, but its firmware takes no certificate from this app. */
function isElsewhere({ state, takesCertificate }: QueuedRecord): boolean {
  return state === 'bound' && takesCertificate === false;
}

/** One record: its state, the reason, what it is bound to, and what can be done now. */
export function RecordScreen({ id }: { readonly id: string }) {
  const model = useModel();
  const record = useRecord(id);
  const undo = useUndo(record);
  if (record === undefined) return <Page />;
  if (record === null)
    return <Page title={words.record.title} intro={words.record.missing} onBack={goBack} />;
  const { certificate } = record;
  const waits = certificateWaits(record);
  return (
    <Page
      title={words.states[record.state]}
      intro={isElsewhere(record) ? words.record.elsewhere : words.stateNotes[record.state]}
      onBack={goBack}
      actions={
        waits ? (
          <Button kind="primary" icon="certificate" onClick={() => go(`/collect/${record.id}`)}>
            {words.record.write}
          </Button>
        ) : record.state === 'rejected' ? (
          <Button icon="sync" busy={model.draining.value} onClick={() => void model.retry(record.id)}>
            {words.record.retry}
          </Button>
        ) : undo !== undefined ? (
          <Button icon="back" onClick={() => void undo()}>
            {words.record.undo}
          </Button>
        ) : record.state === 'saved' ? (
          <Button icon="sync" busy={model.draining.value} onClick={() => void model.sync(true)}>
            {words.outbox.sendNow}
          </Button>
        ) : undefined
      }
    >
      {record.code !== null && record.state !== 'bound' && (
        <TroubleCard code={record.code} waits={record.state === 'held'} />
      )}
      {record.fault !== null && record.state === 'saved' && <TroubleCard code={record.fault.code} />}
      <section class="card">
        <p>
          <StateBadge state={record.state} />
        </p>
        <p class="udid-big" dir="ltr">
          {record.udid}
        </p>
        <p class="quiet">{kindWords(record)}</p>
        {record.simulated && <p class="badge">{words.record.simulated}</p>}
        {record.unproven && <p class="quiet small">{words.record.unproven}</p>}
      </section>
      {certificate !== null && (
        <section class="card">
          <Facts
            of={[
              [
                words.record.names,
                <NameText fact="names" text={`spiffe://${record.domain}/device/${record.udid}`} />,
              ],
              [words.record.certificate, <NameText fact="fingerprint" text={certificate.fingerprint} />],
              [words.record.validUntil, when(Date.parse(certificate.notAfter))],
            ]}
          />
        </section>
      )}
      <section class="card">
        <Facts
          of={[
            [words.record.domain, <NameText text={record.domain} />],
            [words.record.place, record.title === '' ? undefined : record.title],
            [words.record.captured, when(record.createdAt)],
            [words.record.number, String(record.seq)],
            [
              words.record.receipt,
              record.receivedAt === null ? words.record.noReceipt : when(Date.parse(record.receivedAt)),
            ],
            [
              words.record.decision,
              record.decidedAt === null ? undefined : when(Date.parse(record.decidedAt)),
            ],
          ]}
        />
      </section>
      {record.photos !== undefined && <RecordPhotos digests={record.photos} />}
      {record.detail !== null && <p class="quiet">{record.detail}</p>}
    </Page>
  );
}
