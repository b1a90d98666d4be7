import { useEffect, useState } from 'preact/hooks';
import { codeOf } from '../../effects/trouble.ts';
import type { PhotoRow } from '../../ports/photos.ts';
import { useModel } from '../model-context.ts';
import { photoTrouble, photoWords } from '../words/photos.ts';
import { troubleWords } from '../words/trouble.ts';
import { PhotoPicture } from './photo-picture.tsx';

/** As many as a record may name. */
const MOST = 3;
export interface PickedPhoto {
  readonly digest: string;
  readonly bytes: number;
}

/** Photos of the device at hand, taken before its record is saved. Each is stored at once, so a restart finds it. */
export function PhotoPicker(props: {
  readonly udid: string;
  onChange(photos: readonly PickedPhoto[]): void;
  /** False once all that was taken is in the last {@link onChange}, or said why not. */
  onBusy(busy: boolean): void;
}) {
  const { udid, onChange, onBusy } = props;
  const model = useModel();
  const [rows, setRows] = useState<readonly PhotoRow[]>([]);
  const [busy, setOwnBusy] = useState(true);
  const setBusy = (now: boolean) => {
    setOwnBusy(now);
    onBusy(now);
  };
  const [trouble, setTrouble] = useState<string | undefined>();
  const read = async () => {
    const found = (await (await model.ports.photos()).store.loose(udid)).slice(0, MOST);
    setRows(found);
    onChange(found.map(({ digest, bytes }) => ({ digest, bytes })));
  };
  const guarded = (work: () => Promise<unknown>) => async () => {
    setBusy(true);
    setTrouble(undefined);
    try {
      await work();
      await read();
    } catch (error) {
      setTrouble(codeOf(error));
    } finally {
      setBusy(false);
    }
  };
  // once per device
  useEffect(() => {
    void guarded(async () => undefined)();
  }, [udid]);
  const add = (file: File | undefined) => {
    if (file !== undefined) void guarded(async () => (await model.ports.photos()).take(file, udid))();
  };
  return (
    <section class="card" data-part="photos">
      <h2>{photoWords.title}</h2>
      <p class="quiet small">{photoWords.note}</p>
      {rows.length > 0 && (
        <ul class="photos">
          {rows.map(({ digest }, i) => (
            <li key={digest} data-photo={digest}>
              <PhotoPicture digest={digest} alt={photoWords.alt(i + 1)} />
              <button
                type="button"
                class="button"
                disabled={busy}
                onClick={() => void guarded(async () => (await model.ports.photos()).store.drop(digest))()}
              >
                {photoWords.remove(i + 1)}
              </button>
            </li>
          ))}
        </ul>
      )}
      {rows.length < MOST && (
        <label class="button" aria-busy={busy}>
          <input
            type="file"
            class="visually-hidden"
            accept="image/*"
            capture="environment"
            disabled={busy}
            onChange={(event) => {
              add(event.currentTarget.files?.[0]);
              event.currentTarget.value = '';
            }}
          />
          <span>{busy ? photoWords.working : photoWords.add}</span>
        </label>
      )}
      {trouble !== undefined && <PhotoTrouble code={trouble} />}
    </section>
  );
}

function PhotoTrouble({ code }: { readonly code: string }) {
  const { what, next } = photoTrouble(code) ?? troubleWords(code);
  return (
    <p role="alert">
      {what} {next}
    </p>
  );
}
