import { useState } from 'preact/hooks';
import { canSubmitAsFound, remedyOf } from '../../flow/failed-checks.ts';
import { hasFailed, type InstallFlow, type InstallState } from '../../flow/install.ts';
import { Button } from '../parts/button.tsx';
import { CheckList } from '../parts/check-list.tsx';
import { DeviceHead } from '../parts/device-head.tsx';
import { ForSupport } from '../parts/for-support.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
import { bindWords } from '../words/bind.ts';
import { fieldWords } from '../words/field.ts';

interface CheckProps {
  readonly flow: InstallFlow;
  readonly state: Extract<InstallState, { at: 'checked' }>;
}

/** Step 4's result. Only a failed check stops, unless it is submitted as found. */
export function CheckStep({ flow, state }: CheckProps) {
  if (hasFailed(state.checks)) return <FailedStep flow={flow} state={state} />;
  return (
    <Page
      title={fieldWords.check.good}
      onBack={() => flow.send({ on: 'back' })}
      actions={
        <Button kind="primary" onClick={() => flow.send({ on: 'go_on' })}>
          {fieldWords.check.next}
        </Button>
      }
    >
      <Steps at="check" />
      <DeviceHead label={state.label} model={state.reading.identity.model} />
      <CheckList checks={state.checks} />
    </Page>
  );
}

/** What failed stands alone and first, with what helps as the button. */
function FailedStep({ flow, state }: CheckProps) {
  const { checks, reading, training, label } = state;
  const [asking, setAsking] = useState(false);
  const [because, setBecause] = useState('');
  const remedy = remedyOf(checks);
  const may = canSubmitAsFound(checks, reading, training);
  const failed = checks.flatMap((check) => (check.result === 'failed' ? [check.code] : []));
  return (
    <Page
      title={fieldWords.check.bad}
      onBack={() => flow.send({ on: 'back' })}
      actions={
        asking ? (
          <form
            class="stack"
            onSubmit={(event) => {
              event.preventDefault();
              flow.send({ on: 'submit_as_found', because });
            }}
          >
            <div class="field">
              <label for="because">{bindWords.check.because}</label>
              <input
                id="because"
                class="input"
                dir="auto"
                maxLength={300}
                // asked for by the tap before
                ref={(input) => input?.focus()}
                value={because}
                aria-describedby="because-help"
                onInput={(event) => setBecause(event.currentTarget.value)}
              />
              <p id="because-help" class="quiet small">
                {bindWords.check.becauseHelp}
              </p>
            </div>
            <div class="two">
              <Button onClick={() => setAsking(false)}>{bindWords.check.not}</Button>
              <button type="submit" class="button" data-kind="danger" disabled={because.trim() === ''}>
                {bindWords.check.submit}
              </button>
            </div>
          </form>
        ) : (
          <>
            {remedy === 'read' ? (
              <Button kind="primary" onClick={() => flow.send({ on: 'back' })}>
                {bindWords.check.read}
              </Button>
            ) : (
              <Button kind="primary" icon="scan" onClick={() => flow.send({ on: 'next' })}>
                {remedy === 'scan' ? bindWords.check.scan : bindWords.check.another}
              </Button>
            )}
            {may && (
              <Button kind="plain" onClick={() => setAsking(true)}>
                {bindWords.check.asFound}
              </Button>
            )}
          </>
        )
      }
    >
      <DeviceHead label={label} model={reading.identity.model} compact />
      <CheckList checks={checks} />
      {remedy === 'support' && <p>{bindWords.check.support}</p>}
      <ForSupport
        of={[
          [bindWords.support.code, failed.join(', ')],
          [bindWords.support.device, label.udid],
        ]}
      />
      <Steps at="check" />
    </Page>
  );
}
