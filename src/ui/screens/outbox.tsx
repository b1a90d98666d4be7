import { useState } from 'preact/hooks';
import { DEVICE_NEEDS, type DeviceNeed, NEEDS_ME } from '../../ports/devices.ts';
import type { QueuedRecord } from '../../ports/outbox.ts';
import { useModel } from '../model-context.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { DeviceList } from '../parts/device-row.tsx';
import { Page } from '../parts/page.tsx';
import { PhotosWaiting } from '../parts/photos-waiting.tsx';
import { SentAgainCard } from '../parts/sent-again.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { useDevices } from '../use-devices.ts';
import { words } from '../words/en.ts';
import { moreWords } from '../words/more.ts';
import { outboxWords } from '../words/outbox.ts';

const PAGE = 25;
type Filter = 'open' | 'mine' | 'others' | 'all';
/** Of every device there is, not only of those that are shown. */
const FILTERS: readonly (readonly [Filter, readonly DeviceNeed[]])[] = [
  ['open', ['rejected', 'send']],
  ['mine', DEVICE_NEEDS.filter((need) => NEEDS_ME.has(need))],
  ['others', ['held', 'claimed']],
  ['all', DEVICE_NEEDS],
];

/** What is sent and decided of each device, and what is not. */
export function OutboxScreen() {
  const model = useModel();
  const [filter, setFilter] = useState<Filter>('open');
  const [limit, setLimit] = useState(PAGE);
  const needs = FILTERS.find(([name]) => name === filter)?.[1] ?? DEVICE_NEEDS;
  const found = useDevices({ needs, limit });
  const counts = model.devices.value?.needs ?? {};
  const unsent = model.summary.value?.unsent ?? 0;
  const connection = model.connection.value;
  return (
    <Page
      title={outboxWords.title}
      actions={
        connection === 'signed_out' ? (
          <Button
            kind="primary"
            icon="person"
            busy={model.preparing.value}
            onClick={() => void model.askToSignIn('ended')}
          >
            {moreWords.signIn}
          </Button>
        ) : (
          <Button
            kind={unsent > 0 ? 'primary' : undefined}
            icon="sync"
            busy={model.draining.value}
            onClick={() => void model.sync(true)}
          >
            {model.draining.value ? outboxWords.sending : outboxWords.sendNow}
          </Button>
        )
      }
    >
      <section class="card two">
        <div>
          <p class="hero-number" data-count="unsent">
            {unsent}
          </p>
          <p class="quiet">{outboxWords.unsent}</p>
        </div>
        <div>
          <p class="hero-number">{withBackend(model.summary.value?.counts ?? {})}</p>
          <p class="quiet">{outboxWords.decided}</p>
        </div>
      </section>
      <SentAgainCard />
      <Restored />
      <UndoFailed />
      <DrainProgress />
      <PhotosWaiting />
      {connection === 'portal' && <TroubleCard code="not_our_backend" />}
      {connection === 'signed_out' && <TroubleCard code="signed_out" />}
      <fieldset class="filters" aria-label={outboxWords.title}>
        {FILTERS.map(([name, of]) => {
          const n = of.reduce((sum, need) => sum + (counts[need] ?? 0), 0);
          return (
            <button
              type="button"
              class="button"
              key={name}
              data-filter={name}
              aria-pressed={filter === name}
              onClick={() => {
                setFilter(name);
                setLimit(PAGE);
              }}
            >
              {outboxWords.filters[name]}
              {n > 0 && <span class="count">{n}</span>}
            </button>
          );
        })}
      </fieldset>
      {found?.of === 0 && <p class="quiet">{outboxWords.none[filter]}</p>}
      {found !== undefined && <DeviceList devices={found.rows} />}
      {unsent + (model.summary.value?.counts.rejected ?? 0) > 0 && (
        <LinkButton href="/rescue" icon="shield">
          {outboxWords.copies}
        </LinkButton>
      )}
      {found !== undefined && found.of > found.rows.length && (
        <Button onClick={() => setLimit(limit + 4 * PAGE)}>{outboxWords.more}</Button>
      )}
    </Page>
  );
}

/** The database had lost rows, and the second copy had them: said once, in full. */
function Restored() {
  const { restored } = useModel();
  if (restored.value === 0) return null;
  return (
    <section class="card" data-part="restored">
      <p role="status">
        {words.strip.restored(restored.value)} {outboxWords.restoredNote}
      </p>
      <Button
        onClick={() => {
          restored.value = 0;
        }}
      >
        {outboxWords.restoredRead}
      </Button>
    </section>
  );
}

/** Whoever took a registration back and left believes that it is gone. */
function UndoFailed() {
  const { undoTrouble } = useModel();
  if (undoTrouble.value === undefined) return null;
  return (
    <TroubleCard code={undoTrouble.value}>
      <p>{outboxWords.undoFailed}</p>
      <Button
        onClick={() => {
          undoTrouble.value = undefined;
        }}
      >
        {outboxWords.restoredRead}
      </Button>
    </TroubleCard>
  );
}

/** Short drains are over before anybody reads; a long one says how far it is and how long it will be. */
const LONG = 50;
function DrainProgress() {
  const model = useModel();
  const began = model.drainBegan.value;
  const unsent = model.summary.value?.unsent ?? 0;
  if (!model.draining.value || began === undefined || began.unsent < LONG) return null;
  const done = Math.max(0, began.unsent - unsent);
  const spent = model.ports.clock.now() - began.at;
  const left = done === 0 ? undefined : (spent / done) * unsent;
  return (
    <section class="card" data-part="progress">
      <progress max={began.unsent} value={done} aria-label={outboxWords.sending} />
      <p role="status">
        {outboxWords.progress(done, began.unsent)} {left !== undefined && outboxWords.left(left)}
      </p>
    </section>
  );
}

function withBackend(counts: Readonly<Partial<Record<QueuedRecord['state'], number>>>): number {
  return Object.entries(counts).reduce(
    (sum, [state, n]) => (state === 'saved' || state === 'sending' || state === 'rejected' ? sum : sum + n),
    0,
  );
}
