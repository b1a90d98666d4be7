import { useEffect, useState } from 'preact/hooks';
import type { DeviceAct, DeviceState } from '../../../contract/device-state.ts';
import { failureCode } from '../../effects/trouble.ts';
import type { BackendFailure } from '../../ports/backend.ts';
import { useModel } from '../model-context.ts';
import { LinkButton } from '../parts/button.tsx';
import { deskOrg } from '../parts/desk-choice.tsx';
import { Facts } from '../parts/facts.tsx';
import { NameText } from '../parts/name-text.tsx';
import { Page } from '../parts/page.tsx';
import { Said, useSaid } from '../parts/said.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { goBack } from '../route.ts';
import { deskWords } from '../words/desk.ts';
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
  const { desk } = model.ports;
  const org = deskOrg(model);
  const [device, setDevice] = useState<DeviceState | null | undefined>();
  const [others, setOthers] = useState<readonly DeviceState[]>([]);
  const [failure, setFailure] = useState<BackendFailure | undefined>();
  const [acts, setActs] = useState(0);
  const said = useSaid();
  const load = async () => {
    const found = await model.ask(desk, (at) => at.devices(org, { udid }));
    if (!found.ok) return fail(found.failure);
    // The newest first, so a device that was bound again is shown as it is now.
    const now = found.value.find((one) => one.maker === maker) ?? null;
    setDevice(now);
    if (now === null) return;
    // Those that may take its place.
    const beside = await model.ask(desk, (at) => at.devices(org, { domain: now.domain }));
    if (!beside.ok) return fail(beside.failure);
    setOthers(beside.value.filter((one) => mayReplace(one, now)));
  };
  const fail = (why: BackendFailure) => setFailure(why);
  // read once per visit and organisation
  useEffect(() => {
    void load();
  }, [org]);
  const perform = async (act: DeviceAct) => {
    setFailure(undefined);
    const answer = await model.act(desk, (at) => at.act(org, { maker, udid }, act));
    if (answer.ok) {
      said.say(say.done[act.act]);
      setActs(acts + 1);
    } else fail(answer.failure);
    await load();
  };
  return (
    <Page title={say.title} onBack={goBack}>
      {failure !== undefined && <Trouble failure={failure} />}
      <Said of={said} />
      {device === null && <p class="card">{say.gone}</p>}
      {device != null && (
        <>
          <DeviceCard device={device} />
          {device.revokedAt !== null ? (
            <p class="quiet">{say.ended}</p>
          ) : (
            <>
              <LinkButton href={`/at/${org}/${udid}`} icon="pin" of={udid}>
                {deskWords.correct}
              </LinkButton>
              {model.may(org, 'end_devices') && (
                <DeskActs
                  key={`${device.suspended?.reason} ${acts}`}
                  device={device}
                  others={others}
                  me={model.enrolment.value?.credential.operator}
                  perform={perform}
                />
              )}
            </>
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
  const { udid, domain, domainTitle, site, siteTitle, position, model } = device;
  const { fingerprint, boundAt, notAfter, replaces, suspended, places = [] } = device;
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
          [deskWords.model, model],
          [
            recordWords.domain,
            <>
              {domainTitle !== undefined && <bdi>{domainTitle}</bdi>} <NameText text={domain} />
            </>,
          ],
          [fieldWords.place.site, siteTitle ?? site],
          [say.position, position],
          [say.bound, when(Date.parse(boundAt))],
          [say.ends, when(Date.parse(notAfter))],
          [say.replaces, replaces && <NameText text={replaces} />],
          [recordWords.certificate, <NameText text={fingerprint} />],
        ]}
      />
      {places.length > 0 && (
        <details data-part="places">
          <summary>{deskWords.history}</summary>
          <ul class="stack-s">
            {places.map((one) => (
              <li key={one.at}>
                <bdi>
                  {[one.siteTitle, one.position].filter((part) => part !== undefined).join(', ') ||
                    one.domain}
                </bdi>
                <br />
                <span class="quiet small">
                  {when(Date.parse(one.at))} · {one.by}
                  {one.because !== undefined && ` · ${one.because}`}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </article>
  );
}
