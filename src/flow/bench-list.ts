import type { ListRow } from '../../contract/list-row.ts';
import type { DriverTraits, LinkKind } from '../ports/device.ts';
import type { Trouble } from './install.ts';
import type { Step } from './run-flow.ts';

/**
 * Building a maker's list at the bench: one device after another is connected and read, where no list exists yet. Nothing is
 * bound and nothing signed; the file is the result.
 */

/** One device of the list. `attestation`: Nordic's token for it, with the names their file wants. */
export interface BenchRow {
  readonly row: ListRow;
  readonly readAt: number;
  readonly attestation?: { readonly imei: string; readonly uuid: string; readonly token: string };
}

/**
 * The most rows that one file can be checked and shown with. A full list refuses further rows and keeps those it has.
 */
export const MOST_BENCH_ROWS = 10_000;

interface BenchRows {
  readonly rows: readonly BenchRow[];
  readonly trouble?: Trouble;
}
export type BenchState =
  /** `link`: the one tried last, after a trouble with it. */
  | (BenchRows & { readonly at: 'ready'; readonly link?: LinkKind })
  | (BenchRows & { readonly at: 'connecting'; readonly link: LinkKind })
  | (BenchRows & { readonly at: 'found'; readonly link: LinkKind; readonly traits: DriverTraits })
  | (BenchRows & { readonly at: 'reading'; readonly link: LinkKind })
  /** The device said nothing of who it is: its label must be scanned or typed while it is still open. */
  | (BenchRows & { readonly at: 'nameless'; readonly link: LinkKind });

export type BenchEvent =
  | { readonly on: 'link_chosen'; readonly link: LinkKind }
  | { readonly on: 'connected'; readonly traits: DriverTraits }
  | { readonly on: 'read' }
  | { readonly on: 'label_text'; readonly text: string }
  | { readonly on: 'nameless' }
  | { readonly on: 'device_read'; readonly row: BenchRow }
  | { readonly on: 'removed'; readonly udid: string }
  | { readonly on: 'failed'; readonly trouble: Trouble }
  | { readonly on: 'back' };

export type BenchEffect =
  | { readonly do: 'connect'; readonly link: LinkKind }
  | { readonly do: 'read_device'; readonly label?: string }
  | { readonly do: 'keep'; readonly rows: readonly BenchRow[] }
  | { readonly do: 'stop_device_work' };

type BenchStep = Step<BenchState, BenchEffect>;

export function benchList(state: BenchState, event: BenchEvent): BenchStep {
  const { rows } = state;
  switch (event.on) {
    case 'link_chosen':
      return state.at === 'ready'
        ? to({ at: 'connecting', rows, link: event.link }, { do: 'connect', link: event.link })
        : to(state);
    case 'connected':
      return state.at === 'connecting'
        ? to({ at: 'found', rows, link: state.link, traits: event.traits })
        : to(state);
    case 'read':
      return state.at === 'found' && state.traits.evidence !== 'none'
        ? to({ at: 'reading', rows, link: state.link }, { do: 'read_device' })
        : to(state);
    case 'nameless':
      return state.at === 'reading' ? to({ at: 'nameless', rows, link: state.link }) : to(state);
    case 'label_text':
      return state.at === 'nameless'
        ? to({ at: 'reading', rows, link: state.link }, { do: 'read_device', label: event.text })
        : to(state);
    case 'device_read':
      return state.at === 'reading' ? added(rows, event.row) : to(state);
    case 'removed': {
      const left = rows.filter(({ row }) => row.udid !== event.udid);
      return state.at === 'ready' ? to({ at: 'ready', rows: left }, { do: 'keep', rows: left }) : to(state);
    }
    case 'failed':
      return to(
        { ...lastLink(state), at: 'ready', rows, trouble: event.trouble },
        { do: 'stop_device_work' },
      );
    case 'back':
      return state.at === 'ready' ? to(state) : to({ at: 'ready', rows }, { do: 'stop_device_work' });
  }
}

/**
 * A device that is read again replaces its own row. One name with two keys, or one key with two names, is refused as
 * a conflict.
 */
function added(rows: readonly BenchRow[], addition: BenchRow): BenchStep {
  const { udid, publicKey } = addition.row;
  const clash = rows.find(({ row }) => {
    const sameKey = publicKey !== undefined && row.publicKey === publicKey;
    return row.udid === udid ? row.publicKey !== publicKey : sameKey;
  });
  const next = [addition, ...rows.filter(({ row }) => row.udid !== udid)];
  if (clash !== undefined) return refused(rows, 'bench_clash');
  if (next.length > Math.max(MOST_BENCH_ROWS, rows.length)) return refused(rows, 'bench_full');
  return to({ at: 'ready', rows: next }, { do: 'keep', rows: next }, { do: 'stop_device_work' });
}

function refused(rows: readonly BenchRow[], code: string): BenchStep {
  return to({ at: 'ready', rows, trouble: { code } }, { do: 'stop_device_work' });
}

function lastLink(state: BenchState): { readonly link?: LinkKind } {
  return state.link === undefined ? {} : { link: state.link };
}

function to(state: BenchState, ...effects: BenchEffect[]): BenchStep {
  return { state, effects };
}
