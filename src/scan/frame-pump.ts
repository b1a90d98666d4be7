/** A running loop over a video's frames. */
export interface FramePump {
  stop(): void;
}

/** Where requestVideoFrameCallback is missing, milliseconds between looks at the video. */
const POLL = 33;

/**
 * Calls `onFrame` for each new frame shown, until stopped. It hands over no picture: whoever has an idle decoder grabs the
 * newest one, so frames are skipped rather than queued. A throwing `onFrame` does not end the loop.
 */
export function pumpFrames(video: HTMLVideoElement, onFrame: () => void): FramePump {
  let stopped = false;
  const tick = () => {
    if (stopped) return;
    next();
    if (!document.hidden && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) onFrame();
  };
  const next = () => {
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(tick);
    else setTimeout(tick, POLL);
  };
  next();
  return {
    stop() {
      stopped = true;
    },
  };
}

/** The picture shown now, to be transferred; undefined if the video has none yet. About 0.1 ms with VideoFrame. */
export async function grabFrame(video: HTMLVideoElement): Promise<ImageBitmap | VideoFrame | undefined> {
  try {
    return typeof VideoFrame === 'function' ? new VideoFrame(video) : await createImageBitmap(video);
  } catch {
    return undefined;
  }
}
