import type { ReadLabel } from '../../flow/install.ts';
import { nameOf } from '../install-draft.ts';
import { bindWords } from '../words/bind.ts';

/** On every step: which device this is about, so that nobody binds the one that lies beside it. */
export function DeviceHead(props: {
  readonly label: ReadLabel;
  readonly model?: string | undefined;
  /** In one line, where something else must be seen first. */
  readonly compact?: boolean;
}) {
  const { label, model, compact = false } = props;
  const name = nameOf(label);
  const called = model ?? label.model ?? label.row?.model ?? label.known?.model;
  // A label may say a lot more than a name; the name in it needs no saying twice.
  const scanned = label.aliases.find((alias) => alias !== name);
  return (
    <section
      class={compact ? 'device-head' : 'card device-head'}
      data-compact={compact ? 'yes' : 'no'}
      data-device={name}
    >
      <p class="udid-big" dir="ltr">
        {name}
      </p>
      {called !== undefined && (
        <p class="device-model" dir="auto">
          {called}
        </p>
      )}
      {scanned !== undefined && !compact && (
        <p class="quiet small">
          {bindWords.head.label}: <bdi class="mono">{scanned}</bdi>
        </p>
      )}
    </section>
  );
}
