import type { Wipe } from '../../ports/keeping.ts';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { when } from '../words/en.ts';
import { rescueWords } from '../words/rescue.ts';

const words = rescueWords.wiped;

/** The one thing worse than losing records is not being told: before anything else, and with their numbers. */
export function WipedScreen({
  wipes,
  onRead,
}: {
  readonly wipes: readonly Wipe[];
  readonly onRead: () => void;
}) {
  const isLost = wipes.some(({ lost }) => lost.length > 0);
  return (
    <main class="page" data-screen="wiped">
      <section class="card" data-tone={isLost ? 'bad' : 'wait'} role="alert">
        <h1>
          <Icon name="alert" size={28} /> {words.title}
        </h1>
        {wipes.map((wipe) => (
          <OneWipe key={`${wipe.report.kid} ${wipe.report.epoch}`} wipe={wipe} />
        ))}
        {isLost && <p>{words.what}</p>}
      </section>
      <p class="quiet">{words.again}</p>
      <Button kind="primary" icon="check" onClick={onRead}>
        {words.go}
      </Button>
    </main>
  );
}

function OneWipe({ wipe: { report, lost, waiting } }: { readonly wipe: Wipe }) {
  const gone = lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  return (
    <div class="wipe" data-wipe={report.epoch}>
      <p>{words.when(when(Date.parse(report.lastSeenAt)))}</p>
      {gone > 0 ? (
        <>
          <p class="hero-number">{gone}</p>
          <h2>{words.lost(gone)}</h2>
          <p class="udid-big" data-fact="numbers">
            {words.numbers(lost)}
          </p>
        </>
      ) : (
        <>
          <h2>{report.unsent.length === 0 && waiting === 0 ? words.none : words.noneLost}</h2>
          <p>{words.noneNote}</p>
        </>
      )}
      {waiting > 0 && <p data-fact="restored">{words.restored(waiting)}</p>}
    </div>
  );
}
