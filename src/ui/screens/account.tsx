import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { OwnNotices } from '../parts/own-notices.tsx';
import { OwnPasskeys } from '../parts/own-passkeys.tsx';
import { OwnPhones } from '../parts/own-phones.tsx';
import { OwnSessions } from '../parts/own-sessions.tsx';
import { Page } from '../parts/page.tsx';
import { RoleRights } from '../parts/role-rights.tsx';
import { Said, useSaid } from '../parts/said.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { goBack } from '../route.ts';
import { accountWords } from '../words/account.ts';
import { moreWords } from '../words/more.ts';
import { rightWords } from '../words/rights.ts';

/** What a person signs in with, where they are signed in, and what signs for them. It needs signal. */
export function AccountScreen() {
  const model = useModel();
  const said = useSaid();
  const credential = model.enrolment.value?.credential;
  const isOut = model.connection.value === 'signed_out';
  return (
    <Page title={accountWords.account.title} intro={credential?.name} onBack={goBack}>
      <Said of={said} />
      {isOut ? (
        <TroubleCard code="signed_out">
          <Button icon="person" onClick={() => void model.askToSignIn('ended')}>
            {moreWords.signIn}
          </Button>
        </TroubleCard>
      ) : (
        <>
          <OwnPasskeys said={said} />
          <OwnSessions />
          <OwnPhones said={said} />
          <OwnNotices said={said} />
        </>
      )}
      {credential?.memberships.map(({ org, title, role }) => (
        <details class="folded boxed" key={org}>
          <summary>
            {title}: {rightWords.roles[role]}
          </summary>
          <RoleRights role={role} />
        </details>
      ))}
    </Page>
  );
}
