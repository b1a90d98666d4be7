import { open } from 'node:fs/promises';
import { type Grey, generator, photograph, STRAIGHT, type View } from './photo-warp.ts';

/** What Chromium needs to play a file as its only camera, beside the flags every run uses. */
export function cameraFlags(file: string): readonly string[] {
  return [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-video-capture=${file}`,
  ];
}

/** A hand moving towards a label: far, blurred and shaky at first, near and sharper at the end. */
export function approach(frames: number, from: Partial<View>, to: Partial<View>, seed = 1): readonly View[] {
  const start = { ...STRAIGHT, ...from };
  const end = { ...STRAIGHT, ...to };
  const random = generator(seed);
  return Array.from({ length: frames }, (_, i) => {
    const t = frames === 1 ? 1 : i / (frames - 1);
    const mix = (key: Exclude<keyof View, 'light'>) => start[key] + (end[key] - start[key]) * t;
    const shake = (1 - t) * (random() - 0.5);
    return {
      ...end,
      size: mix('size'),
      turn: mix('turn') + 4 * shake,
      tiltX: mix('tiltX'),
      tiltY: mix('tiltY'),
      shiftX: mix('shiftX') + 0.05 * shake,
      shiftY: mix('shiftY') + 0.05 * shake,
      blur: mix('blur'),
      motion: mix('motion'),
      noise: mix('noise'),
      light: [
        start.light[0] + (end.light[0] - start.light[0]) * t,
        start.light[1] + (end.light[1] - start.light[1]) * t,
      ],
      seed: seed * 1000 + i,
    };
  });
}

/**
 * Writes a camera's recording of a label as YUV4MPEG2 (4:2:0, lossless), which Chromium loops for ever at its own size and
 * rate. 1.4 MB for each frame of 1280 by 720.
 */
export async function recordCamera(
  file: string,
  label: Grey,
  views: readonly View[],
  fps = 30,
): Promise<void> {
  const { width, height } = views[0] ?? STRAIGHT;
  const out = await open(file, 'w');
  try {
    await out.write(`YUV4MPEG2 W${width} H${height} F${fps}:1 Ip A1:1 C420mpeg2\n`);
    const chroma = Buffer.alloc((width >> 1) * (height >> 1) * 2, 128);
    for (const view of views) {
      const { pixels } = photograph(label, view);
      await out.write('FRAME\n');
      // Video range: black is 16, white is 235 (ITU-R BT.601).
      await out.write(pixels.map((value) => 16 + ((value * 219 + 127) >> 8)));
      await out.write(chroma);
    }
  } finally {
    await out.close();
  }
}
