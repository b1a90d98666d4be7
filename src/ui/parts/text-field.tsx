/** A field of one line, with its label above and what helps below. */
export function TextField(props: {
  readonly id: string;
  readonly label: string;
  /** What it is about, where another field has the same label. */
  readonly of?: string;
  readonly help?: string;
  readonly value: string;
  readonly inputMode?: 'text' | 'email' | 'search' | 'numeric' | 'url';
  readonly autocomplete?: 'name' | 'organization' | 'off';
  readonly maxLength?: number;
  readonly onText: (text: string) => void;
}) {
  const {
    id,
    label,
    of,
    help,
    value,
    inputMode = 'text',
    autocomplete = 'off',
    maxLength = 120,
    onText,
  } = props;
  return (
    <div class="field">
      <label for={id}>
        {label}
        {of !== undefined && <span class="visually-hidden"> {of}</span>}
      </label>
      <input
        id={id}
        class="input"
        inputMode={inputMode}
        maxLength={maxLength}
        autocomplete={autocomplete}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        value={value}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      {help !== undefined && (
        <p id={`${id}-help`} class="quiet small">
          {help}
        </p>
      )}
    </div>
  );
}
