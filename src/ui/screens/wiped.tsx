import type { LossReport } from '../../../contract/phone.ts';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { when } from '../words/en.ts';
import { rescueWords } from '../words/rescue.ts';

const words = rescueWords.wiped;

/** The one thing worse than losing records is not being told: before anything else, and with their numbers. */
export function WipedScreen({
  loss,
  restored,
  onRead,
}: {
  readonly loss: LossReport;
  /** Put back from the second copy, which outlives a database that is lost alone. */
  readonly restored: number;
  readonly onRead: () => void;
}) {
  const unsent = loss.unsent.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const isLost = unsent > restored;
  return (
    <main class="page" data-screen="wiped">
      <section class="card" data-tone={isLost ? 'bad' : 'wait'} role="alert">
        <h1>
          <Icon name="alert" size={28} /> {words.title}
        </h1>
        <p>{words.when(when(Date.parse(loss.lastSeenAt)))}</p>
        {unsent > 0 ? (
          <>
            <p class="hero-number">{unsent}</p>
            <h2>{words.lost(unsent)}</h2>
            <p class="udid-big" data-fact="numbers">
              {words.numbers(loss.unsent)}
            </p>
            {restored > 0 && <p data-fact="restored">{words.restored(restored)}</p>}
            {isLost && <p>{words.what}</p>}
          </>
        ) : (
          <>
            <h2>{words.none}</h2>
            <p>{words.noneNote}</p>
          </>
        )}
      </section>
      <p class="quiet">{words.again}</p>
      <Button kind="primary" icon="check" onClick={onRead}>
        {words.go}
      </Button>
    </main>
  );
}
