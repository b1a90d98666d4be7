import { hasFailed, type InstallFlow, type InstallState } from '../../flow/install.ts';
import { Button } from '../parts/button.tsx';
import { CheckList } from '../parts/check-list.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
import { fieldWords } from '../words/field.ts';

/** Step 4's result. Only a failed check stops, unless it is submitted as found. */
export function CheckStep(props: {
  readonly flow: InstallFlow;
  readonly state: Extract<InstallState, { at: 'checked' }>;
}) {
  const { flow, state } = props;
  const bad = hasFailed(state.checks);
  return (
    <Page
      title={bad ? fieldWords.check.bad : fieldWords.check.good}
      intro={bad ? fieldWords.check.badNote : fieldWords.check.goodNote}
      onBack={() => flow.send({ on: 'back' })}
      actions={
        bad ? (
          <>
            <Button kind="primary" onClick={() => flow.send({ on: 'back' })}>
              {fieldWords.check.again}
            </Button>
            <Button kind="danger" onClick={() => flow.send({ on: 'submit_as_found' })}>
              {fieldWords.check.asFound}
            </Button>
          </>
        ) : (
          <Button kind="primary" onClick={() => flow.send({ on: 'go_on' })}>
            {fieldWords.check.next}
          </Button>
        )
      }
    >
      <Steps at="check" />
      <section class="card">
        <p class="udid-big" dir="ltr">
          {state.label.udid}
        </p>
        <p class="quiet small">{fieldWords.pair.speaks(state.reading.traits.name)}</p>
      </section>
      <section class="card">
        <CheckList checks={state.checks} />
      </section>
      {bad && <p class="quiet small">{fieldWords.check.asFoundNote}</p>}
    </Page>
  );
}
