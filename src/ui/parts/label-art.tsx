import { useEffect, useRef } from 'preact/hooks';
import { fieldWords } from '../words/field.ts';

/** A device's label as it would be printed: its QR code and its identity. The encoder is loaded only here. */
export function LabelArt(props: { readonly text: string; readonly caption: string; readonly alt?: string }) {
  const { text, caption, alt = fieldWords.simulated.title } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    void import('lean-qr').then(({ generate }) => {
      if (canvas.current !== null) generate(text).toCanvas(canvas.current);
    });
  }, [text]);
  return (
    <figure class="label-art">
      <canvas ref={canvas} role="img" aria-label={alt} />
      <figcaption class="mono" dir="ltr">
        {caption}
      </figcaption>
    </figure>
  );
}
