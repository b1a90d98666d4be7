import { useEffect, useState } from 'preact/hooks';
import type { InvitationLink } from '../../../contract/account.ts';
import { useModel } from '../model-context.ts';
import { useCopy } from '../use-copy.ts';
import { accountWords } from '../words/account.ts';
import { when } from '../words/en.ts';
import { Button } from './button.tsx';
import { LabelArt } from './label-art.tsx';

const words = accountWords.link;
const HOUR_MS = 3_600_000;
const LOOK_MS = 1_000;

/** Time left of a link by the backend's clock, milliseconds; looked at each second. */
export function useTimeLeft({ expiresAt }: Pick<InvitationLink, 'expiresAt'>): number {
  const { ports, behindBackend } = useModel();
  const look = () => Date.parse(expiresAt) - ports.clock.now() - (behindBackend.value ?? 0);
  const [left, setLeft] = useState(look);
  useEffect(() => {
    const timer = setInterval(() => setLeft(look()), LOOK_MS);
    return () => clearInterval(timer);
  }, [expiresAt]);
  return left;
}

/** An invitation's link as a code for a camera, and as text to hand on. It is on no other screen and in no storage. */
export function InvitationCode(props: {
  readonly made: InvitationLink;
  readonly caption: string;
  readonly alt: string;
}) {
  const { link, expiresAt } = props.made;
  const left = useTimeLeft(props.made);
  const [isCopied, copy] = useCopy(link);
  return (
    <div class="stack" data-part="invitation-code">
      <LabelArt text={link} caption={props.caption} alt={props.alt} isSentence />
      <p>
        {left < HOUR_MS ? words.left(Math.floor(left / 60_000)) : words.until(when(Date.parse(expiresAt)))}
      </p>
      <div class="field">
        <label for="made-link">{words.address}</label>
        <input
          id="made-link"
          class="input mono"
          readOnly
          value={link}
          onFocus={(event) => event.currentTarget.select()}
        />
      </div>
      <div class="two">
        <Button icon="certificate" onClick={() => void copy()}>
          {words.copy}
        </Button>
        {navigator.share !== undefined && (
          // Given up by the person, or not possible: the link stands there all the same.
          <Button icon="outbox" onClick={() => void navigator.share({ url: link }).catch(() => undefined)}>
            {words.share}
          </Button>
        )}
      </div>
      <p role="status" class="quiet">
        {isCopied ? words.copied : ''}
      </p>
    </div>
  );
}
