import { useState } from 'preact/hooks';
import type { OwnPhone } from '../../../contract/account.ts';
import { useModel } from '../model-context.ts';
import { useFound } from '../use-backend.ts';
import { accountWords } from '../words/account.ts';
import { when } from '../words/en.ts';
import { problemWords } from '../words/problems.ts';
import { Button } from './button.tsx';
import type { SaidOf } from './said.tsx';
import { TroubleCard } from './trouble.tsx';

const words = accountWords.account;

/** The phones whose operator keys sign for a person. */
export function OwnPhones({ said }: { readonly said: SaidOf }) {
  const model = useModel();
  const here = model.enrolment.value?.signer.kid;
  const { found, trouble, busy, run } = useFound(model.ports.ownAccount, (backend) => backend.phones());
  const phones = found ?? [];
  const [asked, setAsked] = useState<string | undefined>();
  const end = async (kid: string, because: string) => {
    if (!(await run((backend) => backend.endPhone(kid, because)))) return;
    setAsked(undefined);
    said.say(words.done.phone);
  };

  const ended = phones.filter(({ revokedAt }) => revokedAt !== undefined);
  return (
    <section class="card" data-section="phones">
      <h2>{words.phones}</h2>
      {trouble !== undefined && <TroubleCard code={trouble} words={problemWords} />}
      {phones
        .filter(({ revokedAt }) => revokedAt === undefined)
        .map((phone) => (
          <div class="stack-s item" key={phone.kid} data-phone={phone.kid === here ? 'own' : 'other'}>
            <About phone={phone} name={phone.kid === here ? words.phoneHere : words.phone} />
            {phone.kid !== here && asked !== phone.kid && (
              <Button of={phone.kid.slice(0, 8)} onClick={() => setAsked(phone.kid)}>
                {words.endPhone}
              </Button>
            )}
            {asked === phone.kid && (
              <>
                <p>{words.endPhoneNote}</p>
                <div class="two">
                  {[words.lost, words.unused].map((because) => (
                    <Button
                      key={because}
                      kind="danger"
                      busy={busy}
                      onClick={() => void end(phone.kid, because)}
                    >
                      {because}
                    </Button>
                  ))}
                </div>
                <Button kind="plain" disabled={busy} onClick={() => setAsked(undefined)}>
                  {accountWords.again.notNow}
                </Button>
              </>
            )}
          </div>
        ))}
      {ended.length > 0 && (
        <details class="folded">
          <summary>{words.ended(ended.length)}</summary>
          {ended.map((phone) => (
            <div class="item" key={phone.kid}>
              <About phone={phone} name={words.phoneEnded(when(Date.parse(phone.revokedAt ?? '')))} />
            </div>
          ))}
        </details>
      )}
    </section>
  );
}

function About({ phone, name }: { readonly phone: OwnPhone; readonly name: string }) {
  const { kid, enrolledAt, reportedAt, unsent } = phone;
  const parts = [
    words.since(when(Date.parse(enrolledAt))),
    reportedAt === undefined ? words.unheard : words.heard(when(Date.parse(reportedAt))),
    ...(unsent > 0 ? [words.waits(unsent)] : []),
  ];
  return (
    <p>
      <strong>{name}</strong> <span class="mono small">{kid.slice(0, 8)}</span>
      <br />
      <span class="quiet small">{parts.join(', ')}</span>
    </p>
  );
}
