import { useState } from 'preact/hooks';
import { codeOf } from '../../effects/trouble.ts';
import type { PlaceInput } from '../../flow/place.ts';
import { useModel } from '../model-context.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';
import { placeWords as say } from '../words/place.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

/** Where the phone is, only where a person adds it, and shown before it is signed. */
export function LocationField(props: {
  readonly chosen: PlaceInput;
  readonly choose: (next: PlaceInput) => void;
  readonly disabled: boolean;
}) {
  const { chosen, choose, disabled } = props;
  const model = useModel();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | undefined>();
  const { location, ...without } = chosen;
  const ask = async () => {
    setBusy(true);
    setTrouble(undefined);
    try {
      choose({ ...chosen, location: await model.ports.whereabouts.here() });
    } catch (error) {
      setTrouble(codeOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="stack" data-part="location">
      {location === undefined ? (
        <Button icon="pin" busy={busy} disabled={disabled} onClick={() => void ask()}>
          {busy ? say.locating : say.here}
        </Button>
      ) : (
        <>
          <p role="status">
            <Icon name="pin" size={20} /> {say.located(location.accuracyMetres)}
          </p>
          <Button kind="plain" disabled={disabled} onClick={() => choose(without)}>
            {say.notHere}
          </Button>
        </>
      )}
      {trouble !== undefined && (
        <p role="alert" data-code={trouble}>
          {fieldTroubleWords(trouble).what} {fieldTroubleWords(trouble).next}
        </p>
      )}
    </div>
  );
}
