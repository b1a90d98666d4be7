import type { ComponentChildren } from 'preact';
import type { OrgPeople } from '../../../contract/account.ts';
import type { Membership } from '../../../contract/operator.ts';
import type { PeopleBackend } from '../../ports/account.ts';
import { useModel } from '../model-context.ts';
import { peopleOrg } from '../people-org.ts';
import { type FoundAt, useFound } from '../use-backend.ts';
import { moreWords } from '../words/more.ts';
import { peopleWords } from '../words/people.ts';
import { problemWords } from '../words/problems.ts';
import { Button } from './button.tsx';
import { Page } from './page.tsx';
import { TroubleCard } from './trouble.tsx';

/** An organisation's people as the backend has them now, and acts on them. */
export type PeopleOf = FoundAt<PeopleBackend, OrgPeople>;

export function usePeople(org: string): PeopleOf {
  return useFound(useModel().ports.people, (backend) => backend.people(org), org);
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
