import { useEffect, useState } from 'preact/hooks';
import type { QueuedRecord } from '../../ports/outbox.ts';
import { useModel } from '../model-context.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { PrepareTrouble } from '../parts/prepare-trouble.tsx';
import { RecordRow } from '../parts/record-row.tsx';
import { ResumeDraft } from '../parts/resume-draft.tsx';
import { SentAgainCard } from '../parts/sent-again.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { go } from '../route.ts';
import { words } from '../words/en.ts';

const RECENT = 5;

export function HomeScreen() {
  const model = useModel();
  const [recent, setRecent] = useState<readonly QueuedRecord[] | undefined>();
  const [waiting, setWaiting] = useState<readonly QueuedRecord[]>([]);
  const version = model.outboxVersion.value;
  // the version says when the outbox changed
  useEffect(() => {
    const { outbox } = model.ports;
    void outbox.page(RECENT).then(setRecent);
    void outbox.certificatesWaiting().then(setWaiting);
  }, [model, version]);
  const name = model.enrolment.value?.credential.name ?? '';
  const now = model.ports.clock.now();
  const { clock } = model.readiness.value;
  return (
    <Page
      title={words.home.hello(name)}
      intro={model.membership.value?.title}
      actions={
        <Button kind="primary" icon="scan" onClick={() => go('/bind')}>
          {words.home.bind}
        </Button>
      }
    >
      {clock !== 'ready' && <TroubleCard code={`clock_${clock}`} waits />}
      <SentAgainCard />
      {model.prepareTrouble.value === 'confirmation_needed' && <PrepareTrouble model={model} />}
      {!model.readyOffline.value && (
        <a class="card row" href="/ready" data-tone="wait">
          <Icon name="clock" />
          <span class="row-main">
            <strong>{words.home.prepareFirst}</strong>
            <span>{words.strip.notReady}</span>
          </span>
          <Icon name="chevron" size={20} />
        </a>
      )}
      <ResumeDraft />
      {waiting.length > 0 && (
        <section class="stack-s">
          <h2>{words.home.waiting(waiting.length)}</h2>
          <p class="quiet">{words.home.waitingHint}</p>
          <RecordList records={waiting} now={now} />
        </section>
      )}
      {recent !== undefined && recent.length > 0 && (
        <section class="stack-s">
          <h2>{words.home.recent}</h2>
          <RecordList records={recent} now={now} />
        </section>
      )}
      {recent?.length === 0 && <p class="quiet">{words.home.none}</p>}
      <section class="card">
        <span class="disc">
          <Icon name="chip" />
        </span>
        <h2>{words.home.tryTitle}</h2>
        <p class="quiet">{words.home.tryText}</p>
        <LinkButton href="/bind/practice">{words.home.tryButton}</LinkButton>
      </section>
    </Page>
  );
}

export function RecordList({
  records,
  now,
}: {
  readonly records: readonly QueuedRecord[];
  readonly now: number;
}) {
  return (
    <ul class="list">
      {records.map((record) => (
        <li key={record.id}>
          <RecordRow record={record} now={now} />
        </li>
      ))}
    </ul>
  );
}
