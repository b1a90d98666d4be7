import { useState } from 'preact/hooks';
import type { InvitationLink } from '../../../contract/account.ts';
import { failureCode } from '../../effects/trouble.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { InvitationCode, useTimeLeft } from '../parts/invitation-code.tsx';
import { Page } from '../parts/page.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { goBack } from '../route.ts';
import { accountWords } from '../words/account.ts';
import { problemWords } from '../words/problems.ts';

const words = accountWords.device;

/** A code for another device of one's own, for ten minutes. */
export function AnotherDeviceScreen() {
  const model = useModel();
  const [made, setMade] = useState<InvitationLink | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  const show = async () => {
    setBusy(true);
    setTrouble(undefined);
    const answer = await model.act(model.ports.ownAccount, (backend) => backend.anotherDevice());
    if (answer.ok) setMade(answer.value);
    else setTrouble(failureCode(answer.failure));
    setBusy(false);
  };
  return (
    <Page
      title={words.title}
      intro={words.intro}
      onBack={goBack}
      actions={
        <Button
          kind={made === undefined ? 'primary' : undefined}
          icon="scan"
          busy={busy}
          onClick={() => void show()}
        >
          {made === undefined ? words.show : words.anew}
        </Button>
      }
    >
      {trouble !== undefined && <TroubleCard code={trouble} words={problemWords} />}
      {made !== undefined && <Code key={made.id} made={made} />}
      <p class="quiet">{words.check}</p>
    </Page>
  );
}

function Code({ made }: { readonly made: InvitationLink }) {
  const left = useTimeLeft(made);
  if (left <= 0)
    return (
      <p class="card" role="status">
        {words.over}
      </p>
    );
  return <InvitationCode made={made} caption={words.scan} alt={words.alt} />;
}
