import { useEffect, useMemo, useState } from 'preact/hooks';
import type { DraftOffer } from '../install-draft.ts';
import { draftBook } from '../install-parts.ts';
import { useModel } from '../model-context.ts';
import { bindWords } from '../words/bind.ts';
import { age } from '../words/en.ts';
import { Button, LinkButton } from './button.tsx';

/** Goes on with a device that somebody stopped at, by its name: never by the button that begins with the next one. */
export function DraftOffers() {
  const model = useModel();
  const operator = model.enrolment.value?.credential.operator;
  const packs = model.workPacks.value;
  const book = useMemo(() => draftBook(model), [model, operator]);
  const [offers, setOffers] = useState<readonly DraftOffer[]>([]);
  const read = () => void book.offers().then(setOffers);
  // the packs say whose drafts still count
  useEffect(read, [book, packs]);
  const [newest, ...others] = offers;
  if (newest === undefined) return null;
  const drop = (key: string) => void book.throwAway(key).then(read);
  return (
    <section class="card" data-part="resume">
      <h2>{bindWords.resume.title}</h2>
      <Offer of={newest} now={model.now.value} onDrop={drop} />
      {others.length > 0 && (
        <details class="folded">
          <summary>{bindWords.resume.others(others.length)}</summary>
          {others.map((offer) => (
            <Offer key={offer.key} of={offer} now={model.now.value} onDrop={drop} />
          ))}
        </details>
      )}
    </section>
  );
}

function Offer(props: {
  readonly of: DraftOffer;
  readonly now: number;
  readonly onDrop: (key: string) => void;
}) {
  const { key, name, model, at } = props.of;
  return (
    <div class="stack" data-draft={key}>
      <p>
        <strong class="mono" dir="ltr">
          {name}
        </strong>
        <span class="row-sub" dir="auto">
          {' '}
          {model === undefined ? '' : `${model} · `}
          {age(Math.max(0, props.now - at))}
        </span>
      </p>
      <div class="two">
        <LinkButton href={`/bind/resume?of=${encodeURIComponent(key)}`} of={name}>
          {bindWords.resume.goOn}
        </LinkButton>
        <Button kind="plain" of={name} onClick={() => props.onDrop(key)}>
          {bindWords.resume.throwAway}
        </Button>
      </div>
    </div>
  );
}
