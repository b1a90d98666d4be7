import type { LinkKind } from '../../ports/device.ts';
import { fieldWords } from '../words/field.ts';
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
    return <p class="card">{isSecureContext ? fieldWords.pair.none : fieldWords.pair.insecure}</p>;
  }
  return (
    <div class="choice">
      {props.links.map((link) => {
        const [name, about] = wordsFor(link, props.links);
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

/** A cable is a cable, unless there are two ways to it: only then does the person have to know which to try first. */
function wordsFor(link: LinkKind, offered: readonly LinkKind[]): readonly [name: string, about: string] {
  const twoWays = offered.includes('serial') && offered.includes('usb');
  return twoWays && (link === 'serial' || link === 'usb')
    ? fieldWords.pair.cables[link]
    : fieldWords.pair.links[link];
}

/** What can be offered: simulated ones only for practice, real ones never then, so that nobody mixes them up. */
export function linksFor(
  available: Readonly<Record<LinkKind, boolean>>,
  practice: boolean,
): readonly LinkKind[] {
  const real: LinkKind[] = ['serial', 'usb', 'bluetooth'];
  return practice ? ['simulated'] : real.filter((link) => available[link]);
}
