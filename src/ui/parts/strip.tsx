import { useComputed } from '@preact/signals';
import type { AppModel } from '../model.ts';
import { age, words } from '../words/en.ts';
import { troubleWords } from '../words/trouble.ts';
import { Icon, type IconName } from './icon.tsx';

interface StripState {
  readonly tone: 'good' | 'wait' | 'bad';
  readonly icon: IconName;
  readonly text: string;
  readonly spin?: boolean;
  /** Where it leads, if not to the outbox. */
  readonly href?: string;
  readonly asksToSignIn?: boolean;
}

/** On every screen: what waits, since when, and whether anything is in its way. It never says sent before the receipt. */
export function StatusStrip({ model }: { readonly model: AppModel }) {
  const state = useComputed(() => stripState(model));
  const { tone, icon, text, spin = false, href = '/outbox', asksToSignIn = false } = state.value;
  const content = (
    <>
      <Icon name={icon} size={20} spin={spin} />
      <span class="strip-text" role="status">
        {text}
      </span>
      <Icon name="chevron" size={18} />
    </>
  );
  // Nobody has to leave what they are doing to sign in again.
  if (asksToSignIn)
    return (
      <button type="button" class="strip" data-tone={tone} onClick={() => void model.askToSignIn('ended')}>
        {content}
      </button>
    );
  return (
    <a
      class="strip"
      href={href}
      data-tone={tone}
      aria-label={`${text} ${href === '/' ? words.strip.openHome : words.strip.open}`}
    >
      {content}
    </a>
  );
}

function stripState(model: AppModel): StripState {
  const summary = model.summary.value;
  const unsent = summary?.unsent ?? 0;
  const oldest = age(model.now.value - (summary?.oldestUnsentAt ?? model.now.value));
  const trouble = model.storageTrouble.value ?? model.undoTrouble.value;
  if (model.prepareTrouble.value === 'other_installation') {
    return { tone: 'bad', icon: 'alert', text: words.strip.other };
  }
  if (trouble !== undefined) return { tone: 'bad', icon: 'alert', text: troubleWords(trouble).what };
  const again = summary?.again;
  const isAnswered = model.connection.value === 'online' || model.connection.value === 'unknown';
  if (again !== undefined && !again.isOver && isAnswered && model.draining.value)
    return { tone: 'wait', icon: 'sync', text: words.strip.again(again.of), spin: true };
  if (model.restored.value > 0)
    return { tone: 'wait', icon: 'shield', text: words.strip.restored(model.restored.value) };
  if (model.draining.value && unsent > 0)
    return { tone: 'wait', icon: 'sync', text: words.strip.sending(unsent), spin: true };
  switch (model.connection.value) {
    case 'offline':
      return {
        tone: 'wait',
        icon: 'offline',
        text: unsent === 0 ? words.strip.offlineEmpty : words.strip.offline(unsent, oldest),
      };
    case 'portal':
      return { tone: 'bad', icon: 'alert', text: words.strip.portal };
    case 'signed_out':
      return { tone: 'bad', icon: 'person', text: words.strip.signedOut(unsent), asksToSignIn: true };
    case 'unknown':
      return unsent > 0
        ? { tone: 'wait', icon: 'phone', text: words.strip.waiting(unsent, oldest) }
        : { tone: 'wait', icon: 'sync', text: words.strip.looking };
    case 'online': {
      if (unsent > 0) return { tone: 'wait', icon: 'phone', text: words.strip.waiting(unsent, oldest) };
      const needMe = model.needMe.value;
      if (needMe > 0) {
        const { needs, stuck = [] } = model.devices.value ?? {};
        const { rejected = 0, refused = 0, conflict = 0 } = needs ?? {};
        const isBad = rejected + refused + conflict + stuck.length > 0;
        const look = isBad
          ? ({ tone: 'bad', icon: 'alert' } as const)
          : ({ tone: 'wait', icon: 'hand' } as const);
        return { ...look, text: words.strip.needsYou(needMe - stuck.length, stuck.length), href: '/' };
      }
      if (model.prepareTrouble.value === 'confirmation_needed')
        return { tone: 'wait', icon: 'hand', text: words.strip.unconfirmed };
      return model.readyOffline.value
        ? { tone: 'good', icon: 'check', text: words.strip.allSent }
        : { tone: 'wait', icon: 'clock', text: words.strip.notReady };
    }
  }
}
