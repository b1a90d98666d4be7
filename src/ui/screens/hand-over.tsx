import { useState } from 'preact/hooks';
import { codeOf } from '../../effects/trouble.ts';
import type { TakeOutcome } from '../../ports/rescue.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { CodeFinder } from '../parts/code-finder.tsx';
import { LabelArt } from '../parts/label-art.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { rescueWords } from '../words/rescue.ts';

const words = rescueWords.handOver;

/** One record after the other as a code on this screen, for a colleague's camera. */
export function ShowCode() {
  const model = useModel();
  const [at, setAt] = useState<number | undefined>();
  const [shown, setShown] = useState<{ of: number; udid: string; code: string | undefined } | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const unsent = (model.summary.value?.unsent ?? 0) + (model.summary.value?.counts.rejected ?? 0);
  const show = async (next: number) => {
    setTrouble(undefined);
    try {
      setShown(await (await model.ports.rescue()).recordCode(next));
      setAt(next);
    } catch (error) {
      setTrouble(codeOf(error));
    }
  };
  if (unsent === 0 && at === undefined) return null;
  return (
    <section class="card hand-over">
      <h2>{words.showTitle}</h2>
      <p class="quiet">{words.showNote}</p>
      {at !== undefined && shown?.code !== undefined && (
        <LabelArt text={shown.code} caption={shown.udid} alt={words.alt(shown.udid)} inView />
      )}
      {shown !== undefined && shown.code === undefined && <p role="alert">{words.tooLarge(shown.udid)}</p>}
      {trouble !== undefined && <TroubleCard code={trouble} />}
      {at === undefined || shown === undefined ? (
        <Button icon="scan" onClick={() => void show(0)}>
          {words.show}
        </Button>
      ) : (
        shown.of > 1 && (
          <Button onClick={() => void show((at + 1) % shown.of)}>{words.next(at + 1, shown.of)}</Button>
        )
      )}
    </section>
  );
}

/** A colleague's record, from their screen into this phone's outbox. */
export function TakeCode() {
  const [scanning, setScanning] = useState(false);
  const [taken, setTaken] = useState<TakeOutcome | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const model = useModel();
  const take = async (text: string) => {
    setScanning(false);
    try {
      const result = await (await model.ports.rescue()).takeRecord(text);
      setTaken(result);
      if (result.kind === 'taken') void model.sync(true);
    } catch (error) {
      setTrouble(codeOf(error));
    }
  };
  const fail = (error: unknown) => {
    setScanning(false);
    setTrouble(codeOf(error));
  };
  return (
    <section class="card">
      <h2>{words.takeTitle}</h2>
      <p class="quiet">{words.takeNote}</p>
      {scanning && <CodeFinder onText={(text) => void take(text)} onError={fail} />}
      <Button
        icon="scan"
        onClick={() => {
          setTaken(undefined);
          setTrouble(undefined);
          setScanning(!scanning);
        }}
      >
        {scanning ? words.stop : words.take}
      </Button>
      {taken !== undefined && (
        <p role="status" data-taken={taken.kind}>
          {words.outcome[taken.kind]} {'udid' in taken ? taken.udid : ''}
        </p>
      )}
      {trouble !== undefined && <TroubleCard code={trouble} />}
    </section>
  );
}
