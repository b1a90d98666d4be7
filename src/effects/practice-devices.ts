import { toBase64Url } from '../../core/bytes.ts';
import { parseLabel } from '../../core/label/parse-label.ts';
import type { SimulatedWire } from '../ports/link.ts';

/** The simulator's shape as seen from here; main hands in the real one, loaded when first wanted. */
export interface Simulator<State> {
  createSimulatedDevice(options: {
    readonly state?: State;
    readonly onState: (state: State) => void;
  }): Promise<{ readonly udid: string; readonly label: string; readonly wire: SimulatedWire }>;
  /** The stored state if it is one, undefined otherwise. */
  readState(stored: unknown): State | undefined;
}

export interface PracticeStore {
  load(): Promise<unknown>;
  save(udid: string, state: unknown): Promise<void>;
}

interface Device {
  readonly udid: string;
  readonly label: string;
  readonly wire: SimulatedWire;
}

/** The one simulated device of this browser: made when asked, kept over reloads, replaced by unpacking a new one. */
export class PracticeShelf<State> {
  readonly #load: () => Promise<Simulator<State>>;
  readonly #store: PracticeStore;
  #device: Promise<Device> | undefined;

  constructor(load: () => Promise<Simulator<State>>, store: PracticeStore) {
    this.#load = load;
    this.#store = store;
  }

  /** What the simulated link opens. */
  async wire(): Promise<SimulatedWire> {
    return (await this.#current()).wire;
  }

  async current() {
    return describe(await this.#current());
  }

  async unpack() {
    this.#device = this.#make(undefined);
    return describe(await this.#device);
  }

  #current(): Promise<Device> {
    this.#device ??= this.#store.load().then((stored) => this.#make(stored));
    return this.#device;
  }

  async #make(stored: unknown): Promise<Device> {
    const simulator = await this.#load();
    const state = simulator.readState(stored);
    let udid = '';
    let latest: State | undefined = state;
    const onState = (next: State) => {
      latest = next;
      if (udid !== '') void this.#store.save(udid, next);
    };
    const device = await simulator.createSimulatedDevice({
      ...(state === undefined ? {} : { state }),
      onState,
    });
    udid = device.udid;
    if (latest !== undefined) await this.#store.save(udid, latest);
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
