import type { RecordState } from '../../../core/record-state.ts';
import type { QueuedRecord } from '../../ports/outbox.ts';
import { age, words } from '../words/en.ts';
import { Icon, type IconName } from './icon.tsx';

type Tone = 'good' | 'wait' | 'bad' | 'none';

const LOOK: Record<RecordState, { tone: Tone; icon: IconName }> = {
  saved: { tone: 'none', icon: 'phone' },
  sending: { tone: 'wait', icon: 'outbox' },
  received: { tone: 'wait', icon: 'clock' },
  bound: { tone: 'wait', icon: 'certificate' },
  held: { tone: 'wait', icon: 'hand' },
  refused: { tone: 'bad', icon: 'cross' },
  noted: { tone: 'good', icon: 'check' },
  installed: { tone: 'good', icon: 'check' },
  rejected: { tone: 'bad', icon: 'alert' },
};

export function StateBadge({ state }: { readonly state: RecordState }) {
  const { tone, icon } = LOOK[state];
  return (
    <span class="badge" data-tone={tone === 'none' ? undefined : tone} data-state={state}>
      <Icon name={icon} size={16} />
      {words.states[state]}
    </span>
  );
}

export function kindWords(record: QueuedRecord): string {
  switch (record.typ) {
    case 'registration+jws':
      return words.kinds.registration;
    case 'confirmation+jws':
      return words.kinds.confirmation;
    case 'site+jws':
      return words.kinds.site;
    case 'void+jws':
      return words.kinds.void;
    case 'amendment+jws':
      return words.kinds.amendment;
    default:
      return words.kinds.other;
  }
}

/** One record in a list; the whole row leads to it. */
export function RecordRow({ record, now }: { readonly record: QueuedRecord; readonly now: number }) {
  const { tone, icon } = LOOK[record.state];
  const kind = record.typ === 'registration+jws' ? '' : `${kindWords(record)} · `;
  return (
    <a class="row" href={`/record/${record.id}`}>
      <span class="disc" data-tone={tone}>
        <Icon name={icon} />
      </span>
      <span class="row-main">
        <span class="row-title mono" dir="ltr">
          {record.udid}
        </span>
        <span class="row-sub">
          {kind}
          {words.states[record.state]} · {age(now - record.createdAt)}
        </span>
        <span class="row-sub" dir="auto">
          {record.title === '' ? record.domain : record.title}
        </span>
      </span>
      <span class="chevron">
        <Icon name="chevron" size={20} />
      </span>
    </a>
  );
}
