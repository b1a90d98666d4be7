import type { InstallFlow, InstallState } from '../../flow/install.ts';
import { type NextAct, nextActs, type StandingDevice } from '../../flow/known-device.ts';
import { useModel } from '../model-context.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { DeviceHead } from '../parts/device-head.tsx';
import type { IconName } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Steps } from '../parts/steps.tsx';
import { nameOfPlace } from '../place-name.ts';
import { bindWords } from '../words/bind.ts';
import { devicesWords } from '../words/devices.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';

const ICONS: Partial<Record<NextAct, IconName>> = {
  write: 'certificate',
  renew: 'sync',
  look: 'chip',
  move: 'pin',
};

/** A scanned device that stands somewhere already: what is most likely wanted is the one large button. */
export function KnownStep(props: {
  readonly flow: InstallFlow;
  readonly state: Extract<InstallState, { at: 'known' }>;
}) {
  const { flow, state } = props;
  const { known } = state.label;
  const { first, others } = nextActs(known);
  return (
    <Page
      title={bindWords.known.title}
      onBack={() => flow.send({ on: 'back' })}
      actions={<ActButton act={first} known={known} flow={flow} primary />}
    >
      <Steps at="scan" />
      <DeviceHead label={state.label} />
      <Standing known={known} />
      <div class="stack">
        {others.map((act) => (
          <ActButton key={act} act={act} known={known} flow={flow} />
        ))}
      </div>
    </Page>
  );
}

function Standing({ known }: { readonly known: StandingDevice }) {
  const model = useModel();
  const { standing, need, code, because, decidedBy } = known;
  const bad = standing === 'refused' || need === 'conflict' || need === 'rejected';
  const waits = standing === 'held' || standing === 'claimed';
  return (
    <section class="card" data-standing={standing} data-tone={bad ? 'bad' : waits ? 'wait' : undefined}>
      <h2>{devicesWords.standings[standing]}</h2>
      {because !== null && (
        <p dir="auto">
          {because}
          {decidedBy !== null && <span class="row-sub"> {bindWords.known.by(decidedBy)}</span>}
        </p>
      )}
      {code !== null && (bad || waits) && (
        <p>
          {fieldTroubleWords(code).what} {fieldTroubleWords(code).next}
        </p>
      )}
      {need === 'renew' && <p>{bindWords.known.renewNow}</p>}
      <p>
        <span class="quiet">{bindWords.known.at}:</span> <bdi>{nameOfPlace(model, known)}</bdi>
      </p>
    </section>
  );
}

function ActButton(props: {
  readonly act: NextAct;
  readonly known: StandingDevice;
  readonly flow: InstallFlow;
  readonly primary?: boolean;
}) {
  const { act, known, flow, primary = false } = props;
  const icon = ICONS[act];
  const look = { ...(primary ? { kind: 'primary' as const } : {}), ...(icon === undefined ? {} : { icon }) };
  const words = bindWords.known.acts[act];
  switch (act) {
    case 'write':
    case 'look':
      return (
        <LinkButton
          {...look}
          of={known.udid}
          href={`/${act === 'write' ? 'write' : 'at'}/${known.org}/${known.udid}`}
        >
          {words}
        </LinkButton>
      );
    case 'renew':
    case 'move':
    case 'again':
    case 'replace':
      return (
        <Button {...look} of={known.udid} onClick={() => flow.send({ on: 'wished', act })}>
          {words}
        </Button>
      );
  }
}
