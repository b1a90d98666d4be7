import { useModel } from '../model-context.ts';
import { words } from '../words/en.ts';
import { Button } from './button.tsx';

/** That the backend had lost records, and how far this phone has sent them again; nothing where it had not. */
export function SentAgainCard() {
  const model = useModel();
  const again = model.summary.value?.again;
  if (again === undefined) return null;
  const { of, done, putBack, isOver } = again;
  const isGoing = model.connection.value === 'online' || model.draining.value;
  const going = isGoing ? words.again.going(of) : words.again.waits(of);
  return (
    <section class="card" data-part="again" data-done={done} data-tone={isOver ? undefined : 'wait'}>
      <h2>{putBack ? words.again.putBack : words.again.lost}</h2>
      <p role="status">{isOver ? words.again.done(done) : going}</p>
      {isOver ? (
        <>
          {done < of && <p>{words.again.rest(of - done)}</p>}
          <Button onClick={() => void model.readAgain()}>{words.again.read}</Button>
        </>
      ) : (
        <progress max={of} value={done} aria-label={going} />
      )}
    </section>
  );
}
