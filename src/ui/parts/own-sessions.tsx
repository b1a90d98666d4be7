import { useState } from 'preact/hooks';
import type { OwnSession } from '../../../contract/own-session.ts';
import { failureCode } from '../../effects/trouble.ts';
import type { BackendFailure } from '../../ports/backend.ts';
import { useModel } from '../model-context.ts';
import { when } from '../words/en.ts';
import { moreWords } from '../words/more.ts';
import { Button } from './button.tsx';
import { TroubleCard } from './trouble.tsx';

const words = moreWords.sessions;

/** Where this person is signed in. It is asked for when it is wanted, since everything else here works without signal. */
export function OwnSessions() {
  const model = useModel();
  const [sessions, setSessions] = useState<readonly OwnSession[] | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const [busy, setBusy] = useState<string | undefined>();

  function failed(failure: BackendFailure): void {
    model.note(failure);
    setTrouble(failureCode(failure));
  }

  async function show(id?: string): Promise<void> {
    setBusy(id ?? '');
    setTrouble(undefined);
    const backend = await model.ports.sessions();
    const ended = id === undefined ? undefined : await backend.endSession(id);
    const answer = await backend.sessions();
    if (answer.ok) setSessions(answer.value);
    else failed(answer.failure);
    if (ended?.ok === false) failed(ended.failure);
    setBusy(undefined);
  }

  return (
    <section class="card">
      <h2>{words.title}</h2>
      {trouble !== undefined && <TroubleCard code={trouble} />}
      {sessions === undefined && (
        <Button icon="person" busy={busy !== undefined} onClick={() => void show()}>
          {words.show}
        </Button>
      )}
      {sessions?.map(({ id, own, begunAt, seenAt }) => (
        <div class="stack-s" key={id} data-session={own ? 'own' : 'other'}>
          <p>
            <strong>{own ? words.here : words.elsewhere}</strong>
            <br />
            <span class="quiet small">{words.used(when(Date.parse(begunAt)), when(Date.parse(seenAt)))}</span>
          </p>
          {!own && (
            <Button kind="danger" busy={busy === id} onClick={() => void show(id)}>
              {words.end}
            </Button>
          )}
        </div>
      ))}
    </section>
  );
}
