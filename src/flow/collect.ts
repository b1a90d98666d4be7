import type { CredentialBundle, LinkKind, WrittenPart } from '../ports/device.ts';
import type { Trouble } from './install.ts';
import type { Step } from './run-flow.ts';

/** Steps 10 and 11: a certificate that waits is checked, written into its device, read back and confirmed. */

export type CollectState =
  /** `link`: the one tried last, after a trouble with it. */
  | { readonly at: 'pair'; readonly trouble?: Trouble; readonly link?: LinkKind }
  | { readonly at: 'connecting'; readonly link: LinkKind }
  /** The device's key is read and the certificate checked against it, the domain and the trust bundle. */
  | { readonly at: 'checking'; readonly link: LinkKind }
  | { readonly at: 'writing'; readonly link: LinkKind; readonly written: readonly WrittenPart[] }
  | { readonly at: 'confirming'; readonly written: readonly WrittenPart[]; readonly trouble?: Trouble }
  | { readonly at: 'done'; readonly written: readonly WrittenPart[] };

export type CollectEvent =
  | { readonly on: 'link_chosen'; readonly link: LinkKind; readonly secTag?: number }
  | { readonly on: 'connected' }
  | { readonly on: 'approved'; readonly bundle: CredentialBundle }
  | { readonly on: 'part_written'; readonly part: WrittenPart }
  | { readonly on: 'written'; readonly written: readonly WrittenPart[] }
  | { readonly on: 'confirm_again' }
  | { readonly on: 'confirmed' }
  | { readonly on: 'failed'; readonly trouble: Trouble }
  | { readonly on: 'back' };

export type CollectEffect =
  | { readonly do: 'connect'; readonly link: LinkKind; readonly secTag?: number }
  | { readonly do: 'check_certificate' }
  | { readonly do: 'write'; readonly bundle: CredentialBundle }
  | { readonly do: 'confirm'; readonly written: readonly WrittenPart[] }
  | { readonly do: 'stop_device_work' };

export const COLLECT_START: CollectState = { at: 'pair' };

export function collect(state: CollectState, event: CollectEvent): Step<CollectState, CollectEffect> {
  switch (event.on) {
    case 'link_chosen':
      if (state.at !== 'pair') return stay(state);
      return to(
        { at: 'connecting', link: event.link },
        {
          do: 'connect',
          link: event.link,
          ...(event.secTag === undefined ? {} : { secTag: event.secTag }),
        },
      );
    case 'connected':
      return state.at === 'connecting'
        ? to({ at: 'checking', link: state.link }, { do: 'check_certificate' })
        : stay(state);
    case 'approved':
      if (state.at !== 'checking') return stay(state);
      return to({ at: 'writing', link: state.link, written: [] }, { do: 'write', bundle: event.bundle });
    case 'part_written':
      return state.at === 'writing' ? to({ ...state, written: [...state.written, event.part] }) : stay(state);
    case 'written': {
      if (state.at !== 'writing') return stay(state);
      const { written } = event;
      return to({ at: 'confirming', written }, { do: 'confirm', written });
    }
    case 'confirm_again':
      // Only after a fault: while one is being saved, a second tap would sign a second confirmation.
      if (state.at !== 'confirming' || state.trouble === undefined) return stay(state);
      return to({ at: 'confirming', written: state.written }, { do: 'confirm', written: state.written });
    case 'confirmed':
      return state.at === 'confirming'
        ? to({ at: 'done', written: state.written }, { do: 'stop_device_work' })
        : stay(state);
    case 'failed':
      // What was written stays in the device; the next try reads its true state and goes on from there.
      if (state.at === 'confirming') return to({ ...state, trouble: event.trouble });
      return state.at === 'done'
        ? stay(state)
        : to({ ...lastLink(state), at: 'pair', trouble: event.trouble }, { do: 'stop_device_work' });
    case 'back':
      return state.at === 'done' || state.at === 'confirming'
        ? stay(state)
        : to(COLLECT_START, { do: 'stop_device_work' });
  }
}

function lastLink(state: CollectState): { readonly link?: LinkKind } {
  return 'link' in state && state.link !== undefined ? { link: state.link } : {};
}

function to(state: CollectState, ...effects: CollectEffect[]): Step<CollectState, CollectEffect> {
  return { state, effects };
}

function stay(state: CollectState): Step<CollectState, CollectEffect> {
  return { state, effects: [] };
}
