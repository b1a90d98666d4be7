import { useEffect, useState } from 'preact/hooks';
import type { DeviceAct, DeviceState } from '../../../contract/device-state.ts';
import { failureCode } from '../../effects/trouble.ts';
import type { BackendFailure } from '../../ports/backend.ts';
import { useModel } from '../model-context.ts';
import { Facts } from '../parts/facts.tsx';
import { NameText } from '../parts/name-text.tsx';
import { Page } from '../parts/page.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { goBack } from '../route.ts';
import { deskDeviceTrouble, deskDeviceWords as say } from '../words/desk-device.ts';
import { when } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { recordWords } from '../words/record.ts';
import { troubleWords } from '../words/trouble.ts';
import { DeskActs } from './desk-acts.tsx';
import { DeviceBadges } from './desk-devices.tsx';

/** One bound device, and what support may do with it. It needs signal; nothing here is done offline. */
export function DeskDeviceScreen({ maker, udid }: { readonly maker: string; readonly udid: string }) {
  const model = useModel();
  const org = model.membership.value?.org ?? '';
  const [device, setDevice] = useState<DeviceState | null | undefined>();
  const [others, setOthers] = useState<readonly DeviceState[]>([]);
  const [failure, setFailure] = useState<BackendFailure | undefined>();
  const [done, setDone] = useState<DeviceAct['act'] | undefined>();
  const load = async () => {
    const found = await model.ports.desk.devices(org, { udid });
    if (!found.ok) return fail(found.failure);
    // The newest first, so a device that was bound again is shown as it is now.
    const now = found.value.find((one) => one.maker === maker) ?? null;
    setDevice(now);
    if (now === null) return;
    // Those that may take its place.
    const beside = await model.ports.desk.devices(org, { domain: now.domain });
    if (!beside.ok) return fail(beside.failure);
    setOthers(beside.value.filter((one) => mayReplace(one, now)));
  };
  const fail = (why: BackendFailure) => {
    setFailure(why);
    model.note(why);
  };
  // read once per visit and organisation
  useEffect(() => {
    void load();
  }, [org]);
  const perform = async (act: DeviceAct) => {
    setFailure(undefined);
    setDone(undefined);
    const answer = await model.ports.desk.act(org, { maker, udid }, act);
    if (answer.ok) setDone(act.act);
    else fail(answer.failure);
    await load();
  };
  return (
    <Page title={say.title} onBack={goBack}>
      {failure !== undefined && <Trouble failure={failure} />}
      {done !== undefined && (
        <p class="card" data-tone="good" role="status">
          {say.done[done]}
        </p>
      )}
      {device === null && <p class="card">{say.gone}</p>}
      {device != null && (
        <>
          <DeviceCard device={device} />
          {device.revokedAt !== null ? (
            <p class="quiet">{say.ended}</p>
          ) : (
            <DeskActs
              key={`${device.suspended?.reason} ${done}`}
              device={device}
              others={others}
              me={model.enrolment.value?.credential.operator}
              perform={perform}
            />
          )}
        </>
      )}
    </Page>
  );
}

/** Bound, in the same domain, and not the device itself: the backend asks for the same. */
function mayReplace(one: DeviceState, device: DeviceState): boolean {
  const same = one.maker === device.maker && one.udid === device.udid;
  return !same && one.domain === device.domain && one.revokedAt === null;
}

function Trouble({ failure }: { readonly failure: BackendFailure }) {
  const detail = failure.kind === 'refused' ? failure.detail : undefined;
  return (
    <TroubleCard
      code={failureCode(failure)}
      words={(code) => deskDeviceTrouble(code, detail) ?? troubleWords(code)}
    />
  );
}

function DeviceCard({ device }: { readonly device: DeviceState }) {
  const { udid, domain, site, position, fingerprint, boundAt, notAfter, replaces, suspended } = device;
  return (
    <article class="card" data-device={udid}>
      <h2 class="row-title mono" dir="ltr">
        {udid}
      </h2>
      <DeviceBadges device={device} />
      {suspended !== undefined && (
        <p class="quiet small">{say.suspendedBy(suspended.by, when(Date.parse(suspended.at)))}</p>
      )}
      <Facts
        of={[
          [recordWords.domain, <NameText text={domain} />],
          [fieldWords.place.site, site],
          [say.position, position],
          [say.bound, when(Date.parse(boundAt))],
          [say.ends, when(Date.parse(notAfter))],
          [say.replaces, replaces && <NameText text={replaces} />],
          [recordWords.certificate, <NameText text={fingerprint} />],
        ]}
      />
    </article>
  );
}
