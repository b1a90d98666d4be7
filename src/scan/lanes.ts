import type { LaneRole } from './decode/protocol.ts';
import { type Lane, WorkerLane } from './lane.ts';
import { nativeLane } from './native-lane.ts';
import type { ScanWorkers } from './workers.ts';

/** From this many cores on, a second rescue lane pays. */
const MANY_CORES = 6;
/** A lane that dies is started again this often; then something is wrong that a restart does not mend. */
const RESTARTS = 3;

/** The viewfinder's decoders: fast, rescue, a second rescue on big machines, and the browser's own where there is one. */
export class LiveLanes {
  readonly #workers: ScanWorkers;
  readonly #roles: readonly LaneRole[];
  #inService: Lane[] = [];
  #closed = false;
  #deaths = 0;
  #onFailed: () => void = () => {};
  #ready: Promise<void> = Promise.resolve();

  constructor(workers: ScanWorkers) {
    this.#workers = workers;
    this.#roles =
      (navigator.hardwareConcurrency ?? 2) >= MANY_CORES ? ['fast', 'rescue', 'rescue'] : ['fast', 'rescue'];
  }

  /**
   * Starts what is not running yet; resolves when the first can read. Rejects with `decoder_failed` or `stopped`.
   * @param onFailed called later if lanes keep dying and none is left
   */
  open(onFailed: () => void = () => {}): Promise<void> {
    this.#closed = false;
    this.#onFailed = onFailed;
    if (this.#inService.length === 0) this.#ready = this.#openAll();
    return this.#ready;
  }

  /** Fast ones first. */
  inService(): readonly Lane[] {
    return this.#inService;
  }

  close(): void {
    this.#closed = true;
    for (const lane of this.#inService) lane.close();
    this.#inService = [];
  }

  async #openAll(): Promise<void> {
    this.#deaths = 0;
    const started = this.#roles.map((role) => this.#start(role));
    const lanes: Lane[] = [...started];
    this.#inService = lanes;
    void nativeLane().then((lane) => {
      if (lane === undefined) return;
      if (this.#inService === lanes) lanes.push(lane);
      else lane.close();
    });
    try {
      await Promise.any(started.map((lane) => lane.ready));
    } catch (error) {
      this.close();
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  }

  #start(role: LaneRole): WorkerLane {
    const lane = new WorkerLane(role, this.#workers);
    void lane.died.then(() => {
      const at = this.#inService.indexOf(lane);
      if (this.#closed || at < 0) return;
      this.#deaths += 1;
      if (this.#deaths <= RESTARTS) this.#inService[at] = this.#start(role);
      else this.#inService.splice(at, 1);
      if (this.#inService.length === 0) this.#onFailed();
    });
    return lane;
  }
}
