import { useEffect, useRef } from 'preact/hooks';
import type { Viewfinder } from '../../ports/label-reader.ts';
import { useModel } from '../model-context.ts';

/** The camera is open for as long as this is on the screen, and for one code. */
export function CodeFinder(props: { onText(text: string): void; onError(error: unknown): void }) {
  const model = useModel();
  const video = useRef<HTMLVideoElement>(null);
  const { onText, onError } = props;
  useEffect(() => {
    let finder: Viewfinder | undefined;
    let gone = false;
    const open = async () => {
      const reader = await model.ports.labels();
      if (gone || video.current === null) return;
      finder = reader.createScanner({
        video: video.current,
        onResult: ({ text }) => {
          if (!gone) onText(text);
        },
        onHint: () => undefined,
        onError,
      });
      await finder.start();
      // Left while the camera was opening.
      if (gone) await finder.stop();
    };
    open().catch(onError);
    return () => {
      gone = true;
      void finder?.stop();
    };
  }, []);
  return (
    <div class="viewfinder">
      {/* a live viewfinder has nothing to caption */}
      <video ref={video} playsInline muted />
      <span class="guide" />
    </div>
  );
}
