import { BrowserCodeReader } from '@zxing/browser/esm/readers/BrowserCodeReader';
import { BarcodeFormat, NotFoundException, type Reader, Result, ResultPoint } from '@zxing/library';
import type { CodeFormat } from './decode/reading.ts';
import { type FramePump, grabFrame, pumpFrames } from './frame-pump.ts';
import type { Lane, LaneAttempt, LaneRegion } from './lane.ts';

type Callback = Parameters<BrowserCodeReader['scan']>[1];
type Controls = ReturnType<BrowserCodeReader['scan']>;

const FORMATS: Readonly<Record<CodeFormat, BarcodeFormat>> = {
  qr: BarcodeFormat.QR_CODE,
  'data-matrix': BarcodeFormat.DATA_MATRIX,
  'code-128': BarcodeFormat.CODE_128,
};

/** The aim in the middle of the picture, as part of the shorter side; the frame guide is drawn there. */
const AIM = 0.7;

/** Called by the base class only if somebody decodes on the main thread, which nobody does. */
const UNUSED: Reader = {
  decode: () => {
    throw new NotFoundException();
  },
  reset: () => {},
};

/**
 * @zxing/browser keeps the camera (stream, video element, controls); decoding leaves the main thread. Its own loop decodes
 * synchronously, keeps the canvas size of the first frame when a phone is turned, and dies with its callback.
 * The size is taken from each frame here, so turning needs no restart, and the callback is guarded.
 */
export class WorkerReader extends BrowserCodeReader {
  readonly #lanes: () => readonly Lane[];
  readonly #onAttempt: (attempt: LaneAttempt) => void;
  readonly #mayGrab: () => boolean;
  #running: Controls | undefined;

  /**
   * @param lanes the decoders now in service, fast ones first
   * @param onAttempt every attempt, with what the stock callback has no place for
   * @param mayGrab false while paused or resting
   */
  constructor(
    lanes: () => readonly Lane[],
    onAttempt: (attempt: LaneAttempt) => void,
    mayGrab: () => boolean,
  ) {
    super(UNUSED);
    this.#lanes = lanes;
    this.#onAttempt = onAttempt;
    this.#mayGrab = mayGrab;
  }

  /**
   * Ends the scan, the stream and the picture. The controls that decodeFromStream gives are not for that: where there is a
   * torch, their stop() switches it off on the track it has just ended, and leaves a rejected promise.
   */
  end(): void {
    this.#running?.stop();
  }

  override scan(video: HTMLVideoElement, callback: Callback, finalize?: (error?: Error) => void): Controls {
    let pump: FramePump | undefined;
    let turn = 0;
    const controls: Controls = {
      stop: () => {
        if (pump === undefined) return;
        pump.stop();
        pump = undefined;
        finalize?.();
      },
    };
    const deliver = (attempted: LaneAttempt, width: number, height: number) => {
      if (pump === undefined) return;
      try {
        this.#onAttempt(attempted);
        if (attempted.attempt.kind === 'read') {
          const { text, format, corners } = attempted.attempt.reading;
          const points = corners.map(({ x, y }) => new ResultPoint(x * width, y * height));
          callback(new Result(text, new Uint8Array(0), 0, points, FORMATS[format]), undefined, controls);
        } else {
          callback(undefined, new NotFoundException(), controls);
        }
      } catch (error) {
        // A mistake in the app's callback is the app's to see, and no reason to stop the scan.
        reportError(error);
      }
    };
    const feed = async (lane: Lane, region: LaneRegion | undefined) => {
      const frame = await grabFrame(video);
      if (frame === undefined) return;
      if (pump === undefined || lane.busy) return frame.close();
      const { videoWidth, videoHeight } = video;
      // A lane that fails mends or leaves by itself (scanner.ts); its frame is lost, the next one comes.
      await lane.read(frame, region).then(
        (attempted) => deliver(attempted, videoWidth, videoHeight),
        () => {},
      );
    };
    pump = pumpFrames(video, () => {
      if (!this.#mayGrab()) return;
      // Aim and whole picture by turns: the aim is cheaper, the whole also finds a code off the middle.
      const region = turn++ % 2 === 0 ? aimOf(video) : undefined;
      this.#lanes().forEach((lane, index) => {
        if (!lane.busy) void feed(lane, index === 0 ? region : undefined);
      });
    });
    this.#running = controls;
    return controls;
  }
}

function aimOf({ videoWidth, videoHeight }: HTMLVideoElement): LaneRegion {
  const side = Math.round(AIM * Math.min(videoWidth, videoHeight));
  // Wider than high: a bar code needs its whole length.
  const width = Math.min(videoWidth, Math.round(side * 1.5));
  return { x: (videoWidth - width) >> 1, y: (videoHeight - side) >> 1, width, height: side };
}
