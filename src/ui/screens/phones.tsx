import { useEffect, useState } from 'preact/hooks';
import type { PhoneState } from '../../../contract/phone.ts';
import { failureCode } from '../../effects/trouble.ts';
import { useModel } from '../model-context.ts';
import { DeskChoice, deskOrg } from '../parts/desk-choice.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { goBack } from '../route.ts';
import { when } from '../words/en.ts';
import { rescueWords } from '../words/rescue.ts';

const words = rescueWords.phones;

/** Support's view of the phones: alarms first. */
export function PhonesScreen() {
  const model = useModel();
  const org = deskOrg(model);
  if (model.may(org, 'see_phones')) return <Phones org={org} />;
  return (
    <Page title={words.title} onBack={goBack}>
      <TroubleCard code="forbidden" />
    </Page>
  );
}

function Phones({ org }: { readonly org: string }) {
  const model = useModel();
  const [phones, setPhones] = useState<readonly PhoneState[] | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  useEffect(() => {
    void (async () => {
      const answer = await (await model.ports.rescue()).phones(org);
      if (answer.ok) setPhones([...answer.value].sort((a, b) => Number(b.alarm) - Number(a.alarm)));
      else {
        model.note(answer.failure);
        setTrouble(failureCode(answer.failure));
      }
    })();
  }, [model, org]);
  return (
    <Page title={words.title} intro={words.intro} onBack={goBack} wide>
      <DeskChoice />
      {trouble !== undefined && <TroubleCard code={trouble} />}
      {phones?.length === 0 && <p class="quiet">{words.none}</p>}
      {phones?.map((phone) => (
        <PhoneCard key={phone.kid} phone={phone} />
      ))}
    </Page>
  );
}

function PhoneCard({ phone }: { readonly phone: PhoneState }) {
  const { alarm, lost, missing, unsent, head, persisted } = phone;
  return (
    <section class="card" data-tone={alarm ? 'bad' : undefined} data-phone={phone.kid}>
      <h2>
        {alarm && <Icon name="alert" size={22} />} {phone.operatorName}
      </h2>
      {lost !== null && <p>{words.lost(lost.unsent)}</p>}
      <p>
        {lost !== null && missing.length === 0
          ? undefined
          : missing.length === 0
            ? words.all(head)
            : alarm
              ? words.missing(missing)
              : words.onTheWay(missing)}
      </p>
      {unsent > 0 && lost === null && <p class="quiet">{words.waits(unsent)}</p>}
      {persisted === false && <p class="quiet">{words.notPersisted}</p>}
      <p class="quiet small">
        {words.heard(when(Date.parse(phone.reportedAt)))} <span class="mono">{phone.kid.slice(0, 8)}</span>
      </p>
    </section>
  );
}
