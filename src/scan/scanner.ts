import { type CameraAbilities, openCamera, setTorch, settleCamera, setZoom } from './camera.ts';
import { Coach } from './coach.ts';
import { cameraError, ScanError } from './error.ts';
import { grabFrame } from './frame-pump.ts';
import type { LaneAttempt } from './lane.ts';
import type { LiveLanes } from './lanes.ts';
import type { PhotoDecoder } from './photo-decoder.ts';
import { resultOf, type ScanHint, type ScanResult } from './result.ts';
import { ResultGate } from './result-gate.ts';
import { WorkerReader } from './worker-reader.ts';

export interface ScannerOptions {
  /** Shows the camera's picture; needs `playsinline` and `muted`. */
  readonly video: HTMLVideoElement;
  /** A camera remembered from before (CameraAbilities.deviceId). */
  readonly deviceId?: string | undefined;
  /** Each new code once, for as long as it stays in view. */
  onResult(result: ScanResult): void;
  onHint(hint: ScanHint): void;
  /** What went wrong after start: `camera_lost`, or why the camera did not come back when the page was shown again. */
  onError(error: ScanError): void;
}

/** A viewfinder. Every rejection is a ScanError. */
export interface Scanner {
  /** Opens the camera, or wakes it after pause() or rest. Resolves when a decoder reads. */
  start(): Promise<CameraAbilities>;
  /** Keeps camera and picture, reads nothing: a new getUserMedia may ask for permission again on iOS. */
  pause(): void;
  /** Torch off, then camera off. */
  stop(): Promise<void>;
  torch(on: boolean): Promise<void>;
  zoom(factor: number): Promise<void>;
  /** Reads the picture shown now with every pass there is. */
  freeze(signal?: AbortSignal): Promise<ScanResult>;
}

interface Session {
  readonly track: MediaStreamTrack;
  readonly abilities: CameraAbilities;
  stop(): void;
  torch: boolean;
}

/** Without a result for this long, frames are read at a tenth of a second only, milliseconds. */
const SLOW_AFTER = 20_000;
const SLOW_GAP = 100;

export class CameraScanner implements Scanner {
  readonly #options: ScannerOptions;
  readonly #lanes: LiveLanes;
  readonly #photos: PhotoDecoder;
  readonly #gate = new ResultGate();
  #coach = new Coach(0);
  #session: Session | undefined;
  #opening: { readonly abort: AbortController; readonly done: Promise<Session> } | undefined;
  #reading = false;
  #hiddenWhileOn = false;
  #lastGrab = 0;

  constructor(options: ScannerOptions, lanes: LiveLanes, photos: PhotoDecoder) {
    this.#options = options;
    this.#lanes = lanes;
    this.#photos = photos;
  }

  async start(): Promise<CameraAbilities> {
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#hiddenWhileOn = false;
    const session = this.#session ?? (await this.#open());
    // stop() may have come between the camera's opening and here.
    if (this.#session !== session) throw new ScanError('stopped');
    this.#gate.reset();
    this.#coach = new Coach(performance.now());
    this.#reading = true;
    if (this.#options.video.paused) await this.#options.video.play().catch(() => {});
    if (document.hidden) this.#onVisibility();
    return session.abilities;
  }

  pause(): void {
    this.#reading = false;
  }

  async stop(): Promise<void> {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#hiddenWhileOn = false;
    await this.#release();
  }

  async torch(on: boolean): Promise<void> {
    const session = this.#session;
    if (session?.abilities.torch !== true) throw new ScanError('camera_cannot');
    await setTorch(session.track, on);
    session.torch = on;
  }

  async zoom(factor: number): Promise<void> {
    if (this.#session?.abilities.zoom === undefined) throw new ScanError('camera_cannot');
    await setZoom(this.#session.track, factor);
  }

  async freeze(signal?: AbortSignal): Promise<ScanResult> {
    const { video } = this.#options;
    const frame = this.#session === undefined ? undefined : await grabFrame(video);
    if (frame === undefined) throw new ScanError('stopped');
    this.pause();
    // The person sees the picture that is being read; start() lets it move again.
    video.pause();
    const picture = await createImageBitmap(frame).finally(() => frame.close());
    return this.#photos.read(picture, signal);
  }

  async #open(): Promise<Session> {
    if (this.#opening === undefined) {
      const abort = new AbortController();
      const opening = { abort, done: this.#openNow(abort.signal) };
      this.#opening = opening;
      // Only its own: a stop() and another start() may have come meanwhile.
      const over = () => {
        if (this.#opening === opening) this.#opening = undefined;
      };
      opening.done.then(over, over);
    }
    return this.#opening.done;
  }

  async #openNow(signal: AbortSignal): Promise<Session> {
    const lanes = this.#lanes.open(() => this.#fail(new ScanError('decoder_failed')));
    // Awaited below; by then the camera may have failed first, and that is the error to show.
    lanes.catch(() => {});
    const stream = await openCamera(this.#options.deviceId, signal);
    const [track] = stream.getVideoTracks();
    const reader = new WorkerReader(
      () => this.#lanes.inService(),
      (attempt) => this.#attempted(attempt),
      () => this.#mayGrab(),
    );
    try {
      await lanes;
      if (track === undefined) throw new ScanError('camera_absent');
      await reader.decodeFromStream(stream, this.#options.video, () => {});
      const abilities = await settleCamera(track);
      if (signal.aborted) throw new ScanError('stopped');
      track.addEventListener('ended', () => {
        if (this.#session?.track === track) this.#fail(new ScanError('camera_lost'));
      });
      this.#session = { track, abilities, torch: false, stop: () => reader.end() };
      return this.#session;
    } catch (error) {
      reader.end();
      for (const each of stream.getTracks()) each.stop();
      throw cameraError(error);
    }
  }

  async #release(): Promise<void> {
    this.#reading = false;
    this.#opening?.abort.abort();
    this.#opening = undefined;
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    // On a track that has stopped, switching the torch off is refused and it stays on with some phones.
    if (session.torch) await setTorch(session.track, false).catch(() => {});
    session.stop();
  }

  #mayGrab(): boolean {
    if (!this.#reading) return false;
    const now = performance.now();
    if (this.#coach.waited(now) > SLOW_AFTER && now - this.#lastGrab < SLOW_GAP) return false;
    this.#lastGrab = now;
    return true;
  }

  #attempted({ attempt, brightness }: LaneAttempt): void {
    if (!this.#reading) return;
    const now = performance.now();
    for (const hint of this.#coach.attempt(attempt, brightness ?? 255, now)) {
      this.#options.onHint(hint);
      if (hint === 'resting') void this.#release();
    }
    if (attempt.kind === 'read' && this.#gate.accept(attempt.reading, now))
      this.#options.onResult(resultOf(attempt.reading));
  }

  #fail(error: ScanError): void {
    if (this.#session === undefined) return;
    void this.#release();
    this.#options.onError(error);
  }

  /** A hidden page keeps no camera. While it is still opening, start() sees to it. */
  readonly #onVisibility = (): void => {
    if (document.hidden) {
      if (this.#opening !== undefined) return;
      this.#hiddenWhileOn = this.#reading;
      void this.#release();
    } else if (this.#hiddenWhileOn) {
      this.start().catch((error: unknown) => this.#options.onError(cameraError(error)));
    }
  };
}
