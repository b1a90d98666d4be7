import type { InvitationLink } from '../../../contract/account.ts';
import { peopleWords as words } from '../words/people.ts';
import { InvitationCode } from './invitation-code.tsx';

/** The link of an invitation just made, the one time that it is shown. */
export function MadeInvitation({ made, name }: { readonly made: InvitationLink; readonly name: string }) {
  return (
    <section class="card" data-part="made">
      <p>{words.madeNote}</p>
      {made.waits && (
        <p>
          <strong>{words.madeWaits}</strong>
        </p>
      )}
      {made.mailed === true && <p>{words.mailed}</p>}
      <InvitationCode made={made} caption={words.scan} alt={words.alt(name)} />
    </section>
  );
}
