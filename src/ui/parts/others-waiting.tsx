import { useModel } from '../model-context.ts';
import { waitingHere } from '../waiting-here.ts';
import { accountWords } from '../words/account.ts';

/** Before somebody signs in on a phone: whose records wait on it, and that they stay theirs. `besides`: who signs in, where that is known. */
export function OthersWaiting({ besides }: { readonly besides?: string | undefined }) {
  const waiting = waitingHere(useModel()).filter(
    ({ operator }) => operator === undefined || operator !== besides,
  );
  if (waiting.length === 0) return null;
  return (
    <section class="card" data-part="others-waiting">
      {waiting.map(({ name, unsent }) => (
        <p key={name}>{accountWords.others(name, unsent)}</p>
      ))}
    </section>
  );
}
