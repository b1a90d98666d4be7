import { useEffect, useState } from 'preact/hooks';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { CannotConnect } from '../parts/cannot-connect.tsx';
import { Icon, Mark } from '../parts/icon.tsx';
import { PrepareTrouble } from '../parts/prepare-trouble.tsx';
import { go, route } from '../route.ts';
import { useHeading } from '../use-heading.ts';
import { words } from '../words/en.ts';

/** First contact: who is it? After this the phone has a key, a credential and a work pack. */
export function SignInScreen() {
  const model = useModel();
  const [busy, setBusy] = useState<string | undefined>();
  const heading = useHeading(words.signIn.title);
  useEffect(() => {
    void model.loadPeople();
  }, [model]);
  const signIn = async (operator: string) => {
    setBusy(operator);
    await model.signIn(operator);
    setBusy(undefined);
    // Once there is a key the app is on the screen, and the person may have gone on while the rest was fetched.
    const trouble = model.prepareTrouble.value;
    const goesOn =
      trouble === undefined || (trouble === 'confirmation_needed' && model.enrolment.value != null);
    if (goesOn && route.value.screen === 'sign-in') go('/', { replace: true });
  };
  const people = model.people.value;
  return (
    <main class="page rise">
      <div class="brand">
        <Mark size={44} />
        <span>{words.app}</span>
      </div>
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {words.signIn.title}
        </h1>
        <p class="quiet">{words.tagline}</p>
      </div>
      <PrepareTrouble model={model} />
      <CannotConnect />
      {people === undefined ? (
        <div class="card">
          <p>{words.signIn.offline}</p>
          <Button icon="sync" onClick={() => void model.loadPeople()}>
            {words.signIn.retry}
          </Button>
        </div>
      ) : (
        <>
          <ul class="list">
            {people.map((person) => (
              <li key={person.operator}>
                <button
                  type="button"
                  class="row"
                  data-person={person.operator}
                  disabled={busy !== undefined}
                  onClick={() => void signIn(person.operator)}
                >
                  <span class="disc">
                    <Icon
                      name={busy === person.operator ? 'sync' : 'person'}
                      spin={busy === person.operator}
                    />
                  </span>
                  <span class="row-main">
                    <span class="row-title">{person.name}</span>
                    <span class="row-sub">{person.about}</span>
                  </span>
                  <span class="chevron">
                    <Icon name="chevron" size={20} />
                  </span>
                </button>
              </li>
            ))}
          </ul>
          <p class="quiet small">{people.length === 0 ? words.signIn.nobody : words.signIn.demo}</p>
        </>
      )}
    </main>
  );
}
