import type { Clock } from '../../../ports/clock.ts';
import type { DeviceError } from '../../../ports/device.ts';
import type { ByteLink } from '../../../ports/link.ts';
import { Answers } from '../../protocols/improv/answers.ts';
import { encodeImprov, FRAME, type ImprovFrame, ImprovReader } from '../../protocols/improv/improv-frame.ts';
import {
  improvError,
  NO_ERROR,
  networksIn,
  parseResult,
  RPC,
  rpc,
  wifiSettings,
  wifiState,
} from '../../protocols/improv/improv-rpc.ts';
import type { WifiNetwork, WifiState, WifiStep } from '../../protocols/improv/wifi-step.ts';

const ANSWER_MS = 3_000;
const SCAN_MS = 20_000;
const JOIN_MS = 40_000;

/** Improv over a cable. Changes nothing until `set`. */
export class SerialWifi implements WifiStep {
  readonly #link: ByteLink;
  readonly #answers: Answers<ImprovFrame>;
  readonly #stop: () => void;

  constructor(link: ByteLink, clock: Clock) {
    this.#link = link;
    this.#answers = new Answers({ clock, lost: link.lost });
    const reader = new ImprovReader();
    this.#stop = link.listen((chunk) => {
      for (const frame of reader.add(chunk)) this.#answers.tell(frame);
    });
  }

  state(signal: AbortSignal): Promise<WifiState> {
    const send = this.#sending(rpc(RPC.requestState), signal);
    const limit = { ms: ANSWER_MS, step: 'improv state', signal };
    return this.#answers.after(send, (frame) => failureIn(frame) ?? stateIn(frame), limit);
  }

  scan(signal: AbortSignal): Promise<readonly WifiNetwork[]> {
    const found: WifiNetwork[] = [];
    const limit = { ms: SCAN_MS, step: 'improv scan', signal };
    return this.#answers.after<readonly WifiNetwork[]>(
      this.#sending(rpc(RPC.scan), signal),
      (frame) => {
        const result = frame.type === FRAME.result ? parseResult(frame.data) : undefined;
        if (result?.command !== RPC.scan) return failureIn(frame);
        // One result a network, then an empty one.
        if (result.texts.length === 0) return found.slice(0, 64);
        if (found.length < 64) found.push(...networksIn(result.texts));
        return undefined;
      },
      limit,
    );
  }

  async set(ssid: string, password: string, signal: AbortSignal): Promise<void> {
    const send = this.#sending(rpc(RPC.setWifi, wifiSettings(ssid, password)), signal);
    const joined = (frame: ImprovFrame) => (stateIn(frame) === 'joined' ? true : undefined);
    const limit = { ms: JOIN_MS, step: 'improv join', signal };
    await this.#answers.after(send, (frame) => failureIn(frame) ?? joined(frame), limit);
  }

  release(): void {
    this.#stop();
  }

  #sending(data: Uint8Array, signal: AbortSignal): () => Promise<void> {
    return () => this.#link.write(encodeImprov(FRAME.rpc, data), signal);
  }
}

function failureIn({ type, data }: ImprovFrame): DeviceError | undefined {
  const [value = NO_ERROR] = data;
  return type === FRAME.error && value !== NO_ERROR ? improvError(value) : undefined;
}

function stateIn({ type, data }: ImprovFrame): WifiState | undefined {
  return type === FRAME.state ? wifiState(data[0]) : undefined;
}
