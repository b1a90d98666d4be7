import { useEffect, useRef } from 'preact/hooks';
import { fieldWords } from '../words/field.ts';

/** A device's label as it would be printed: its QR code and its identity. The encoder is loaded only here. */
export function LabelArt(props: {
  readonly text: string;
  readonly caption: string;
  readonly alt?: string;
  /** What stands below is a sentence, and no device's name. */
  readonly isSentence?: boolean;
  /** It is for somebody else's camera: the bars of the screen must not cover any of it. */
  readonly inView?: boolean;
}) {
  const { text, caption, alt = fieldWords.simulated.title, isSentence = false, inView = false } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    void import('lean-qr').then(({ generate }) => {
      if (canvas.current === null) return;
      generate(text).toCanvas(canvas.current);
      if (inView) canvas.current.scrollIntoView({ block: 'center' });
    });
  }, [text, inView]);
  return (
    <figure class="label-art">
      <canvas ref={canvas} role="img" aria-label={alt} />
      {isSentence ? (
        <figcaption>{caption}</figcaption>
      ) : (
        <figcaption class="mono" dir="ltr">
          {caption}
        </figcaption>
      )}
    </figure>
  );
}
