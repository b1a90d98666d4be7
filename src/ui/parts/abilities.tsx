import type { DriverTraits } from '../../ports/device.ts';
import { fieldWords } from '../words/field.ts';
import { moreWords } from '../words/more.ts';
import { Icon } from './icon.tsx';

/** What a device can and cannot do, as a table that needs no colour to be read. */
export function Abilities({ traits }: { readonly traits: DriverTraits }) {
  return (
    <ul class="checks" data-table="abilities">
      {abilities(traits).map(([name, can, note]) => (
        <li class="check" key={name} data-ability={name} data-can={can ? 'yes' : 'no'}>
          <span
            class="mark"
            data-tone={can ? 'good' : 'none'}
            role="img"
            aria-label={can ? moreWords.yes : moreWords.no}
          >
            <Icon name={can ? 'check' : 'dash'} size={18} />
          </span>
          <div>
            <p>
              <strong>{fieldWords.found.abilities[name]}</strong>
            </p>
            {note !== undefined && <p class="quiet small">{note}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}

function freshNote({ possession, freshBy }: DriverTraits): string | undefined {
  const { notes } = fieldWords.found;
  if (possession === 'static') return notes.static;
  if (freshBy === undefined) return undefined;
  return freshBy === 'csr-subject' ? notes.csrSubject : notes.signedChallenge;
}

type Ability = keyof typeof fieldWords.found.abilities;

function abilities(traits: DriverTraits): readonly (readonly [Ability, boolean, string | undefined])[] {
  const { notes } = fieldWords.found;
  const key = traits.evidence !== 'none';
  return [
    ['key', key, key ? undefined : notes.noKey],
    ['request', traits.evidence === 'key-and-csr', traits.evidence === 'key-only' ? notes.token : undefined],
    ['fresh', traits.possession === 'fresh', key ? freshNote(traits) : undefined],
    ['installs', traits.installs, key && !traits.installs ? notes.noInstall : undefined],
    ['anchor', traits.holdsAnchor, traits.installs && !traits.holdsAnchor ? notes.noAnchor : undefined],
    ['readsBack', traits.readsBack, traits.installs && !traits.readsBack ? notes.noReadBack : undefined],
    ['wifi', traits.wifi, undefined],
  ];
}
