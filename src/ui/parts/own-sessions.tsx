import { useEffect, useState } from 'preact/hooks';
import type { OwnSession } from '../../../contract/own-session.ts';
import { failureCode } from '../../effects/trouble.ts';
import { useModel } from '../model-context.ts';
import { when } from '../words/en.ts';
import { moreWords } from '../words/more.ts';
import { problemWords } from '../words/problems.ts';
import { Button } from './button.tsx';
import { TroubleCard } from './trouble.tsx';

const words = moreWords.sessions;

/** Where this person is signed in. */
export function OwnSessions() {
  const model = useModel();
  const part = model.ports.sessions;
  const [sessions, setSessions] = useState<readonly OwnSession[] | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const [busy, setBusy] = useState<string | undefined>();

  async function load(): Promise<void> {
    const answer = await model.ask(part, (backend) => backend.sessions());
    if (answer.ok) setSessions(answer.value);
    else setTrouble(failureCode(answer.failure));
  }
  // read once per visit
  useEffect(() => {
    void load();
  }, []);

  async function end(id: string): Promise<void> {
    setBusy(id);
    setTrouble(undefined);
    const ended = await model.act(part, (backend) => backend.endSession(id));
    if (!ended.ok) setTrouble(failureCode(ended.failure));
    await load();
    setBusy(undefined);
  }

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
              busy={busy === id}
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
