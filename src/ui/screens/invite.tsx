import { useState } from 'preact/hooks';
import type { InvitationLink } from '../../../contract/account.ts';
import type { Membership, Role } from '../../../contract/operator.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { MadeInvitation } from '../parts/made-invitation.tsx';
import { Page } from '../parts/page.tsx';
import { OfPeople, PeopleTrouble } from '../parts/people-page.tsx';
import { RoleChoice } from '../parts/role-choice.tsx';
import { TextField } from '../parts/text-field.tsx';
import { goBack } from '../route.ts';
import { useActs } from '../use-backend.ts';
import { peopleWords as words } from '../words/people.ts';

/** Invites a new person: who it is, as what, and then the link, once. */
export function InviteScreen() {
  return <OfPeople>{(org) => <InviteForm org={org} />}</OfPeople>;
}

function InviteForm({ org }: { readonly org: Membership }) {
  const { act, trouble, busy } = useActs(useModel().ports.people);
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('installer');
  const [made, setMade] = useState<InvitationLink | undefined>();
  const make = async () => {
    const to = email.trim();
    const invite = { name: name.trim(), role, ...(to === '' ? {} : { email: to }) };
    setMade(await act((backend) => backend.invite(org.org, invite)));
  };
  if (made !== undefined)
    return (
      <Page
        key="made"
        title={words.madeTitle(name.trim())}
        onBack={goBack}
        actions={
          <Button
            icon="person"
            onClick={() => {
              setMade(undefined);
              setName('');
              setEmail('');
            }}
          >
            {words.next}
          </Button>
        }
      >
        <MadeInvitation made={made} name={name.trim()} />
      </Page>
    );
  return (
    <Page
      key="form"
      title={words.inviteTitle}
      intro={words.inviteIntro}
      onBack={goBack}
      actions={
        <Button
          kind="primary"
          icon="person"
          busy={busy}
          disabled={name.trim() === ''}
          onClick={() => void make()}
        >
          {words.make}
        </Button>
      }
    >
      <PeopleTrouble code={trouble} />
      <TextField id="invite-name" label={words.name} value={name} onText={setName} />
      <TextField
        id="invite-email"
        inputMode="email"
        label={words.email}
        help={words.emailHelp}
        maxLength={254}
        value={email}
        onText={setEmail}
      />
      <RoleChoice label={words.role} value={role} onChoose={setRole} />
    </Page>
  );
}
