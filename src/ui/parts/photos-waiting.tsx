import { useEffect, useState } from 'preact/hooks';
import { useModel } from '../model-context.ts';
import { photoWords } from '../words/photos.ts';

/** How many photos of this phone the backend does not have yet; nothing where there are none. */
export function PhotosWaiting() {
  const model = useModel();
  const [waiting, setWaiting] = useState({ count: 0, bytes: 0, sent: 0 });
  const version = model.photoVersion.value;
  // the version says when a photo changed
  useEffect(() => {
    void model.ports.photos().then(async ({ store }) => setWaiting(await store.waiting()));
  }, [version]);
  if (waiting.count === 0) return null;
  const { count, bytes, sent } = waiting;
  return (
    <section class="card" data-part="photos-waiting">
      <progress max={bytes} value={sent} aria-label={photoWords.of} />
      <p>{photoWords.waiting(count, sent / bytes)}</p>
    </section>
  );
}
