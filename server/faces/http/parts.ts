import type { Decider } from '../../authority/ra/records/decider.ts';
import type { Enrolment } from '../../organisations/enrol.ts';
import type { SignIn } from '../../organisations/sign-in.ts';
import type { EventSender } from '../../outside/events/sender.ts';
import type { WorkPacks } from '../../phones/work-pack.ts';
import type { StepListener } from '../../ports/instrument.ts';
import type { Face } from '../face.ts';

/** What HTTP handlers need of the system behind them. */
export interface HttpParts {
  readonly installation: Face;
  readonly signIn: SignIn;
  readonly enrolment: Enrolment;
  readonly packs: WorkPacks;
  readonly decider: Decider;
  readonly events: EventSender;
  readonly onStep: StepListener;
  readonly onFault: (error: unknown) => void;
}
