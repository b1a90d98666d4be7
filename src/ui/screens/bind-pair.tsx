import type { InstallFlow, InstallState } from '../../flow/install.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { LinkChoice, linksFor } from '../parts/link-choice.tsx';
import { NotReady } from '../parts/not-ready.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { age, words } from '../words/en.ts';

type PairState = Extract<InstallState, { at: 'pair' | 'connecting' | 'reading' | 'checking' }>;

/** Steps 2 to 4: choose the link; the app finds the protocol, reads key and request, and checks them. */
export function PairStep(props: {
  readonly flow: InstallFlow;
  readonly state: PairState;
  readonly practice: boolean;
}) {
  const { flow, state, practice } = props;
  const model = useModel();
  const { label } = state;
  const working = state.at !== 'pair';
  return (
    <Page
      title={words.pair.title}
      onBack={() => flow.send({ on: 'back' })}
      actions={
        working ? <Button onClick={() => flow.send({ on: 'back' })}>{words.pair.cancel}</Button> : undefined
      }
    >
      <Steps at={state.at === 'checking' ? 'check' : 'pair'} />
      {state.trouble !== undefined && <TroubleCard code={state.trouble.code} />}
      <NotReady model={model} />
      <section class="card">
        <p class="badge" data-tone="good">
          <Icon name="check" size={16} />
          {words.pair.found}
        </p>
        <p class="udid-big" dir="ltr">
          {label.udid}
        </p>
        <p class="quiet">
          {label.row === undefined ? words.pair.notOnList : words.pair.onList(label.row.model ?? '')}
        </p>
        {label.savedBefore !== undefined && (
          <div class="card" data-tone="wait">
            <p>
              {words.pair.before(
                label.savedBefore.title,
                age(model.ports.clock.now() - label.savedBefore.at),
              )}
            </p>
            <a href={`/record/${label.savedBefore.record}`}>{words.pair.openIt}</a>
          </div>
        )}
      </section>
      {working ? (
        <p class="card" role="status">
          <span>
            <Icon name="sync" spin /> {working && progressWords(state)}
          </span>
        </p>
      ) : (
        <>
          <LinkChoice
            links={linksFor(model.ports.links.availableLinks(), practice)}
            onChoose={(link) => flow.send({ on: 'link_chosen', link })}
          />
          {state.trouble !== undefined && model.ports.links.availableLinks().serial && !practice && (
            <Button
              kind="plain"
              onClick={() => flow.send({ on: 'link_chosen', link: 'serial', another: true })}
            >
              {words.pair.another}
            </Button>
          )}
        </>
      )}
    </Page>
  );
}

function progressWords(state: PairState): string {
  switch (state.at) {
    case 'pair':
    case 'connecting':
      return words.pair.connecting;
    case 'reading':
      return `${words.pair.speaks(state.traits.name)}. ${words.pair.reading}`;
    case 'checking':
      return words.pair.checking;
  }
}
