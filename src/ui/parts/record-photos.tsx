import { useEffect, useState } from 'preact/hooks';
import type { PhotoRow } from '../../ports/photos.ts';
import { useModel } from '../model-context.ts';
import { photoWords } from '../words/photos.ts';
import { PhotoPicture } from './photo-picture.tsx';

/** Photos that a record of this phone names: how far each is, and the picture while it is here. */
export function RecordPhotos({ digests }: { readonly digests: readonly string[] }) {
  const model = useModel();
  const [rows, setRows] = useState<readonly PhotoRow[]>([]);
  const version = model.photoVersion.value;
  // the version says when a photo changed
  useEffect(() => {
    void model.ports.photos().then(async ({ store }) => setRows(await store.rows(digests)));
  }, [digests.join(), version]);
  return (
    <section class="card" data-part="photos">
      <h2>{photoWords.of}</h2>
      <ul class="photos">
        {digests.map((digest, i) => {
          const row = rows.find((photo) => photo.digest === digest);
          return (
            <li
              key={digest}
              data-photo={digest}
              data-state={row?.state ?? 'missing'}
              data-sent={row?.sent ?? 0}
            >
              {row?.state === 'here' && <PhotoPicture digest={digest} alt={photoWords.alt(i + 1)} />}
              <p class="quiet small">{stateWords(row)}</p>
              {row?.state === 'here' && row.sent > 0 && (
                <progress max={row.bytes} value={row.sent} aria-label={photoWords.alt(i + 1)} />
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function stateWords(row: PhotoRow | undefined): string {
  if (row === undefined) return photoWords.states.missing;
  return row.state === 'here' ? photoWords.states.here(row.sent / row.bytes) : photoWords.states[row.state];
}
