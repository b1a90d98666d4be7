import { useState } from 'preact/hooks';
import { useModel } from '../model-context.ts';
import { useFound } from '../use-backend.ts';
import { accountWords } from '../words/account.ts';
import { when } from '../words/en.ts';
import { problemWords } from '../words/problems.ts';
import { Button, LinkButton } from './button.tsx';
import type { SaidOf } from './said.tsx';
import { TroubleCard } from './trouble.tsx';

const words = accountWords.account;

/** What a person signs in with. The last one stays: whoever has none can sign in nowhere. */
export function OwnPasskeys({ said }: { readonly said: SaidOf }) {
  const part = useModel().ports.ownAccount;
  const { found: passkeys, trouble, busy, run } = useFound(part, (backend) => backend.passkeys());
  const [asked, setAsked] = useState<string | undefined>();
  const end = async (id: string) => {
    if (!(await run((backend) => backend.endPasskey(id)))) return;
    setAsked(undefined);
    said.say(words.done.passkey);
  };

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
