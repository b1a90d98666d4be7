import { useState } from 'preact/hooks';
import { codeOf } from '../../effects/trouble.ts';
import { invitationIn } from '../invitation-in.ts';
import { go } from '../route.ts';
import { accountWords } from '../words/account.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';
import { problemWords } from '../words/problems.ts';
import { Button } from './button.tsx';
import { CodeFinder } from './code-finder.tsx';
import { TextField } from './text-field.tsx';
import { TroubleCard } from './trouble.tsx';

const words = accountWords.ways;

/** For whoever has no passkey here: the code of another phone or computer, or a new invitation. */
export function PasskeyWays() {
  const [isScanning, setScanning] = useState(false);
  const [text, setText] = useState('');
  const [trouble, setTrouble] = useState<string | undefined>();
  const open = (found: string) => {
    setScanning(false);
    const path = invitationIn(found, location.origin);
    if (path === undefined) setTrouble('code_not_ours');
    else go(path);
  };
  return (
    <section class="card" data-part="ways">
      <h2>{words.title}</h2>
      <h3>{words.device}</h3>
      <p class="quiet">{words.deviceNote}</p>
      {isScanning && (
        <CodeFinder
          onText={open}
          onError={(error) => {
            setScanning(false);
            setTrouble(codeOf(error));
          }}
        />
      )}
      <Button
        icon="scan"
        onClick={() => {
          setTrouble(undefined);
          setScanning(!isScanning);
        }}
      >
        {isScanning ? words.stop : words.scan}
      </Button>
      <form
        class="stack-s"
        onSubmit={(event) => {
          event.preventDefault();
          open(text);
        }}
      >
        <TextField
          id="invitation-link"
          label={words.link}
          inputMode="url"
          maxLength={512}
          value={text}
          onText={setText}
        />
        <Button disabled={text.trim() === ''} onClick={() => open(text)}>
          {words.open}
        </Button>
      </form>
      {trouble !== undefined && (
        <TroubleCard
          code={trouble}
          words={(code) => (code === 'code_not_ours' ? problemWords(code) : fieldTroubleWords(code))}
        />
      )}
      <h3>{words.none}</h3>
      <p class="quiet">{words.noneNote}</p>
    </section>
  );
}
