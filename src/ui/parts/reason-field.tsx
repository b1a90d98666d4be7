import { fieldWords } from '../words/field.ts';

/** Why somebody decides as they do at the desk; the trail keeps it. */
export function ReasonField(props: {
  readonly id: string;
  /** The device it is about. */
  readonly of?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <div class="field">
      <label for={props.id}>
        {fieldWords.desk.reason}
        {props.of !== undefined && <span class="visually-hidden"> {props.of}</span>}
      </label>
      <input
        id={props.id}
        class="input"
        maxLength={300}
        value={props.value}
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
    </div>
  );
}
