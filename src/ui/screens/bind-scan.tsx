import { useEffect, useRef, useState } from 'preact/hooks';
import { codeOf } from '../../effects/trouble.ts';
import type { InstallFlow, InstallState } from '../../flow/install.ts';
import type { LabelReader, Viewfinder, ViewfinderHint } from '../../ports/label-reader.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
import { go } from '../route.ts';
import { announceScan } from '../scan-feedback.ts';
import { bindWords } from '../words/bind.ts';
import { fieldWords } from '../words/field.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';

/** Step 1: camera, photo or typed code; the typed code is always offered. */
export function ScanStep({ flow, state }: { readonly flow: InstallFlow; readonly state: InstallState }) {
  const [typing, setTyping] = useState(false);
  const [reading, setReading] = useState(false);
  const busy = state.at === 'looking_up' || reading;
  const readPhoto = usePhoto(flow, setReading);
  return (
    <Page
      title={fieldWords.scan.title}
      onBack={() => go('/')}
      actions={
        <div class="two">
          <label class="button">
            <Icon name="photo" />
            <span>{fieldWords.scan.photo}</span>
            <input
              class="visually-hidden"
              type="file"
              accept="image/*"
              capture="environment"
              onChange={(event) => readPhoto(event.currentTarget)}
            />
          </label>
          <Button icon={typing ? 'scan' : 'keyboard'} onClick={() => setTyping(!typing)}>
            {typing ? fieldWords.scan.camera : fieldWords.scan.type}
          </Button>
        </div>
      }
    >
      <Steps at="scan" />
      {'wish' in state && state.wish !== undefined && (
        <p class="card" data-wish={state.wish.act}>
          {bindWords.wish[state.wish.act](state.wish.device.udid)}
        </p>
      )}
      {state.trouble !== undefined && <FieldTroubleCard code={state.trouble.code} />}
      {busy && <p role="status">{reading ? fieldWords.scan.reading : fieldWords.scan.lookingUp}</p>}
      {typing ? <TypedCode flow={flow} /> : <Camera flow={flow} />}
    </Page>
  );
}

function usePhoto(flow: InstallFlow, setReading: (reading: boolean) => void) {
  const model = useModel();
  return async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    input.value = ''; // the same file may be chosen again
    if (file === undefined) return;
    setReading(true);
    try {
      const reader = await model.ports.labels();
      flow.send({ on: 'label_text', text: (await reader.readPhoto(file)).text, how: 'photo' });
    } catch (error) {
      flow.send({ on: 'failed', trouble: { code: codeOf(error) } });
    } finally {
      setReading(false);
    }
  };
}

function TypedCode({ flow }: { readonly flow: InstallFlow }) {
  const [text, setText] = useState('');
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        flow.send({ on: 'label_text', text, how: 'typed' });
      }}
    >
      <div class="field">
        <label for="typed-code">{fieldWords.scan.typed}</label>
        <input
          id="typed-code"
          class="input mono"
          dir="ltr"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={4096}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          aria-describedby="typed-help"
        />
        <p id="typed-help" class="quiet small">
          {fieldWords.scan.typedHelp}
        </p>
      </div>
      <button type="submit" class="button" data-kind="primary" disabled={text.trim() === ''}>
        {fieldWords.scan.use}
      </button>
    </form>
  );
}

type CameraState =
  | { readonly is: 'starting' | 'off' }
  | { readonly is: 'on'; readonly torch: boolean }
  | { readonly is: 'failed'; readonly code: string };

function Camera({ flow }: { readonly flow: InstallFlow }) {
  const model = useModel();
  const video = useRef<HTMLVideoElement>(null);
  const finder = useRef<Viewfinder | undefined>(undefined);
  const [camera, setCamera] = useState<CameraState>({ is: 'starting' });
  const [hint, setHint] = useState<ViewfinderHint>('searching');
  const [lit, setLit] = useState(false);
  const fail = (error: unknown) => setCamera({ is: 'failed', code: codeOf(error) });

  const open = async (reader: LabelReader) => {
    if (video.current === null) return;
    finder.current ??= reader.createScanner({
      video: video.current,
      onResult: ({ text }) => {
        announceScan();
        flow.send({ on: 'label_text', text, how: 'camera' });
      },
      onHint: (next) => {
        setHint(next);
        if (next === 'resting') setCamera({ is: 'off' });
      },
      onError: fail,
    });
    const { torch } = await finder.current.start();
    setCamera({ is: 'on', torch });
  };
  const start = () => {
    setCamera({ is: 'starting' });
    model.ports.labels().then(open).catch(fail);
  };
  // the camera opens with the step and closes with it
  useEffect(() => {
    start();
    return () => void finder.current?.stop();
  }, []);

  if (camera.is === 'failed') return <NoCamera code={camera.code} onRetry={start} />;
  return (
    <div class="viewfinder">
      {/* a live viewfinder has nothing to caption */}
      <video ref={video} playsInline muted />
      <span class="guide" />
      {camera.is === 'on' && camera.torch && (
        <button
          type="button"
          class="icon-button corner"
          aria-pressed={lit}
          aria-label={fieldWords.scan.torch}
          onClick={() => {
            setLit(!lit);
            finder.current?.torch(!lit).catch(fail);
          }}
        >
          <Icon name="torch" />
        </button>
      )}
      {camera.is === 'off' ? (
        <button type="button" class="button" onClick={start}>
          {fieldWords.scan.tapToStart}
        </button>
      ) : (
        <p class="hint" role="status">
          {camera.is === 'starting' ? fieldWords.scan.starting : fieldWords.scan.hints[hint]}
        </p>
      )}
    </div>
  );
}

/** Without a camera the other two ways stay, so this is a remark and not an alarm. */
function NoCamera({ code, onRetry }: { readonly code: string; readonly onRetry: () => void }) {
  const { what, next } = fieldTroubleWords(code);
  return (
    <section class="card" data-camera={code}>
      <span class="disc" data-tone="none">
        <Icon name="photo" />
      </span>
      <h2>{what}</h2>
      <p class="quiet">{next}</p>
      {code !== 'camera_absent' && (
        <Button icon="scan" onClick={onRetry}>
          {fieldWords.scan.camera}
        </Button>
      )}
    </section>
  );
}
