import { visitName } from '../../effects/install/visit.ts';
import type { InstallFlow, InstallState } from '../../flow/install.ts';
import type { LabelSecret } from '../../ports/device.ts';
import type { AppModel } from '../model.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { DeviceHead } from '../parts/device-head.tsx';
import { DeviceTrouble } from '../parts/device-trouble.tsx';
import { Icon } from '../parts/icon.tsx';
import { LinkChoice, linksFor } from '../parts/link-choice.tsx';
import { NotReady } from '../parts/not-ready.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
import { fieldWords } from '../words/field.ts';

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
      title={fieldWords.pair.title}
      onBack={() => flow.send({ on: 'back' })}
      actions={
        working ? (
          <Button onClick={() => flow.send({ on: 'back' })}>{fieldWords.pair.cancel}</Button>
        ) : undefined
      }
    >
      <Steps at={state.at === 'checking' ? 'check' : 'pair'} />
      {state.at === 'pair' && state.trouble !== undefined && (
        <DeviceTrouble
          code={state.trouble.code}
          onRescan={() => flow.send({ on: 'next' })}
          {...remedies(model, flow, state)}
        />
      )}
      <NotReady model={model} />
      <DeviceHead label={label} />
      <section class="card">
        <p class="badge" data-tone="good">
          <Icon name="check" size={16} />
          {fieldWords.pair.found}
        </p>
        <p class="quiet">
          {label.udid === undefined
            ? fieldWords.pair.nameless
            : label.row === undefined
              ? fieldWords.pair.notOnList
              : fieldWords.pair.onList(label.row.model ?? '')}
        </p>
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
          {state.at === 'pair' && (state.link === 'serial' || state.link === 'usb') && (
            <AnotherOne flow={flow} link={state.link} />
          )}
        </>
      )}
    </Page>
  );
}

/** After a trouble on a cable: perhaps the browser took a device that it knew before. */
function AnotherOne({ flow, link }: { readonly flow: InstallFlow; readonly link: 'serial' | 'usb' }) {
  return (
    <Button kind="plain" onClick={() => flow.send({ on: 'link_chosen', link, another: true })}>
      {fieldWords.pair.another}
    </Button>
  );
}

/** What a person can do about it here, over the link that was tried last. */
function remedies(model: AppModel, flow: InstallFlow, { label, link }: Extract<PairState, { at: 'pair' }>) {
  if (link === undefined) return {};
  return {
    onSecret: (secret: LabelSecret) => {
      model.ports.device.keepSecret(visitName(label), secret);
      flow.send({ on: 'link_chosen', link });
    },
    onSecTag: (secTag: number) => flow.send({ on: 'link_chosen', link, secTag }),
    onNewKey: () => flow.send({ on: 'link_chosen', link, newKey: true }),
  };
}

function progressWords(state: PairState): string {
  switch (state.at) {
    case 'pair':
    case 'connecting':
      return fieldWords.pair.connecting;
    case 'reading':
      return `${fieldWords.pair.speaks(state.traits.name)}. ${fieldWords.pair.reading}`;
    case 'checking':
      return fieldWords.pair.checking;
  }
}
