import { useEffect, useState } from 'preact/hooks';
import { lazyScreen } from '../lazy-screen.tsx';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { CannotConnect } from '../parts/cannot-connect.tsx';
import { Icon, Mark } from '../parts/icon.tsx';
import { PrepareTrouble } from '../parts/prepare-trouble.tsx';
import { cameFrom, go, route } from '../route.ts';
import { useHeading } from '../use-heading.ts';
import { words } from '../words/en.ts';

const PasskeyTrouble = lazyScreen(async () => (await import('../parts/passkey-trouble.tsx')).PasskeyTrouble);
const PasskeyWays = lazyScreen(async () => (await import('../parts/passkey-ways.tsx')).PasskeyWays);
const OthersWaiting = lazyScreen(async () => (await import('../parts/others-waiting.tsx')).OthersWaiting);

/** First contact: who is it? After this the phone has a key, a credential and a work pack. */
export function SignInScreen() {
  const model = useModel();
  const [busy, setBusy] = useState<string | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const [isAnother, setAnother] = useState(false);
  const heading = useHeading(words.signIn.title);
  useEffect(() => {
    void model.loadPeople();
  }, [model]);
  /** `by`: a demo person, or a passkey. */
  const signIn = async (by: string, enter: () => Promise<string | undefined>) => {
    const before = model.enrolment.value?.credential.operator;
    setBusy(by);
    setTrouble(undefined);
    const code = await enter();
    setBusy(undefined);
    if (code !== undefined) return setTrouble(code);
    // Once there is a key the app is on the screen, and the person may have gone on while the rest was fetched.
    const { value: prepareTrouble } = model.prepareTrouble;
    const now = model.enrolment.value?.credential.operator;
    const goesOn =
      prepareTrouble === undefined || (prepareTrouble === 'confirmation_needed' && now !== undefined);
    // Where one was, unless that was somebody else's screen.
    if (goesOn && route.value.screen === 'sign-in') go(now === before ? cameFrom() : '/', { replace: true });
  };
  const asDemo = (operator: string) =>
    signIn(operator, async () => {
      await model.signIn(operator);
      return undefined;
    });
  const byPasskey = () => void signIn('passkey', () => model.signInByPasskey());
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
      {model.prepareTrouble.value !== 'signed_out' && <PrepareTrouble model={model} />}
      <CannotConnect />
      {(model.summary.value?.unsent ?? 0) > 0 && <OthersWaiting />}
      {people === undefined ? (
        <div class="card">
          <p>{words.signIn.offline}</p>
          <Button icon="sync" onClick={() => void model.loadPeople()}>
            {words.signIn.retry}
          </Button>
        </div>
      ) : (
        <>
          {people.length > 0 && (
            <ul class="list">
              {people.map((person) => (
                <li key={person.operator}>
                  <button
                    type="button"
                    class="row"
                    data-person={person.operator}
                    disabled={busy !== undefined}
                    onClick={() => void asDemo(person.operator)}
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
          )}
          {people.length > 0 && <p class="quiet small">{words.signIn.demo}</p>}
          {trouble !== undefined && <PasskeyTrouble code={trouble} />}
          <Button
            kind={people.length === 0 ? 'primary' : undefined}
            icon="key"
            busy={busy === 'passkey'}
            disabled={busy !== undefined}
            onClick={byPasskey}
          >
            {trouble === undefined ? words.signIn.passkey : words.nav.again}
          </Button>
          {isAnother ? (
            <PasskeyWays />
          ) : (
            <Button kind="plain" onClick={() => setAnother(true)}>
              {words.signIn.another}
            </Button>
          )}
        </>
      )}
    </main>
  );
}
