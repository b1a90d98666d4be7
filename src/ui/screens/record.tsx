import { certificateWaits } from '../../../core/record-state.ts';
import type { QueuedRecord, SendFault } from '../../ports/outbox.ts';
import { useModel } from '../model-context.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { ForSupport } from '../parts/for-support.tsx';
import { Page } from '../parts/page.tsx';
import { RecordPhotos } from '../parts/record-photos.tsx';
import { kindWords, StateBadge } from '../parts/record-row.tsx';
import { isStuckSite, SiteName } from '../parts/site-name.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { nameOfPlace } from '../place-name.ts';
import { go, goBack } from '../route.ts';
import { useRecord } from '../use-record.ts';
import { useTrouble } from '../use-trouble.ts';
import { useUndo } from '../use-undo.ts';
import { when, words } from '../words/en.ts';
import { outboxWords } from '../words/outbox.ts';
import { recordWords } from '../words/record.ts';

/** Why a record was not sent yet where nobody has to do anything. */
const GOES_BY_ITSELF: ReadonlySet<string> = new Set<SendFault['code']>([
  'no_answer',
  'busy',
  'operator_key_unknown',
]);

/** Bound, but its firmware takes no certificate from this app. */
function isElsewhere({ state, takesCertificate }: QueuedRecord): boolean {
  return state === 'bound' && takesCertificate === false;
}

/** In a person's own words, and not in those of the rules. */
function isSaidBySomebody({ decidedBy, code }: QueuedRecord): boolean {
  return decidedBy != null || code === 'approval_refused';
}

function noteOf(record: QueuedRecord): string {
  if (isStuckSite(record)) return recordWords.siteNotTaken;
  return isElsewhere(record) ? recordWords.elsewhere : words.stateNotes[record.state];
}

/** One record: its state, the reason, what it is bound to, and what can be done now. */
export function RecordScreen({ id }: { readonly id: string }) {
  const model = useModel();
  const record = useRecord(id);
  const { undo } = useUndo(record);
  const { trouble, run } = useTrouble();
  if (record === undefined) return <Page />;
  // On a shared phone another person's record is not this one's to read or to act on.
  const me = model.enrolment.value?.credential.operator;
  if (record === null || (record.operator !== undefined && record.operator !== me))
    return <Page title={recordWords.title} intro={recordWords.missing} onBack={goBack} />;
  const { certificate } = record;
  const waits = certificateWaits(record);
  return (
    <Page
      title={words.states[record.state]}
      intro={noteOf(record)}
      onBack={goBack}
      actions={
        waits ? (
          <Button kind="primary" icon="certificate" onClick={() => go(`/write/${record.org}/${record.udid}`)}>
            {recordWords.write}
          </Button>
        ) : record.state === 'rejected' ? (
          <Button icon="sync" busy={model.draining.value} onClick={() => void run(model.retry(record.id))}>
            {recordWords.retry}
          </Button>
        ) : undo !== undefined ? (
          <Button icon="back" onClick={() => void run(undo())}>
            {recordWords.undo}
          </Button>
        ) : record.state === 'saved' ? (
          <Button icon="sync" busy={model.draining.value} onClick={() => void model.sync(true)}>
            {outboxWords.sendNow}
          </Button>
        ) : undefined
      }
    >
      {trouble !== undefined && <TroubleCard code={trouble} />}
      {record.code !== null && record.state !== 'bound' && (
        <TroubleCard code={record.code} waits={record.state === 'held'} isCodeBelow />
      )}
      {record.detail !== null && isSaidBySomebody(record) && (
        <p class="card">
          <strong>
            <bdi>{record.detail}</bdi>
          </strong>
          {record.decidedBy != null && (
            <span class="row-sub"> {recordWords.decidedBy(record.decidedBy)}</span>
          )}
        </p>
      )}
      {isStuckSite(record) && <SiteName record={record} run={run} />}
      {record.fault !== null && record.state === 'saved' && (
        <TroubleCard code={record.fault.code} waits={GOES_BY_ITSELF.has(record.fault.code)} />
      )}
      <section class="card">
        <p>
          <StateBadge state={record.state} />
        </p>
        {record.udid !== '' && (
          <p class="udid-big" dir="ltr">
            {record.udid}
          </p>
        )}
        <p class="quiet">{kindWords(record)}</p>
        {record.simulated && <p class="badge">{recordWords.simulated}</p>}
        {record.unproven && <p class="quiet small">{recordWords.unproven}</p>}
      </section>
      <section class="card">
        <Facts
          of={[
            [recordWords.domain, nameOfPlace(model, { org: record.org, domain: record.domain })],
            [
              recordWords.validUntil,
              certificate === null ? undefined : when(Date.parse(certificate.notAfter)),
            ],
            [recordWords.place, record.title === '' ? undefined : record.title],
            [recordWords.captured, when(record.createdAt)],
            [
              recordWords.receipt,
              record.receivedAt === null ? recordWords.noReceipt : when(Date.parse(record.receivedAt)),
            ],
            [
              recordWords.decision,
              record.decidedAt === null ? undefined : when(Date.parse(record.decidedAt)),
            ],
          ]}
        />
      </section>
      {record.photos !== undefined && <RecordPhotos digests={record.photos} />}
      {record.udid !== '' && (
        <LinkButton href={`/at/${record.org}/${record.udid}`} of={record.udid}>
          {recordWords.device}
        </LinkButton>
      )}
      <ForSupport
        of={[
          [recordWords.code, record.code ?? undefined],
          [recordWords.rules, isSaidBySomebody(record) ? undefined : (record.detail ?? undefined)],
          [recordWords.title, record.id],
          [recordWords.number, String(record.seq)],
          [
            recordWords.names,
            certificate === null ? undefined : `spiffe://${record.domain}/device/${record.udid}`,
          ],
          [recordWords.certificate, certificate?.fingerprint],
        ]}
      />
    </Page>
  );
}
