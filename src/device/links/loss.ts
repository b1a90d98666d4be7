import { DeviceError, type DeviceErrorCode } from '../../ports/device.ts';

/** The end of a link, told once: `signal` aborts with the DeviceError that every wait on the link then ends with. */
export class Loss {
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;

  tell(code: DeviceErrorCode, step: string, cause?: unknown): void {
    if (!this.signal.aborted) this.#controller.abort(new DeviceError(code, step, { cause }));
  }
}
