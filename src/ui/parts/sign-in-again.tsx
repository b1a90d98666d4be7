import { useEffect, useRef, useState } from 'preact/hooks';
import type { SignInAsked } from '../model.ts';
import { useModel } from '../model-context.ts';
import { go } from '../route.ts';
import { accountWords } from '../words/account.ts';
import { Button } from './button.tsx';
import { PasskeyTrouble } from './passkey-trouble.tsx';

const words = accountWords.again;

/** Asks for the passkey over the screen that a person is at. What they typed there stays, since that screen does. */
export function SignInAgain({ asked }: { readonly asked: SignInAsked }) {
  const model = useModel();
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | undefined>();
  const [me] = useState(model.enrolment.value?.credential.operator);
  const isFresh = asked.why === 'fresh';
  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  async function show(): Promise<void> {
    setBusy(true);
    setTrouble(undefined);
    const code = await model.signInByPasskey();
    setBusy(false);
    const isOther = model.enrolment.value?.credential.operator !== me;
    if (code !== undefined) setTrouble(code);
    else if (isOther) setTrouble('somebody_else');
    else asked.answer(true);
  }

  function leave(path: string): void {
    asked.answer(false);
    go(path);
  }

  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="sign-in-again"
      onCancel={(event) => {
        event.preventDefault();
        asked.answer(false);
      }}
    >
      <div class="stack">
        <h2 id="sign-in-again">{isFresh ? words.fresh : words.ended}</h2>
        <p>{isFresh ? words.freshNote : words.endedNote}</p>
        {trouble !== undefined && <PasskeyTrouble code={trouble} />}
        {trouble === 'somebody_else' ? (
          <Button kind="primary" icon="person" onClick={() => leave('/')}>
            {words.goOnAs(model.enrolment.value?.credential.name ?? '')}
          </Button>
        ) : (
          <>
            <Button kind="primary" icon="key" busy={busy} onClick={() => void show()}>
              {words.passkey}
            </Button>
            <Button onClick={() => asked.answer(false)}>{words.notNow}</Button>
            {!isFresh && (
              <Button kind="plain" onClick={() => leave('/sign-in')}>
                {accountWords.signIn.anotherWay}
              </Button>
            )}
          </>
        )}
      </div>
    </dialog>
  );
}
