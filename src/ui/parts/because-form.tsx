import { useState } from 'preact/hooks';
import { peopleWords } from '../words/people.ts';
import { Button } from './button.tsx';
import { TextField } from './text-field.tsx';

const words = peopleWords.person;

/** An act that wants a reason: a button first, then what it does and why, then done. */
export function BecauseForm(props: {
  readonly id: string;
  readonly act: string;
  readonly of: string;
  readonly about: string;
  readonly busy: boolean;
  readonly disabled?: boolean;
  readonly run: (because: string) => Promise<boolean>;
}) {
  const { id, act, of, about, busy, disabled = false, run } = props;
  const [isOpen, setOpen] = useState(false);
  const [because, setBecause] = useState('');
  const perform = async () => {
    if (!(await run(because.trim()))) return;
    setOpen(false);
    setBecause('');
  };
  if (!isOpen)
    return (
      <Button of={of} disabled={disabled} onClick={() => setOpen(true)}>
        {act}
      </Button>
    );
  return (
    <div class="stack-s" data-act={id}>
      <p>{about}</p>
      <TextField
        id={`${id}-because`}
        label={words.because}
        help={words.becauseHelp}
        maxLength={300}
        value={because}
        onText={setBecause}
      />
      <div class="two">
        <Button disabled={busy} onClick={() => setOpen(false)}>
          {words.cancel}
        </Button>
        <Button kind="danger" busy={busy} disabled={because.trim() === ''} onClick={() => void perform()}>
          {act}
        </Button>
      </div>
    </div>
  );
}
