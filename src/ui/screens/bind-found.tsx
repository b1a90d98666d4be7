import type { InstallFlow, InstallState } from '../../flow/install.ts';
import type { DriverTraits } from '../../ports/device.ts';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { words } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';

/** The driver is found, nothing is done yet: what this device can and cannot do, and what going on will do to it. */
export function FoundStep(props: {
  readonly flow: InstallFlow;
  readonly state: Extract<InstallState, { at: 'found' }>;
}) {
  const { flow, state } = props;
  const { traits, label } = state;
  const bindable = traits.evidence !== 'none';
  return (
    <Page
      title={bindable ? fieldWords.found.title : fieldWords.found.onlyWifi}
      onBack={() => flow.send({ on: 'back' })}
      actions={
        <>
          {bindable && (
            <Button kind="primary" onClick={() => flow.send({ on: 'read' })}>
              {traits.makesKey ? fieldWords.found.readOrMake : fieldWords.found.read}
            </Button>
          )}
          {traits.wifi && (
            <Button
              kind={bindable ? undefined : 'primary'}
              icon="wifi"
              onClick={() => flow.send({ on: 'set_up_wifi' })}
            >
              {fieldWords.found.wifi}
            </Button>
          )}
        </>
      }
    >
      <Steps at="pair" />
      {!bindable && <TroubleCard code="nothing_to_bind" waits />}
      <section class="card">
        <p class="udid-big" dir="ltr">
          {label.udid ?? label.aliases[0]}
        </p>
        <p class="quiet small">{fieldWords.pair.speaks(traits.name)}</p>
      </section>
      <section class="card">
        <ul class="checks" data-table="abilities">
          {abilities(traits).map(([name, can, note]) => (
            <li class="check" key={name} data-ability={name} data-can={can ? 'yes' : 'no'}>
              <span
                class="mark"
                data-tone={can ? 'good' : 'none'}
                role="img"
                aria-label={can ? words.more.yes : words.more.no}
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
      </section>
      {bindable && traits.makesKey && (
        <p class="card" data-tone="wait">
          {fieldWords.found.makesKey}
        </p>
      )}
    </Page>
  );
}

type Ability = keyof typeof fieldWords.found.abilities;

function abilities(traits: DriverTraits): readonly (readonly [Ability, boolean, string | undefined])[] {
  const { notes } = fieldWords.found;
  const key = traits.evidence !== 'none';
  return [
    ['key', key, key ? undefined : notes.noKey],
    ['request', traits.evidence === 'key-and-csr', traits.evidence === 'key-only' ? notes.token : undefined],
    [
      'fresh',
      traits.possession === 'fresh',
      key && traits.possession === 'static' ? notes.static : undefined,
    ],
    ['installs', traits.installs, key && !traits.installs ? notes.noInstall : undefined],
    ['anchor', traits.holdsAnchor, traits.installs && !traits.holdsAnchor ? notes.noAnchor : undefined],
    ['readsBack', traits.readsBack, traits.installs && !traits.readsBack ? notes.noReadBack : undefined],
    ['wifi', traits.wifi, undefined],
  ];
}
