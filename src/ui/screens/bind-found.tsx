import type { InstallFlow, InstallState } from '../../flow/install.ts';
import { Abilities } from '../parts/abilities.tsx';
import { Button } from '../parts/button.tsx';
import { DeviceHead } from '../parts/device-head.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
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
      {!bindable && <FieldTroubleCard code="nothing_to_bind" waits />}
      <DeviceHead label={label} />
      {bindable && traits.makesKey && (
        <p class="card" data-tone="wait">
          {fieldWords.found.makesKey}
        </p>
      )}
      <section class="card">
        <p class="quiet small">{fieldWords.pair.speaks(traits.name)}</p>
        <Abilities traits={traits} />
      </section>
    </Page>
  );
}
