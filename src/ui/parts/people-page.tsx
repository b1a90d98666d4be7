import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OrgPeople } from '../../../contract/account.ts';
import type { Membership } from '../../../contract/operator.ts';
import { failureCode } from '../../effects/trouble.ts';
import type { PeopleBackend } from '../../ports/account.ts';
import type { BackendResult } from '../../ports/backend.ts';
import { useModel } from '../model-context.ts';
import { peopleOrg } from '../people-org.ts';
import { moreWords } from '../words/more.ts';
import { peopleWords } from '../words/people.ts';
import { problemWords } from '../words/problems.ts';
import { Button } from './button.tsx';
import { Page } from './page.tsx';
import { TroubleCard } from './trouble.tsx';

/** An organisation's people as the backend has them now, and acts on them. */
export interface PeopleOf {
  readonly found: OrgPeople | undefined;
  readonly trouble: string | undefined;
  readonly busy: boolean;
  /** Does it and reads again; whether it was done. */
  run(act: (backend: PeopleBackend) => Promise<BackendResult<unknown>>): Promise<boolean>;
}

export function usePeople(org: string): PeopleOf {
  const model = useModel();
  const part = model.ports.people;
  const [found, setFound] = useState<OrgPeople | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  async function load(): Promise<void> {
    const answer = await model.ask(part, (backend) => backend.people(org));
    if (answer.ok) setFound(answer.value);
    else setTrouble(failureCode(answer.failure));
  }
  // read once per visit and organisation
  useEffect(() => {
    void load();
  }, [org]);
  return {
    ...{ found, trouble, busy },
    async run(act) {
      setBusy(true);
      setTrouble(undefined);
      const answer = await model.act(part, act);
      if (!answer.ok) setTrouble(failureCode(answer.failure));
      await load();
      setBusy(false);
      return answer.ok;
    },
  };
}

/** Shows a screen about people to whoever may manage them, and to nobody else. */
export function OfPeople({ children }: { readonly children: (org: Membership) => ComponentChildren }) {
  const org = peopleOrg(useModel());
  if (org === undefined)
    return (
      <Page title={peopleWords.title}>
        <TroubleCard code="forbidden" />
      </Page>
    );
  return <>{children(org)}</>;
}

export function PeopleTrouble({ code }: { readonly code: string | undefined }) {
  const model = useModel();
  if (code === undefined) return null;
  return (
    <TroubleCard code={code} words={problemWords}>
      {code === 'signed_out' && (
        <Button icon="person" onClick={() => void model.askToSignIn('ended')}>
          {moreWords.signIn}
        </Button>
      )}
    </TroubleCard>
  );
}
