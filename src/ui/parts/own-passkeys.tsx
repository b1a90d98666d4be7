import { useEffect, useState } from 'preact/hooks';
import type { OwnPasskey } from '../../../contract/account.ts';
import { failureCode } from '../../effects/trouble.ts';
import { useModel } from '../model-context.ts';
import { accountWords } from '../words/account.ts';
import { when } from '../words/en.ts';
import { problemWords } from '../words/problems.ts';
import { Button, LinkButton } from './button.tsx';
import type { SaidOf } from './said.tsx';
import { TroubleCard } from './trouble.tsx';

const words = accountWords.account;

/** What a person signs in with. The last one stays: whoever has none can sign in nowhere. */
export function OwnPasskeys({ said }: { readonly said: SaidOf }) {
  const model = useModel();
  const part = model.ports.ownAccount;
  const [passkeys, setPasskeys] = useState<readonly OwnPasskey[] | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const [asked, setAsked] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);

  async function load(): Promise<void> {
    const answer = await model.ask(part, (backend) => backend.passkeys());
    if (answer.ok) setPasskeys(answer.value);
    else setTrouble(failureCode(answer.failure));
  }
  // read once per visit
  useEffect(() => {
    void load();
  }, []);

  async function end(id: string): Promise<void> {
    setBusy(true);
    setTrouble(undefined);
    const answer = await model.act(part, (backend) => backend.endPasskey(id));
    setBusy(false);
    if (!answer.ok) return setTrouble(failureCode(answer.failure));
    setAsked(undefined);
    said.say(words.done.passkey);
    await load();
  }

  const isLast = passkeys?.length === 1;
  return (
    <section class="card" data-section="passkeys">
      <h2>{words.passkeys}</h2>
      {trouble !== undefined && <TroubleCard code={trouble} words={problemWords} />}
      {passkeys?.length === 0 && <p class="quiet">{words.none}</p>}
      {passkeys?.map(({ id, label, madeAt, usedAt, backedUp }, index) => (
        <div class="stack-s item" key={id} data-passkey={id}>
          <p>
            <strong>{label}</strong>
            <br />
            <span class="quiet small">
              {words.made(
                when(Date.parse(madeAt)),
                usedAt === undefined ? undefined : when(Date.parse(usedAt)),
              )}
              . {backedUp ? words.backedUp : words.bound}
            </span>
          </p>
          {isLast && <p class="quiet small">{words.last}</p>}
          {!isLast && asked !== id && (
            <Button of={`${label} ${index + 1}`} onClick={() => setAsked(id)}>
              {words.end}
            </Button>
          )}
          {asked === id && (
            <>
              <p>{words.sure}</p>
              <div class="two">
                <Button disabled={busy} onClick={() => setAsked(undefined)}>
                  {words.no}
                </Button>
                <Button kind="danger" busy={busy} onClick={() => void end(id)}>
                  {words.yes}
                </Button>
              </div>
            </>
          )}
        </div>
      ))}
      <LinkButton href="/another-device" icon="phone">
        {words.another}
      </LinkButton>
    </section>
  );
}
