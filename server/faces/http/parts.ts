import type { Guesses } from '../../accounts/guesses.ts';
import type { Joining, JoinParts } from '../../accounts/joining.ts';
import type { Passkeys } from '../../accounts/passkeys.ts';
import type { SignIn } from '../../accounts/sign-in.ts';
import type { Decider } from '../../authority/ra/records/decider.ts';
import type { Enrolment } from '../../organisations/enrol.ts';
import type { EventSender } from '../../outside/events/sender.ts';
import type { OwnNoticesDesk } from '../../outside/notices/own-notices.ts';
import type { Anchors } from '../../phones/anchors.ts';
import type { PhotoIntake } from '../../phones/keep-photo.ts';
import type { ListAnswer } from '../../phones/list-changes.ts';
import type { Intake } from '../../phones/receive-batch.ts';
import type { Rescue } from '../../phones/rescue.ts';
import type { StatementParts } from '../../phones/take-statements.ts';
import type { WorkPacks } from '../../phones/work-pack.ts';
import type { AccessNotes } from '../../ports/access-notes.ts';
import type { Notifier } from '../../ports/notifier.ts';
import type { Org } from '../../ports/orgs.ts';
import type { Health } from '../../watch/health.ts';
import type { HttpFace } from '../face.ts';

/** What HTTP handlers need of the system behind them. */
export interface HttpParts {
  readonly installation: HttpFace;
  readonly signIn: SignIn;
  readonly passkeys: Passkeys;
  readonly joining: Joining;
  readonly guesses: Guesses;
  /** Makes an organisation with its CA. */
  readonly makeOrg: JoinParts['makeOrg'];
  readonly enrolment: Enrolment;
  readonly intake: Intake;
  readonly rescue: Rescue;
  readonly photos: PhotoIntake;
  readonly packs: WorkPacks;
  readonly anchors: Anchors;
  readonly lists: (org: Org, after: string) => Promise<ListAnswer>;
  readonly decider: Decider;
  readonly events: EventSender;
  readonly ownNotices: OwnNoticesDesk;
  readonly notifier: Notifier;
  readonly access: AccessNotes;
  /** Ends a statement key that one of ours says has ended (phones/take-statements.ts). */
  readonly endKey: StatementParts['endKey'];
  /** Whether this server can do its work. */
  readonly health: () => Promise<Health>;
  /** Until when the certificate of HTTPS is good, 0 before there is one; undefined where TLS does not end here. */
  readonly certificateUntil: () => number | undefined;
  readonly onFault: (error: unknown) => void;
}
