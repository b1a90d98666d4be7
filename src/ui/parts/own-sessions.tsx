import { useState } from 'preact/hooks';
import { useModel } from '../model-context.ts';
import { useFound } from '../use-backend.ts';
import { when } from '../words/en.ts';
import { moreWords } from '../words/more.ts';
import { problemWords } from '../words/problems.ts';
import { Button } from './button.tsx';
import { TroubleCard } from './trouble.tsx';

const words = moreWords.sessions;

/** Where this person is signed in. */
export function OwnSessions() {
  const part = useModel().ports.sessions;
  const { found: sessions, trouble, busy, run } = useFound(part, (backend) => backend.sessions());
  const [ending, setEnding] = useState<string | undefined>();
  const end = async (id: string) => {
    setEnding(id);
    await run((backend) => backend.endSession(id));
  };

  return (
    <section class="card" data-section="sessions">
      <h2>{words.title}</h2>
      {trouble !== undefined && <TroubleCard code={trouble} words={problemWords} />}
      {sessions?.map(({ id, own, begunAt, seenAt, label }, index) => (
        <div class="stack-s item" key={id} data-session={own ? 'own' : 'other'}>
          <p>
            <strong>{own ? words.here : (label ?? words.elsewhere)}</strong>
            {own && label !== undefined && ` · ${label}`}
            <br />
            <span class="quiet small">{words.used(when(Date.parse(begunAt)), when(Date.parse(seenAt)))}</span>
          </p>
          {!own && (
            <Button
              kind="danger"
              busy={busy && ending === id}
              disabled={busy}
              of={`${label ?? ''} ${index}`}
              onClick={() => void end(id)}
            >
              {words.end}
            </Button>
          )}
        </div>
      ))}
    </section>
  );
}
