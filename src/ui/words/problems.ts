import type { ProblemCode, RekeyRefusal } from '../../../contract/codes.ts';
import { say, type TroubleCode, type TroubleWords, troubleWords } from './trouble.ts';

/** What an authenticator or a push service gave instead of an answer, and what becomes of a sign-in by somebody else. */
type PasskeyCode =
  | 'passkey_not_used'
  | 'passkey_here_already'
  | 'passkey_not_possible'
  | 'somebody_else'
  | 'code_not_ours'
  | 'push_denied'
  | 'push_not_possible';

/** Problems that the first screens do not have; a code without words does not compile. */
const PROBLEMS: Record<Exclude<ProblemCode, RekeyRefusal | TroubleCode> | PasskeyCode, TroubleWords> = {
  // The passkey
  passkey_not_used: say(
    'The passkey was not used.',
    'Try again. If there is no passkey of yours here, take another way.',
  ),
  passkey_here_already: say(
    'There is a passkey of yours here already.',
    'Sign in with it. Another phone or computer needs another one.',
  ),
  passkey_not_possible: say(
    'This browser cannot use passkeys here.',
    'Open the app in Chrome or Edge, on a phone or computer with a screen lock.',
  ),
  passkey_unknown: say(
    'This passkey is nobody’s here, or it has ended.',
    'Choose another one, or take another way.',
  ),
  passkey_refused: say(
    'The passkey’s answer does not hold.',
    'Unlock with your finger, face or PIN when you are asked, and try again.',
  ),
  passkey_cloned: say(
    'There seems to be a copy of this passkey, so it has ended.',
    'Tell an administrator. They send you a new invitation.',
  ),
  somebody_else: say(
    'This is somebody else’s passkey. They are signed in now.',
    'What you were doing was not done.',
  ),

  // Invitations
  guessing_locked: say(
    'Too many tries failed from here, so none is taken for a while.',
    'Wait a quarter of an hour, then try again.',
  ),
  invitation_unknown: say(
    'There is no such invitation.',
    'Open the whole link, or ask whoever sent it for a new one.',
  ),
  invitation_used: say(
    'This invitation was used already.',
    'If it was you, sign in with your passkey. If not, tell an administrator at once.',
  ),
  invitation_over: say(
    'This invitation has ended.',
    'Ask whoever invited you for a new one. A code for another phone or computer is good for ten minutes.',
  ),
  invitation_waits: say(
    'A second administrator must agree to this invitation first.',
    'Ask them to. This link then works: open it again.',
  ),
  code_not_ours: say(
    'This is no invitation to this installation.',
    'Scan the code that your other phone or computer shows, or paste the whole link.',
  ),

  // People
  last_administrator: say(
    'Nobody would be left who may say who belongs to the organisation.',
    'Make somebody else an administrator first.',
  ),
  several_organisations: say(
    'This person works for other organisations too.',
    'An installation administrator lets them in again.',
  ),
  administrator_too_new: say(
    'Two must agree who have been administrators for seven days, or for longer than this person.',
    'Ask a colleague who is one for longer, or whoever runs the server (operator recover).',
  ),
  installation_administrator: say(
    'This person answers for the whole installation.',
    'Another installation administrator, or whoever runs the server, may do this (operator recover, operator installation).',
  ),
  own_request: say('Somebody else must agree to this.', 'Ask a colleague who may.'),

  // What one is told while not looking
  push_denied: say(
    'This browser may not show notifications of this app.',
    'Allow them in the settings of the browser or the phone, then try again.',
  ),
  push_not_possible: say(
    'This browser cannot be told anything while the app is closed.',
    'Use mail, or another browser.',
  ),

  // Everything else
  unauthenticated: say('Nobody is signed in.', 'Sign in.'),
  origin_refused: say('The request came from another page.', 'Open the app by its own address.'),
  not_found: say('There is no such thing here.', 'Somebody may have ended it. Look again.'),
  method_not_allowed: say('The backend is of another version than this app.', 'Reload the app.'),
  request_invalid: say('The backend cannot read this.', 'Look over what you typed, and try again.'),
  too_large: say('This is too large.', 'Leave something out.'),
  nonce_unknown: say('This took too long.', 'Try again.'),
  proof_invalid: say('The proof does not hold.', 'Try again; if it stays so, tell support.'),
  conflict: say('It is otherwise by now.', 'Look at it as it is now.'),
  rate_limited: say('Too many tries in a short time.', 'Wait a minute, then try again.'),
  unavailable: say('The backend cannot do this now.', 'Try again in a minute.'),
  internal: say('Something went wrong at the backend.', 'Try again; if it stays so, tell support.'),
};

/** Words for a problem; any other code has those of the whole app. */
export function problemWords(code: string): TroubleWords {
  return code in PROBLEMS ? PROBLEMS[code as keyof typeof PROBLEMS] : troubleWords(code);
}
