import { cameraError, ScanError } from './error.ts';

/** What this camera can do besides showing a picture. */
export interface CameraAbilities {
  readonly torch: boolean;
  /** Zoom factors, or undefined. */
  readonly zoom: { readonly min: number; readonly max: number; readonly step: number } | undefined;
  /** To be remembered and given to `start`, so that the same lens comes up the next time. */
  readonly deviceId: string | undefined;
}

/** Not in TypeScript's DOM types: Media Capture Image, section 4. */
interface ImageCapabilities {
  readonly torch?: boolean | readonly boolean[];
  readonly zoom?: { readonly min: number; readonly max: number; readonly step: number };
  readonly focusMode?: readonly string[];
}
interface ImageConstraints extends MediaTrackConstraintSet {
  readonly torch?: boolean;
  readonly zoom?: number;
  readonly focusMode?: string;
}

/** Gets past the near-focus limit of phones whose main lens cannot focus close, and off their ultra-wide lens. */
const START_ZOOM = 1.5;

/** Opens the camera. Rejects with ScanError; a `signal` that aborts meanwhile stops the stream as soon as it comes. */
export async function openCamera(deviceId: string | undefined, signal: AbortSignal): Promise<MediaStream> {
  if (!isSecureContext) throw new ScanError('insecure_origin');
  if (navigator.mediaDevices === undefined) throw new ScanError('camera_absent');
  const size = { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 30 } };
  // Ideal, never exact: a laptop has no camera that faces the environment, and a remembered one may be gone.
  const video = {
    ...size,
    facingMode: { ideal: 'environment' },
    ...(deviceId === undefined ? {} : { deviceId: { ideal: deviceId } }),
  };
  const stream = await navigator.mediaDevices
    .getUserMedia({ video, audio: false })
    .catch((error: unknown) => {
      throw cameraError(error);
    });
  if (signal.aborted) {
    for (const track of stream.getTracks()) track.stop();
    throw new ScanError('stopped');
  }
  return stream;
}

/** Sets continuous focus and a starting zoom where there are such, and tells what the camera can do. */
export async function settleCamera(track: MediaStreamTrack): Promise<CameraAbilities> {
  const { focusMode, torch, zoom } = capabilitiesOf(track);
  if (focusMode?.includes('continuous')) await apply(track, { focusMode: 'continuous' }).catch(() => {});
  const usable = zoom !== undefined && zoom.max > zoom.min ? zoom : undefined;
  if (usable !== undefined && usable.min <= START_ZOOM && START_ZOOM <= usable.max) {
    await apply(track, { zoom: START_ZOOM }).catch(() => {});
  }
  return {
    torch: torch === true || (Array.isArray(torch) && torch.includes(true)),
    zoom: usable,
    deviceId: track.getSettings().deviceId,
  };
}

/** Rejects with `camera_cannot`. */
export function setTorch(track: MediaStreamTrack, on: boolean): Promise<void> {
  return apply(track, { torch: on });
}

/** @param factor is brought within what the camera has. Rejects with `camera_cannot`. */
export function setZoom(track: MediaStreamTrack, factor: number): Promise<void> {
  const { zoom } = capabilitiesOf(track);
  if (zoom === undefined) return Promise.reject(new ScanError('camera_cannot'));
  return apply(track, { zoom: Math.min(zoom.max, Math.max(zoom.min, factor)) });
}

function capabilitiesOf(track: MediaStreamTrack): ImageCapabilities {
  // Firefox has had getCapabilities only since version 132.
  return (track.getCapabilities?.() ?? {}) as ImageCapabilities;
}

async function apply(track: MediaStreamTrack, constraints: ImageConstraints): Promise<void> {
  try {
    await track.applyConstraints({ advanced: [constraints] });
  } catch (error) {
    throw new ScanError('camera_cannot', error);
  }
}
