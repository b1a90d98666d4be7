import { useState } from 'preact/hooks';
import type { InvitationLink, OrgPerson } from '../../../contract/account.ts';
import type { Membership, Role } from '../../../contract/operator.ts';
import { useModel } from '../model-context.ts';
import { BecauseForm } from '../parts/because-form.tsx';
import { Button } from '../parts/button.tsx';
import { MadeInvitation } from '../parts/made-invitation.tsx';
import { Page } from '../parts/page.tsx';
import { OfPeople, type PeopleOf, PeopleTrouble, usePeople } from '../parts/people-page.tsx';
import { RoleChoice } from '../parts/role-choice.tsx';
import { RoleRights } from '../parts/role-rights.tsx';
import { Said, type SaidOf, useSaid } from '../parts/said.tsx';
import { go, goBack } from '../route.ts';
import { useActs } from '../use-backend.ts';
import { when } from '../words/en.ts';
import { peopleWords } from '../words/people.ts';
import { rightWords } from '../words/rights.ts';

const words = peopleWords.person;

/** One person of an organisation, and what an administrator may do about them there. */
export function PersonScreen({ operator }: { readonly operator: string }) {
  return <OfPeople>{(org) => <Person key={org.org} org={org} operator={operator} />}</OfPeople>;
}

function Person({ org, operator }: { readonly org: Membership; readonly operator: string }) {
  const model = useModel();
  const people = usePeople(org.org);
  const said = useSaid();
  const person = people.found?.people.find((one) => one.operator === operator);
  const isMe = operator === model.enrolment.value?.credential.operator;
  if (person === undefined)
    return (
      <Page title={people.found === undefined ? peopleWords.title : words.gone} onBack={goBack}>
        <PeopleTrouble code={people.trouble} />
      </Page>
    );
  return (
    <Page title={person.name} intro={isMe ? words.you : org.title} onBack={goBack}>
      <PeopleTrouble code={people.trouble} />
      <Said of={said} />
      <RoleCard org={org} person={person} people={people} said={said} />
      <SessionsCard org={org} person={person} people={people} said={said} />
      <PhonesCard org={org} person={person} people={people} said={said} />
      {!isMe && <LostAll org={org} person={person} />}
    </Page>
  );
}

interface CardProps {
  readonly org: Membership;
  readonly person: OrgPerson;
  readonly people: PeopleOf;
  readonly said: SaidOf;
}

function RoleCard({ org, person, people, said }: CardProps) {
  const model = useModel();
  const { operator, name, role } = person;
  const [isOpen, setOpen] = useState(false);
  const [wanted, setWanted] = useState<Role>(role);
  const change = async (to: Role | undefined, because: string) => {
    const isDone = await people.run((backend) => backend.changeRole(org.org, operator, to, because));
    if (!isDone) return false;
    // What a person may do themselves stands in their own credential.
    if (operator === model.enrolment.value?.credential.operator) void model.prepare();
    if (to === undefined) go(`/people?org=${org.org}`, { replace: true });
    else {
      said.say(words.done.role(rightWords.roles[to]));
      setOpen(false);
    }
    return true;
  };
  return (
    <section class="card" data-section="role">
      <h2>{rightWords.roles[role]}</h2>
      {isOpen ? (
        <>
          <RoleChoice label={words.changeTo} value={wanted} onChoose={setWanted} />
          <BecauseForm
            key="role"
            id="role"
            act={words.change}
            of={name}
            about={words.changed(name)}
            busy={people.busy}
            disabled={wanted === role}
            isAsked
            onCancel={() => setOpen(false)}
            run={(because) => change(wanted, because)}
          />
        </>
      ) : (
        <>
          <RoleRights role={role} />
          <Button onClick={() => setOpen(true)}>{words.change}</Button>
          <BecauseForm
            key="out"
            id="out"
            act={words.out}
            of={name}
            about={words.outNote(name, org.title)}
            busy={people.busy}
            run={(because) => change(undefined, because)}
          />
        </>
      )}
    </section>
  );
}

function SessionsCard({ org, person, people, said }: CardProps) {
  const { operator, name, sessions } = person;
  return (
    <section class="card" data-section="sessions">
      <h2>{words.sessions}</h2>
      <p>{peopleWords.uses(person.passkeys, sessions, person.phones.length)}</p>
      {sessions > 0 && (
        <BecauseForm
          id="sessions"
          act={words.endSessions}
          of={name}
          about={words.endSessionsNote(sessions)}
          busy={people.busy}
          run={async (because) => {
            const isDone = await people.run((backend) => backend.endSessions(org.org, operator, because));
            if (isDone) said.say(words.done.sessions);
            return isDone;
          }}
        />
      )}
    </section>
  );
}

function PhonesCard({ org, person, people, said }: CardProps) {
  const { operator, phones } = person;
  return (
    <section class="card" data-section="phones">
      <h2>{words.phones}</h2>
      {phones.length === 0 && <p class="quiet">{words.noPhones}</p>}
      {phones.map(({ kid, reportedAt, unsent, revokedAt }) => (
        <div class="stack-s item" key={kid} data-phone={kid}>
          <p>
            <strong class="mono">{kid.slice(0, 8)}</strong>
            <br />
            <span class="quiet small">
              {reportedAt === undefined ? words.unheard : words.heard(when(Date.parse(reportedAt)))}
              {unsent > 0 && `. ${peopleWords.waiting(unsent)}`}
              {revokedAt !== undefined && `. ${words.ended(when(Date.parse(revokedAt)))}`}
            </span>
          </p>
          {revokedAt === undefined && (
            <BecauseForm
              id={`phone-${kid}`}
              act={words.endPhone}
              of={kid.slice(0, 8)}
              about={words.endPhoneNote}
              busy={people.busy}
              run={async (because) => {
                const isDone = await people.run((at) => at.endPhone(org.org, operator, kid, because));
                if (isDone) said.say(words.done.phone);
                return isDone;
              }}
            />
          )}
        </div>
      ))}
    </section>
  );
}

/** A new way in for whoever has no passkey left. */
function LostAll({ org, person }: Pick<CardProps, 'org' | 'person'>) {
  const { act, trouble, busy } = useActs(useModel().ports.people);
  const { operator, name } = person;
  const [made, setMade] = useState<InvitationLink | undefined>();
  const make = async () => setMade(await act((backend) => backend.invite(org.org, { name, operator })));
  return (
    <section class="card" data-section="recovery">
      <h2>{words.lostAll}</h2>
      <p>{words.lostAllNote}</p>
      <PeopleTrouble code={trouble} />
      {made === undefined ? (
        <Button icon="key" busy={busy} onClick={() => void make()}>
          {words.newInvitation}
        </Button>
      ) : (
        <MadeInvitation made={made} name={name} />
      )}
    </section>
  );
}
