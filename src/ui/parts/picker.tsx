import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { tidy } from '../../../core/place.ts';
import { inOrder, isTaken, matching, type PickEntry } from '../pick.ts';
import { placeWords as say } from '../words/place.ts';
import { Icon } from './icon.tsx';

/** Rows drawn at once: a list of thousands is narrowed by typing, and a phone draws these in no time. */
const SHOWN = 50;

interface PickerProps {
  readonly id: string;
  readonly label: string;
  readonly entries: readonly PickEntry[];
  readonly value: string | undefined;
  readonly onChoose: (value: string) => void;
  /** Where what is typed may be made, if nothing is called so. */
  readonly onMake?: ((title: string) => void) | undefined;
  readonly disabled?: boolean;
}

/** One of many by a list that can be searched: closed it is a button that says what is chosen, open a field and rows. */
export function Picker(props: PickerProps) {
  const { id, label, entries, value, disabled = false } = props;
  // With nothing chosen yet the list is what the person came for.
  const [open, setOpen] = useState(value === undefined);
  const button = useRef<HTMLButtonElement>(null);
  const chosen = entries.find((entry) => entry.value === value);
  const close = () => {
    setOpen(false);
    // The button stands there with the next drawing.
    setTimeout(() => button.current?.focus({ preventScroll: true }));
  };
  return (
    <div class="field picker" data-pick={id} data-open={open ? 'yes' : 'no'}>
      <span class="field-name" id={`${id}-name`}>
        {label}
      </span>
      {open ? (
        <OpenPicker {...props} onClose={value === undefined ? undefined : close} onDone={close} />
      ) : (
        <button
          type="button"
          class="input picked"
          id={id}
          ref={button}
          disabled={disabled}
          aria-haspopup="listbox"
          aria-expanded={false}
          aria-labelledby={`${id}-name ${id}-chosen`}
          onClick={() => setOpen(true)}
        >
          <span id={`${id}-chosen`} class="row-main" dir="auto">
            {chosen === undefined ? say.choose : chosen.title}
          </span>
          <Icon name="chevron" size={20} />
        </button>
      )}
    </div>
  );
}

function OpenPicker(
  props: PickerProps & { readonly onClose: (() => void) | undefined; readonly onDone: () => void },
) {
  const { id, entries, value, onChoose, onMake, onClose, onDone } = props;
  const [text, setText] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const ordered = useMemo(() => inOrder(entries), [entries]);
  // It opens at what is chosen: Enter takes that again, not the first of the alphabet.
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      ordered.findIndex((entry) => entry.value === value),
    ),
  );
  const [shown, setShown] = useState(Math.max(SHOWN, at + 1));
  const found = useMemo(() => matching(ordered, text), [ordered, text]);
  const title = tidy(text);
  const canMake = onMake !== undefined && title !== '' && !isTaken(ordered, title);
  const rows = found.slice(0, shown);
  const size = rows.length + (canMake ? 1 : 0);
  // A person who opened it goes on in it; on the step's first look nobody has opened anything.
  useEffect(() => {
    if (value !== undefined) list.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  const take = (index: number) => {
    const row = rows[index];
    if (row !== undefined) onChoose(row.value);
    else if (canMake && index === rows.length) onMake(title);
    else return;
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: size - 1 }[event.key];
    if (move !== undefined && !(event.target === field.current && /Home|End/.test(event.key))) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(size - 1, move)));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      take(at);
    } else if (event.key === 'Escape' && onClose !== undefined) {
      event.preventDefault();
      onClose();
    } else if (event.target === list.current && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      field.current?.focus();
    }
  };
  const active = size === 0 ? undefined : `${id}-${at}`;
  return (
    <>
      <input
        class="input"
        id={`${id}-search`}
        ref={field}
        type="text"
        role="combobox"
        dir="auto"
        autocomplete="off"
        maxLength={120}
        aria-expanded={true}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={active}
        aria-labelledby={`${id}-name`}
        placeholder={onMake === undefined ? say.search : say.searchOrMake}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
          setShown(SHOWN);
        }}
        onKeyDown={onKeyDown}
      />
      <div
        class="list picks"
        id={`${id}-list`}
        ref={list}
        role="listbox"
        tabIndex={0}
        aria-labelledby={`${id}-name`}
        aria-activedescendant={active}
        onKeyDown={onKeyDown}
      >
        {rows.map((entry, i) => (
          <button
            type="button"
            tabIndex={-1}
            key={entry.value}
            id={`${id}-${i}`}
            role="option"
            class="pick"
            data-value={entry.value}
            data-at={i === at ? 'yes' : undefined}
            aria-selected={entry.value === value}
            onClick={() => take(i)}
          >
            <span class="row-main">
              <span dir="auto">{entry.title}</span>
              {entry.sub !== undefined && (
                <span class="row-sub" dir="auto">
                  {entry.sub}
                </span>
              )}
            </span>
            {entry.value === value && <Icon name="check" size={20} />}
          </button>
        ))}
        {canMake && (
          <button
            type="button"
            tabIndex={-1}
            id={`${id}-${rows.length}`}
            role="option"
            class="pick"
            data-make="yes"
            data-at={at === rows.length ? 'yes' : undefined}
            aria-selected={false}
            onClick={() => take(rows.length)}
          >
            <span class="row-main" dir="auto">
              {say.make(title)}
            </span>
          </button>
        )}
      </div>
      <p class="quiet small" role="status">
        {found.length === 0 && !canMake ? say.nothing : say.found(rows.length, found.length)}
      </p>
      {found.length > rows.length && (
        <button type="button" class="button" onClick={() => setShown(shown + 4 * SHOWN)}>
          {say.more}
        </button>
      )}
    </>
  );
}
