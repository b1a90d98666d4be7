import { useState } from 'preact/hooks';
import type { PhotosOfRecord } from '../../../contract/photo.ts';
import { codeOf, failureCode } from '../../effects/trouble.ts';
import { useModel } from '../model-context.ts';
import { photoWords } from '../words/photos.ts';
import { Button } from './button.tsx';
import { Picture } from './photo-picture.tsx';
import { TroubleCard } from './trouble.tsx';

type ShownPhoto = PhotosOfRecord['photos'][number] & { readonly data: Uint8Array | 'changed' | undefined };

interface PhotosOf {
  readonly org: string;
  readonly record: string;
  /** Of its device. */
  readonly udid: string;
}

/** The photos of a record, when asked for. What is shown has the digest that its author signed. */
export function DeskPhotos({ org, record, udid }: PhotosOf) {
  const model = useModel();
  const [shown, setShown] = useState<readonly ShownPhoto[] | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  const show = async () => {
    setBusy(true);
    setTrouble(undefined);
    try {
      const answer = await (await model.ports.photos()).ofRecord(org, record);
      if (answer.ok) setShown(answer.value);
      else setTrouble(failureCode(answer.failure));
    } catch (error) {
      setTrouble(codeOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="stack-s" data-part="desk-photos">
      {shown === undefined ? (
        <Button busy={busy} of={udid} onClick={() => void show()}>
          {photoWords.desk.show}
        </Button>
      ) : shown.length === 0 ? (
        <p class="quiet small">{photoWords.desk.none}</p>
      ) : (
        shown.map(({ digest, data }, i) =>
          data === undefined || data === 'changed' ? (
            <p key={digest} class="quiet small">
              {data === 'changed' ? photoWords.desk.changed : photoWords.desk.coming}
            </p>
          ) : (
            <Picture key={digest} data={data} alt={photoWords.alt(i + 1)} />
          ),
        )
      )}
      {trouble !== undefined && <TroubleCard code={trouble} />}
    </div>
  );
}
