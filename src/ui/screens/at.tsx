import { useEffect, useState } from 'preact/hooks';
import type { DeviceAtPlace } from '../../ports/devices.ts';
import type { QueuedRecord } from '../../ports/outbox.ts';
import { ask } from '../ask.ts';
import { type AtAct, nextActs, stateWords } from '../at-state.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { ForSupport } from '../parts/for-support.tsx';
import { Page } from '../parts/page.tsx';
import { PlaceConflict, PlaceForm } from '../parts/place-form.tsx';
import { RecordRow } from '../parts/record-row.tsx';
import { Said, useSaid } from '../parts/said.tsx';
import { nameOfPlace } from '../place-name.ts';
import { go, goBack } from '../route.ts';
import { useDevice } from '../use-devices.ts';
import { useTrouble } from '../use-trouble.ts';
import { atWords as say } from '../words/at.ts';
import { devicesWords } from '../words/devices.ts';
import { when } from '../words/en.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';

/** One device as this phone knows it: how it stands and why, what is next, and where it is. */
export function AtScreen({ org, udid }: { readonly org: string; readonly udid: string }) {
  const device = useDevice(org, udid);
  if (device === undefined) return <Page />;
  if (device === null)
    return <Page title={udid} intro={`${say.missing} ${say.missingNote}`} onBack={goBack} />;
  return <Device device={device} />;
}

function Device({ device }: { readonly device: DeviceAtPlace }) {
  const model = useModel();
  const [correcting, setCorrecting] = useState(false);
  const { trouble, fail, run } = useTrouble();
  const said = useSaid();
  const { udid, notAfter } = device;
  const [title, note] = stateWords(device);
  return (
    <Page
      title={title}
      intro={note}
      onBack={goBack}
      actions={hasButtons(device) && <NextAct device={device} run={run} />}
    >
      {trouble !== undefined && <FieldTroubleCard code={trouble} />}
      <Said of={said} />
      <Why device={device} />
      {device.need === 'conflict' && <PlaceConflict device={device} run={run} onTrouble={fail} />}
      <section class="card" data-device={udid} data-standing={device.standing} data-need={device.need}>
        <p class="udid-big" dir="ltr">
          {udid}
        </p>
        {device.simulated && <p class="badge">{devicesWords.practice}</p>}
        <Facts
          of={[
            [say.model, device.model],
            [
              say.place,
              <>
                <bdi data-part="place">{nameOfPlace(model, device)}</bdi>
                {device.correcting && <span class="row-sub"> {say.correcting}</span>}
              </>,
            ],
            [say.until, notAfter && when(Date.parse(notAfter))],
          ]}
        />
        {device.alike?.map((other) => (
          <p key={other.maker} data-part="alike">
            {say.alike(other.maker ?? '')}{' '}
            <bdi>
              {[other.model, nameOfPlace(model, { org: device.org, ...other })].filter(Boolean).join(' · ')}
            </bdi>
          </p>
        ))}
        {device.byName !== undefined && <p class="quiet small">{say.seenBy(device.byName)}</p>}
      </section>
      {canCorrect(device) &&
        (correcting ? (
          <PlaceForm
            device={device}
            onCancel={() => setCorrecting(false)}
            onTrouble={fail}
            onCorrect={async (place) => {
              await run(
                model.ports.amendPlace(device, place).then(() => {
                  setCorrecting(false);
                  said.say(say.correct.done);
                }),
              );
            }}
          />
        ) : (
          <Button icon="pin" onClick={() => setCorrecting(true)}>
            {say.correct.open}
          </Button>
        ))}
      <Undo device={device} run={run} />
      {canCorrect(device) && <p class="quiet small">{say.move}</p>}
      <Records device={device} onTrouble={fail} />
      <ForSupport
        of={[
          [say.support.code, device.code ?? undefined],
          [say.support.rules, saidBySomebody(device) === null ? (device.because ?? undefined) : undefined],
          [say.support.device, udid],
          [say.support.maker, device.maker],
          [say.support.domain, device.domain],
          [say.support.names, `spiffe://${device.domain}/device/${udid}`],
          [say.support.record, device.registration ?? device.record],
          [say.support.fingerprint, device.certificate?.fingerprint],
        ]}
      />
    </Page>
  );
}

/** In a person's own words; what the rules say in theirs is for support. */
function saidBySomebody({ because, decidedBy, code }: DeviceAtPlace): string | null {
  return decidedBy !== null || code === 'approval_refused' ? because : null;
}

/** The reason first, in the words of whoever decided; then what the code means and what is next. */
function Why({ device }: { readonly device: DeviceAtPlace }) {
  const { code, decidedBy, suspended, need, standing } = device;
  const because = saidBySomebody(device);
  const bad = need === 'refused' || need === 'rejected' || need === 'conflict' || standing === 'refused';
  const waits = standing === 'held' || standing === 'claimed' || suspended !== undefined;
  if (suspended === undefined && need !== 'renew' && !bad && !waits && because === null) return null;
  return (
    <section
      class="card"
      data-tone={bad ? 'bad' : waits || need === 'renew' ? 'wait' : undefined}
      data-part="why"
    >
      {because !== null && (
        <p>
          <strong>
            <bdi>{because}</bdi>
          </strong>
        </p>
      )}
      {decidedBy !== null && <p class="quiet">{say.decidedBy(decidedBy)}</p>}
      {suspended !== undefined && <p>{say.suspended[suspended]}</p>}
      {need === 'renew' && <p>{say.due}</p>}
      {code !== null && (bad || waits) && standing !== 'claimed' && (
        <p>
          {fieldTroubleWords(code).what} {fieldTroubleWords(code).next}
        </p>
      )}
    </section>
  );
}

function hasButtons(device: DeviceAtPlace): true | undefined {
  return nextActs(device).some((act) => act !== 'choose') || undefined;
}

/** What comes next. It keeps its place while other things change; which of two places is right is asked beside them. */
function NextAct({
  device,
  run,
}: {
  readonly device: DeviceAtPlace;
  readonly run: (act: Promise<unknown>) => Promise<unknown>;
}) {
  const model = useModel();
  const { org, udid, record } = device;
  const act = (kind: AtAct, isFirst: boolean) => {
    const look = isFirst ? 'primary' : undefined;
    switch (kind) {
      case 'write':
        return (
          <Button key={kind} kind={look} icon="certificate" onClick={() => go(`/write/${org}/${udid}`)}>
            {say.write}
          </Button>
        );
      case 'write_again':
        return (
          <Button key={kind} icon="certificate" onClick={() => go(`/write/${org}/${udid}`)}>
            {say.writeAgain}
          </Button>
        );
      case 'renew':
        return (
          <Button key={kind} kind={look} icon="sync" onClick={() => go(`/bind?at=${org}/${udid}&act=renew`)}>
            {say.renew}
          </Button>
        );
      case 'scan':
        return (
          <Button key={kind} kind={look} icon="scan" onClick={() => go('/bind')}>
            {say.scan}
          </Button>
        );
      case 'retry':
        return (
          <Button
            key={kind}
            kind={look}
            icon="sync"
            busy={model.draining.value}
            onClick={() => void run(model.retry(record ?? ''))}
          >
            {say.retry}
          </Button>
        );
      case 'look':
        return (
          <Button key={kind} kind={look} onClick={() => void run(model.ports.devices.read(org, udid))}>
            {say.look}
          </Button>
        );
      case 'choose':
        return null;
    }
  };
  return nextActs(device).map((kind, i) => act(kind, i === 0));
}

/** Where it stands can be mended while it stands. */
function canCorrect({ standing, place, need }: DeviceAtPlace): boolean {
  if (place === '' || need === 'conflict') return false;
  switch (standing) {
    case 'saved':
    case 'undecided':
    case 'held':
    case 'issuing':
    case 'issued':
    case 'installed':
    case 'shown':
      return true;
    case 'claimed':
    case 'refused':
    case 'ended':
      return false;
  }
}

/** Of one's own, or at the desk; while no certificate is in the device by what this phone knows. The backend decides. */
function Undo({
  device,
  run,
}: {
  readonly device: DeviceAtPlace;
  readonly run: (act: Promise<unknown>) => Promise<unknown>;
}) {
  const model = useModel();
  const [sure, setSure] = useState(false);
  const { standing, mine, org, undoing } = device;
  if (undoing)
    return (
      <p class="card" role="status" data-part="undoing">
        {model.connection.value === 'online' ? say.asked : say.askedOffline}
      </p>
    );
  const isDesk = model.desks.value.some((desk) => desk.org === org);
  const isOpen =
    standing === 'saved' || standing === 'undecided' || standing === 'held' || standing === 'issued';
  if (!isOpen || !(mine || isDesk)) return null;
  return sure ? (
    <section class="card" data-part="undo">
      <p>{say.undoSure}</p>
      <div class="two">
        <Button onClick={() => setSure(false)}>{say.no}</Button>
        <Button
          kind="danger"
          onClick={() => {
            setSure(false);
            void run(model.ports.undoDevice(device));
          }}
        >
          {say.undoYes}
        </Button>
      </div>
    </section>
  ) : (
    <Button icon="back" onClick={() => setSure(true)}>
      {say.undo}
    </Button>
  );
}

/** What this person captured of it on this phone. */
function Records(props: { readonly device: DeviceAtPlace; readonly onTrouble: (error: unknown) => void }) {
  const { onTrouble } = props;
  const { org, udid } = props.device;
  const model = useModel();
  const [records, setRecords] = useState<readonly QueuedRecord[]>([]);
  const version = model.outboxVersion.value;
  const me = model.enrolment.value?.credential.operator;
  useEffect(
    () =>
      ask(
        model.ports.outbox.ofDevice(udid),
        (all) => setRecords(all.filter((row) => row.org === org && row.operator === me)),
        onTrouble,
      ),
    [org, udid, version],
  );
  if (records.length === 0) return null;
  return (
    <details class="folded" data-part="records">
      <summary>{say.records(records.length)}</summary>
      <ul class="list">
        {records.map((record) => (
          <li key={record.id}>
            <RecordRow record={record} now={model.now.value} />
          </li>
        ))}
      </ul>
    </details>
  );
}
