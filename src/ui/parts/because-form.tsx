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
  /** It is asked for already: no button first. */
  readonly isAsked?: boolean;
  readonly onCancel?: () => void;
  readonly run: (because: string) => Promise<boolean>;
}) {
  const { id, act, of, about, busy, disabled = false, isAsked = false, onCancel, run } = props;
  const [isOpen, setOpen] = useState(isAsked);
  const [because, setBecause] = useState('');
  const perform = async () => {
    if (!(await run(because.trim()))) return;
    setOpen(false);
    setBecause('');
  };
  if (!isOpen)
    return (
      <Button of={of} onClick={() => setOpen(true)}>
        {act}
      </Button>
    );
  return (
    <div class="stack-s" data-act={id}>
      <p>{about}</p>
      <TextField
        id={`${id}-because`}
        label={words.because}
        of={`${act} ${of}`}
        help={words.becauseHelp}
        maxLength={300}
        value={because}
        onText={setBecause}
      />
      <div class="two">
        <Button
          disabled={busy}
          of={`${act} ${of}`}
          onClick={() => {
            setOpen(false);
            onCancel?.();
          }}
        >
          {words.cancel}
        </Button>
        <Button
          kind="danger"
          busy={busy}
          disabled={disabled || because.trim() === ''}
          of={of}
          onClick={() => void perform()}
        >
          {act}
        </Button>
      </div>
    </div>
  );
}
