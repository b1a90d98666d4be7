import { toBase64Url } from '../../core/bytes.ts';
import { parseLabel } from '../../core/label/parse-label.ts';
import { DeviceError } from '../ports/device.ts';
import type { SimulatedWire } from '../ports/link.ts';
import type { PracticeFault } from '../ports/practice.ts';

type MisbehaviourKind = 'other-device' | 'silent' | 'broken-signature';
const MISBEHAVIOUR: Record<PracticeFault, MisbehaviourKind> = {
  other: 'other-device',
  silent: 'silent',
  broken: 'broken-signature',
};

/** The simulator's shape as seen from here; main hands in the real one, loaded when first wanted. */
export interface Simulator<State> {
  createSimulatedDevice(options: {
    readonly state: State;
    readonly onState: (state: State) => void;
    readonly misbehaviour?: { readonly kind: MisbehaviourKind };
  }): Promise<{ readonly udid: string; readonly label: string; readonly wire: SimulatedWire }>;
  /** Of a device just made: a key of its own, nothing installed. */
  newState(): Promise<State>;
  /** The stored state if it is one, undefined otherwise. */
  readState(stored: unknown): State | undefined;
}

export interface PracticeStore {
  /** The state of this one, or of the one unpacked last. */
  load(udid?: string): Promise<unknown>;
  save(udid: string, state: unknown): Promise<void>;
}

interface Device {
  readonly udid: string;
  readonly label: string;
  readonly wire: SimulatedWire;
}

/** The simulated devices of this browser: unpacked when asked, kept over reloads, so that a certificate finds its device. */
export class PracticeShelf<State> {
  readonly #load: () => Promise<Simulator<State>>;
  readonly #store: PracticeStore;
  /** The one unpacked last. */
  #newest: Promise<Device> | undefined;
  /** Which one the link is to open, if not the newest. */
  #woken: string | undefined;
  #fault: PracticeFault | undefined;

  constructor(load: () => Promise<Simulator<State>>, store: PracticeStore) {
    this.#load = load;
    this.#store = store;
  }

  /** What the simulated link opens. Rejects with DeviceError where the device woken is no longer kept. */
  async wire(): Promise<SimulatedWire> {
    const woken = this.#woken;
    if (woken === undefined) return this.#failing(await this.#last());
    const newest = await this.#newest?.catch(() => undefined);
    if (newest?.udid === woken) return newest.wire;
    const state = (await this.#load()).readState(await this.#store.load(woken));
    if (state === undefined) throw new DeviceError('device_silent', 'practice device not kept');
    return (await this.#make(state)).wire;
  }

  wake(udid: string): void {
    this.#fault = undefined;
    this.#woken = udid;
  }

  fail(fault: PracticeFault | undefined): void {
    this.#fault = fault;
  }

  /** Another device, or a loose cable, is there once: whoever then connects anew has the right one. */
  async #failing({ udid, wire }: Device): Promise<SimulatedWire> {
    const fault = this.#fault;
    if (fault === undefined) return wire;
    if (fault !== 'broken') this.#fault = undefined;
    const simulator = await this.#load();
    const state = simulator.readState(await this.#store.load(udid));
    if (state === undefined) return wire;
    const misbehaviour = { kind: MISBEHAVIOUR[fault] };
    return (await simulator.createSimulatedDevice({ state, onState: () => undefined, misbehaviour })).wire;
  }

  async current() {
    this.#begin();
    return describe(await this.#last());
  }

  async unpack() {
    this.#begin();
    return describe(await this.#keep(this.#make(undefined)));
  }

  #begin(): void {
    this.#woken = undefined;
    this.#fault = undefined;
  }

  #last(): Promise<Device> {
    return this.#newest ?? this.#keep(this.#restore());
  }

  async #restore(): Promise<Device> {
    const stored = await this.#store.load();
    return this.#make((await this.#load()).readState(stored));
  }

  /** A try that failed must not be what every later one gets. */
  #keep(making: Promise<Device>): Promise<Device> {
    this.#newest = making;
    making.catch(() => {
      if (this.#newest === making) this.#newest = undefined;
    });
    return making;
  }

  /** Stored before anything is done with it: without its key, what is bound to it could never be installed. */
  async #make(kept: State | undefined): Promise<Device> {
    const simulator = await this.#load();
    const state = kept ?? (await simulator.newState());
    const device = await simulator.createSimulatedDevice({
      state,
      // Not stored, it lives as long as this page: no reason to stop practising.
      onState: (next) => void this.#store.save(device.udid, next).catch(() => undefined),
    });
    if (kept === undefined) await this.#store.save(device.udid, state);
    return device;
  }
}

/** The row that the device's maker would have handed over, read from its label like anybody would. */
function describe({ udid, label }: Device) {
  const parsed = parseLabel(label);
  const key = parsed.ok ? parsed.label.publicKey : undefined;
  return {
    udid,
    labelText: label,
    row: {
      maker: 'practice',
      udid,
      aliases: [],
      anchor: 'key' as const,
      ...(key === undefined ? {} : { publicKey: toBase64Url(key) }),
      model: 'Practice device',
    },
  };
}
