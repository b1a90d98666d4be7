import { useState } from 'preact/hooks';
import type { InvitationLink } from '../../../contract/account.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { InvitationCode, useTimeLeft } from '../parts/invitation-code.tsx';
import { Page } from '../parts/page.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { goBack } from '../route.ts';
import { useActs } from '../use-backend.ts';
import { accountWords } from '../words/account.ts';
import { problemWords } from '../words/problems.ts';

const words = accountWords.device;

/** A code for another phone or computer of one's own, for ten minutes. */
export function AnotherDeviceScreen() {
  const { act, trouble, busy } = useActs(useModel().ports.ownAccount);
  const [made, setMade] = useState<InvitationLink | undefined>();
  const show = async () => {
    const anew = await act((backend) => backend.anotherDevice());
    // The code before is good as long as there is no other one.
    if (anew !== undefined) setMade(anew);
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
