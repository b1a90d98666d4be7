import type { Bytes } from '../../../../core/bytes.ts';
import type { Timer } from '../../../../core/clock.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { ByteLink } from '../../../ports/link.ts';
import { type Ends, stillOpen, within } from '../within.ts';
import { BcpReader, CONNECT, DISCONNECT, encodeBcp } from './bcp-frame.ts';
import { type BcpMessage, commandMessage, parseBcpMessage, timestampMessage } from './bcp-message.ts';

/** Making a key and signing in a secure element takes a board seconds. */
const ANSWER_MS = 12_000;
const MOST_HELD = 16;

/** Asks one board over a byte stream. */
export class BcpClient {
  readonly #link: ByteLink;
  readonly #ends: Omit<Ends, 'signal'>;
  readonly #stop: () => void;
  readonly #reader = new BcpReader();
  #messages: BcpMessage[] = [];
  #wake: () => void = () => undefined;

  constructor(link: ByteLink, clock: Timer) {
    this.#link = link;
    this.#ends = { clock, lost: link.lost };
    this.#stop = link.listen((chunk) => this.#receive(chunk));
  }

  release(): void {
    this.#stop();
  }

  /** The board takes no message before this, and answers it with nothing. */
  connect(signal: AbortSignal): Promise<void> {
    return this.#send(encodeBcp('control', Uint8Array.of(CONNECT)), signal);
  }

  disconnect(signal: AbortSignal): Promise<void> {
    return this.#send(encodeBcp('control', Uint8Array.of(DISCONNECT)), signal);
  }

  async tellTime(seconds: number, signal: AbortSignal): Promise<void> {
    await this.#send(encodeBcp('data', timestampMessage(seconds)), signal);
  }

  /** Sends a command and gives what `find` makes of the messages that follow; a status below zero is a refusal. */
  async ask<T>(
    command: number,
    find: (messages: readonly BcpMessage[]) => T | undefined,
    signal: AbortSignal,
    limitMs = ANSWER_MS,
  ): Promise<T> {
    this.#messages = [];
    let settle: (value: T) => void = () => undefined;
    let refuse: (error: DeviceError) => void = () => undefined;
    const answer = new Promise<T>((resolve, reject) => {
      settle = resolve;
      refuse = reject;
    });
    this.#wake = () => {
      const value = find(this.#messages);
      if (value !== undefined) settle(value);
      else if (this.#messages.some((message) => message.is === 'status' && message.code < 0))
        refuse(new DeviceError('device_refused', 'board status'));
    };
    try {
      await this.#send(encodeBcp('data', commandMessage(command)), signal);
      return await within(answer, limitMs, 'board answer', { ...this.#ends, signal });
    } finally {
      this.#wake = () => undefined;
    }
  }

  async #send(frame: Bytes, signal: AbortSignal): Promise<void> {
    stillOpen({ signal, lost: this.#link.lost }, 'board request');
    await this.#link.write(frame, signal);
  }

  #receive(chunk: Uint8Array): void {
    for (const frame of this.#reader.add(chunk)) {
      const message = frame.type === 'data' ? parseBcpMessage(frame.payload) : undefined;
      if (message !== undefined && this.#messages.length < MOST_HELD) this.#messages.push(message);
    }
    this.#wake();
  }
}
