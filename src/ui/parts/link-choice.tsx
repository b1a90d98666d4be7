import type { LinkKind } from '../../ports/device.ts';
import { words } from '../words/en.ts';
import { Icon, type IconName } from './icon.tsx';

const ICONS: Record<LinkKind, IconName> = {
  serial: 'cable',
  bluetooth: 'bluetooth',
  usb: 'cable',
  simulated: 'chip',
};

/** The links this browser offers. The person chooses a cable or radio, never a protocol. */
export function LinkChoice(props: {
  readonly links: readonly LinkKind[];
  readonly onChoose: (link: LinkKind) => void;
}) {
  if (props.links.length === 0) {
    return <p class="card">{isSecureContext ? words.pair.none : words.pair.insecure}</p>;
  }
  return (
    <div class="choice">
      {props.links.map((link) => {
        const [name, about] = words.pair.links[link];
        return (
          <button
            type="button"
            class="button"
            key={link}
            data-link={link}
            onClick={() => props.onChoose(link)}
          >
            <span class="disc">
              <Icon name={ICONS[link]} />
            </span>
            <span class="row-main">
              <span>{name}</span>
              <span class="row-sub">{about}</span>
            </span>
          </button>
        );
      })}
    </div>
  );
}

/** What can be offered: simulated ones only for practice, real ones never then, so that nobody mixes them up. */
export function linksFor(
  available: Readonly<Record<LinkKind, boolean>>,
  practice: boolean,
): readonly LinkKind[] {
  const real: LinkKind[] = ['serial', 'bluetooth', 'usb'];
  return practice ? ['simulated'] : real.filter((link) => available[link]);
}
