import type { Timer } from '../../../../core/clock.ts';
import type { DeviceError, WifiNetwork, WifiState } from '../../../ports/device.ts';
import type { ByteLink } from '../../../ports/link.ts';
import { Answers } from '../../protocols/improv/answers.ts';
import { encodeImprov, FRAME, type ImprovFrame, ImprovReader } from '../../protocols/improv/improv-frame.ts';
import {
  improvError,
  infoOf,
  listening,
  NO_ERROR,
  networksIn,
  parseResult,
  RPC,
  rpc,
  wifiSettings,
  wifiState,
} from '../../protocols/improv/improv-rpc.ts';
import { MOST_NETWORKS, strongestFirst } from '../../protocols/wifi-networks.ts';
import type { ImprovInfo, ImprovWifi } from './improv-wifi.ts';

const ANSWER_MS = 3_000;
const SCAN_MS = 20_000;
const JOIN_MS = 40_000;

/** Improv over a cable. Changes nothing until `join`. */
export class SerialWifi implements ImprovWifi {
  readonly #link: ByteLink;
  readonly #answers: Answers<ImprovFrame>;
  readonly #stop: () => void;

  constructor(link: ByteLink, clock: Timer) {
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

  info(signal: AbortSignal): Promise<ImprovInfo> {
    const send = this.#sending(rpc(RPC.info), signal);
    const limit = { ms: ANSWER_MS, step: 'improv info', signal };
    const said = (frame: ImprovFrame) => {
      const result = frame.type === FRAME.result ? parseResult(frame.data) : undefined;
      return result?.command === RPC.info ? infoOf(result.texts) : undefined;
    };
    return this.#answers.after(send, (frame) => failureIn(frame) ?? said(frame), limit);
  }

  async scan(signal: AbortSignal): Promise<readonly WifiNetwork[]> {
    await listening(this.state(signal));
    const found: WifiNetwork[] = [];
    const limit = { ms: SCAN_MS, step: 'improv scan', signal };
    return this.#answers.after<readonly WifiNetwork[]>(
      this.#sending(rpc(RPC.scan), signal),
      (frame) => {
        const result = frame.type === FRAME.result ? parseResult(frame.data) : undefined;
        if (result?.command !== RPC.scan) return failureIn(frame);
        // One result a network, then an empty one.
        if (result.texts.length === 0) return strongestFirst(found);
        if (found.length < MOST_NETWORKS) found.push(...networksIn(result.texts));
        return undefined;
      },
      limit,
    );
  }

  async join(ssid: string, password: string, signal: AbortSignal): Promise<void> {
    const send = this.#sending(rpc(RPC.setWifi, wifiSettings(ssid, password)), signal);
    await listening(this.state(signal));
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
