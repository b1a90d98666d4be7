import { useState } from 'preact/hooks';
import type { OpenInvitation, OrgPerson } from '../../../contract/account.ts';
import type { Membership } from '../../../contract/operator.ts';
import { ROLES } from '../../../contract/roles.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { OfPeople, type PeopleOf, PeopleTrouble, usePeople } from '../parts/people-page.tsx';
import { RoleRights } from '../parts/role-rights.tsx';
import { Said, type SaidOf, useSaid } from '../parts/said.tsx';
import { TextField } from '../parts/text-field.tsx';
import { go, goBack } from '../route.ts';
import { when } from '../words/en.ts';
import { peopleWords as words } from '../words/people.ts';
import { rightWords } from '../words/rights.ts';

/** From so many on, a list is looked through by name. */
const MANY = 8;

/** Who works in an organisation, who is invited, and what each role may do. It needs signal. */
export function PeopleScreen() {
  return <OfPeople>{(org) => <People key={org.org} org={org} />}</OfPeople>;
}

function People({ org }: { readonly org: Membership }) {
  const model = useModel();
  const people = usePeople(org.org);
  const said = useSaid();
  const [text, setText] = useState('');
  const members = people.found?.people ?? [];
  const wanted = text.trim().toLowerCase();
  const found = members.filter(({ name, operator }) => `${name} ${operator}`.toLowerCase().includes(wanted));
  const orgs = model.orgsWith('manage_people');
  return (
    <Page
      title={words.title}
      intro={words.intro(org.title)}
      onBack={goBack}
      wide
      actions={
        <Button kind="primary" icon="person" onClick={() => go(`/invite?org=${org.org}`)}>
          {words.invite}
        </Button>
      }
    >
      {orgs.length > 1 && (
        <nav class="filters" aria-label={words.title}>
          {orgs.map((one) => (
            <a
              key={one.org}
              class="button"
              href={`/people?org=${one.org}`}
              aria-current={one.org === org.org ? 'page' : undefined}
            >
              {one.title}
            </a>
          ))}
        </nav>
      )}
      <PeopleTrouble code={people.trouble} />
      <Said of={said} />
      <div class="stack wide-two">
        <section class="stack-s" data-section="members">
          <h2>
            {words.members} <span class="count">{members.length}</span>
          </h2>
          {members.length > MANY && (
            <TextField id="find-person" inputMode="search" label={words.find} value={text} onText={setText} />
          )}
          {members.length > 0 && found.length === 0 && <p class="quiet">{words.nobodyFound}</p>}
          {found.length > 0 && (
            <ul class="list">
              {found.map((person) => (
                <li key={person.operator}>
                  <PersonRow org={org.org} person={person} />
                </li>
              ))}
            </ul>
          )}
        </section>
        <div class="stack">
          <Invitations org={org.org} people={people} said={said} />
          <section class="stack-s" data-section="roles">
            <h2>{words.roles}</h2>
            {ROLES.map((role) => (
              <details class="folded boxed" key={role}>
                <summary>{rightWords.roles[role]}</summary>
                <RoleRights role={role} />
              </details>
            ))}
            <p class="quiet small">{words.every}</p>
          </section>
        </div>
      </div>
    </Page>
  );
}

function PersonRow({ org, person }: { readonly org: string; readonly person: OrgPerson }) {
  const model = useModel();
  const { operator, name, role, passkeys, sessions, lastSeenAt } = person;
  const phones = person.phones.filter(({ revokedAt }) => revokedAt === undefined);
  const unsent = phones.reduce((sum, phone) => sum + phone.unsent, 0);
  const isMe = operator === model.enrolment.value?.credential.operator;
  return (
    <a class="row" href={`/person/${operator}?org=${org}`} data-operator={operator}>
      <span class="disc">
        <Icon name="person" />
      </span>
      <span class="row-main">
        <span class="row-title" dir="auto">
          {name} {isMe && <span class="quiet">({words.you})</span>}
        </span>
        <span class="row-sub">
          {rightWords.roles[role]}
          {' · '}
          {lastSeenAt === undefined ? words.neverSeen : words.seen(when(Date.parse(lastSeenAt)))}
        </span>
        <span class="row-sub">
          {words.uses(passkeys, sessions, phones.length)}
          {unsent > 0 && ` · ${words.waiting(unsent)}`}
        </span>
      </span>
      <span class="chevron">
        <Icon name="chevron" size={20} />
      </span>
    </a>
  );
}

function Invitations(props: { readonly org: string; readonly people: PeopleOf; readonly said: SaidOf }) {
  const { org, people, said } = props;
  const open = people.found?.invitations;
  const answer = async (of: OpenInvitation, how: 'withdraw' | 'approve') => {
    if (!(await people.run((backend) => backend.answerInvitation(org, of.id, how)))) return;
    said.say(how === 'withdraw' ? words.withdrawn(of.name) : words.approved(of.name));
  };
  return (
    <section class="stack-s" data-section="invitations">
      <h2>{words.invitations}</h2>
      {open?.length === 0 && <p class="quiet">{words.none}</p>}
      {open?.map((one) => (
        <article class="card" key={one.id} data-invited={one.name} data-tone={one.waits ? 'wait' : undefined}>
          <h3 dir="auto">{one.name}</h3>
          <p>
            {words.kinds[one.kind]}
            {one.role !== undefined && `, ${rightWords.roles[one.role]}`}
            <br />
            <span class="quiet small">{words.made(one.by, when(Date.parse(one.expiresAt)))}</span>
          </p>
          {one.waits && (
            <>
              <p>
                <strong>{words.waits}</strong>
              </p>
              <p class="small">{words.waitsNote}</p>
            </>
          )}
          <div class="two">
            <Button of={one.name} disabled={people.busy} onClick={() => void answer(one, 'withdraw')}>
              {words.withdraw}
            </Button>
            {one.waits && (
              <Button of={one.name} disabled={people.busy} onClick={() => void answer(one, 'approve')}>
                {words.approve}
              </Button>
            )}
          </div>
        </article>
      ))}
    </section>
  );
}
