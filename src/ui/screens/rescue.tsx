import { useEffect, useRef, useState } from 'preact/hooks';
import { codeOf } from '../../effects/trouble.ts';
import type { ImportOutcome } from '../../ports/rescue.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { Page } from '../parts/page.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { goBack } from '../route.ts';
import { photoWords } from '../words/photos.ts';
import { rescueWords } from '../words/rescue.ts';
import { ShowCode, TakeCode } from './hand-over.tsx';

const words = rescueWords.rescue;
const TYPE = 'application/octet-stream';

/** Out of a phone that cannot send, and in by any colleague's. */
export function RescueScreen() {
  return (
    <Page title={words.title} intro={words.intro} onBack={goBack}>
      <SaveCopy />
      <ShowCode />
      <SendFile />
      <TakeCode />
    </Page>
  );
}

function SaveCopy() {
  const model = useModel();
  const unsent = (model.summary.value?.unsent ?? 0) + (model.summary.value?.counts.rejected ?? 0);
  const has = Object.values(model.summary.value?.counts ?? {}).some((n) => n > 0);
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState<number | 'no_key' | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const [photos, setPhotos] = useState(0);
  const version = model.photoVersion.value;
  // the version says when a photo changed
  useEffect(() => {
    void model.ports.photos().then(async ({ store }) => setPhotos((await store.waiting()).count));
  }, [version]);
  const make = async (which: 'unsent' | 'all', give: (file: File) => Promise<void> | void) => {
    setBusy(true);
    setTrouble(undefined);
    try {
      const file = await (await model.ports.rescue()).exportRecords(which);
      if (file !== undefined) await give(fileOf(file.text));
      setSaved(file?.count ?? 'no_key');
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) setTrouble(codeOf(error));
    } finally {
      setBusy(false);
    }
  };
  const canShare = navigator.canShare?.({ files: [fileOf('')] }) ?? false;
  return (
    <section class="card">
      <h2>{words.saveTitle}</h2>
      {unsent === 0 ? (
        <p class="quiet">{words.nothing}</p>
      ) : (
        <>
          <p>{words.saveNote(unsent)}</p>
          <Button kind="primary" icon="shield" busy={busy} onClick={() => void make('unsent', download)}>
            {words.save}
          </Button>
          {canShare && (
            <Button
              icon="person"
              busy={busy}
              onClick={() => void make('unsent', (file) => navigator.share({ files: [file] }))}
            >
              {words.share}
            </Button>
          )}
        </>
      )}
      {has && (
        <>
          <p class="quiet small">{words.allNote}</p>
          <Button icon="shield" busy={busy} onClick={() => void make('all', download)}>
            {words.all}
          </Button>
        </>
      )}
      {photos > 0 && <p class="quiet">{photoWords.notInCopy(photos)}</p>}
      {saved === 'no_key' && <p role="alert">{words.noKey}</p>}
      {typeof saved === 'number' && <p role="status">{words.saved(saved)}</p>}
      {trouble !== undefined && <TroubleCard code={trouble} />}
    </section>
  );
}

function SendFile() {
  const model = useModel();
  const input = useRef<HTMLInputElement>(null);
  const [progress, setProgress] = useState<readonly [number, number] | undefined>();
  const [outcome, setOutcome] = useState<ImportOutcome | undefined>();
  const send = async (file: File | undefined) => {
    if (file === undefined) return;
    setOutcome(undefined);
    setProgress([0, 1]);
    const { importFile } = await model.ports.rescue();
    const result = await importFile(await file.text(), (done, of) => setProgress([done, of]));
    setProgress(undefined);
    setOutcome(result);
    if (result.kind === 'stopped') model.note(result.failure);
  };
  return (
    <section class="card">
      <h2>{words.importTitle}</h2>
      <p class="quiet">{words.importNote}</p>
      <input
        ref={input}
        // the button beside it opens it, and is the one that is called so
        hidden
        type="file"
        aria-label={words.choose}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          void send(file);
          event.currentTarget.value = '';
        }}
      />
      <Button icon="sync" busy={progress !== undefined} onClick={() => input.current?.click()}>
        {progress === undefined ? words.choose : words.sending(...progress)}
      </Button>
      {outcome !== undefined && <Outcome of={outcome} />}
    </section>
  );
}

function Outcome({ of }: { readonly of: ImportOutcome }) {
  switch (of.kind) {
    case 'not_a_rescue_file':
      return <p role="alert">{words.notAFile}</p>;
    case 'stopped':
      return (
        <>
          <TroubleCard code={of.failure.kind} />
          <p>{words.stopped(of.taken)}</p>
        </>
      );
    case 'done':
      return (
        <ul role="status">
          <li data-count="taken">{words.taken(of.taken)}</li>
          {of.known > 0 && <li>{words.known(of.known)}</li>}
          {of.refused > 0 && <li>{words.refused(of.refused)}</li>}
        </ul>
      );
  }
}

function fileOf(text: string): File {
  const day = new Date().toISOString().slice(0, 10);
  return new File([text], `fieldbind-${day}.rescue`, { type: TYPE });
}

function download(file: File): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
  // The download has its own hold on it once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
