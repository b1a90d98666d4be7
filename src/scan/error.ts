export type ScanErrorCode =
  /** The person or a policy refused the camera. Tell how to allow it in the browser's settings; offer photo and typing. */
  | 'camera_denied'
  /** No camera. Offer photo and typing, and say no more of it. */
  | 'camera_absent'
  /** Another app or tab holds the camera, or the system failed to start it. Ask to close the other; offer to try again. */
  | 'camera_busy'
  /** The camera's picture ended while scanning (unplugged, taken by a call). Offer to start again. */
  | 'camera_lost'
  /** The page was not opened over https or from localhost, so there is no camera. Tell the administrator. */
  | 'insecure_origin'
  /** The camera has no torch or zoom, or refused. Hide the button. */
  | 'camera_cannot'
  /** No decoder could be started. Offer to reload the app; typing works. */
  | 'decoder_failed'
  /** The file is no picture this browser can open. Ask for a JPEG or PNG. */
  | 'photo_unreadable'
  /** Over 64 MiB or 64 million pixels. Ask for a smaller picture. */
  | 'photo_too_large'
  /** A good picture without a code that could be read. Ask to go closer and hold still, or to type the code. */
  | 'no_code_found'
  /** stop(), close() or the caller's signal came first. Say nothing. */
  | 'stopped';

/** The only error the scanner raises. `cause` is for the log, never for the screen. */
export class ScanError extends Error {
  readonly code: ScanErrorCode;

  constructor(code: ScanErrorCode, cause?: unknown) {
    super(code, { cause });
    this.name = 'ScanError';
    this.code = code;
  }
}

/** What getUserMedia's rejections mean (Media Capture and Streams, section 10.2). */
export function cameraError(error: unknown): ScanError {
  if (error instanceof ScanError) return error;
  const name = error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new ScanError('camera_denied', error);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new ScanError('camera_absent', error);
    default:
      return new ScanError('camera_busy', error);
  }
}
