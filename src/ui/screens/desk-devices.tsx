import { useEffect, useState } from 'preact/hooks';
import { LEAST_SEARCHED, MOST_DEVICES } from '../../../contract/device-limits.ts';
import type { DeviceState } from '../../../contract/device-state.ts';
import { useModel } from '../model-context.ts';
import { LinkButton } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { NameText } from '../parts/name-text.tsx';
import { sayInAddress } from '../say-in-address.ts';
import { deskWords } from '../words/desk.ts';
import { deskDeviceWords as say } from '../words/desk-device.ts';
import { when } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { recordWords } from '../words/record.ts';

/** More than anybody reads; the search narrows it. */
const SHOWN = 50;
/** How long a person has to pause before the backend is asked. */
const PAUSE_MS = 300;

/** The organisation's bound devices, and the search through them: here, and where there are more, at the backend. */
export function DeskDevices(props: {
  readonly org: string;
  readonly devices: readonly DeviceState[] | undefined;
}) {
  const { org, devices } = props;
  const [text, setText] = useState(() => new URLSearchParams(location.search).get('find') ?? '');
  const wanted = text.trim();
  const isMore = devices?.length === MOST_DEVICES;
  const older = useOlder(org, isMore && wanted.length >= LEAST_SEARCHED ? wanted : undefined);
  const words = wanted.toLowerCase().split(/\s+/);
  const here = devices?.filter((device) => words.every((word) => textOf(device).includes(word)));
  const beyond = (older ?? []).filter((one) => here?.every((other) => keyOf(other) !== keyOf(one)));
  const found = here && [...here, ...beyond];
  return (
    <section class="stack-s" data-section="devices">
      <h2>{fieldWords.desk.devices}</h2>
      {devices?.length === 0 && <p class="quiet">{fieldWords.desk.devicesNone}</p>}
      {devices !== undefined && devices.length > 0 && (
        <div class="field">
          <label for="find-device">{say.find}</label>
          <input
            id="find-device"
            type="search"
            class="input"
            autocomplete="off"
            placeholder={say.findHelp}
            value={text}
            maxLength={253}
            onInput={(event) => {
              setText(event.currentTarget.value);
              sayInAddress({ find: event.currentTarget.value });
            }}
          />
          <p class="quiet small" role="status">
            {say.found(Math.min(SHOWN, found?.length ?? 0), devices.length, isMore)}
          </p>
          {isMore && <p class="quiet small">{older === null ? say.olderFailed : say.older}</p>}
        </div>
      )}
      {found?.slice(0, SHOWN).map((device) => (
        <DeviceCard key={keyOf(device)} org={org} device={device} />
      ))}
    </section>
  );
}

/** What the backend finds beyond the newest, asked as it was typed; null where it could not be asked. */
function useOlder(org: string, wanted: string | undefined): readonly DeviceState[] | null | undefined {
  const model = useModel();
  const [found, setFound] = useState<readonly DeviceState[] | null | undefined>();
  useEffect(() => {
    setFound(undefined);
    if (wanted === undefined) return;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const answer = await model.ask(model.ports.desk, (desk) => desk.devices(org, { find: wanted }));
      if (isCurrent) setFound(answer.ok ? answer.value : null);
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [org, wanted]);
  return found;
}

function keyOf({ maker, udid, boundAt }: DeviceState): string {
  return `${maker}/${udid}/${boundAt}`;
}

function textOf(device: DeviceState): string {
  const { udid, maker, domain, domainTitle, site, siteTitle, position, model } = device;
  return [udid, maker, domain, domainTitle, site, siteTitle, position, model].join(' ').toLowerCase();
}

function DeviceCard({ org, device }: { readonly org: string; readonly device: DeviceState }) {
  const { maker, udid, domain, site, siteTitle, position, notAfter, model } = device;
  return (
    <article class="card" data-device={udid}>
      <h3 class="row-title mono" dir="ltr">
        {udid}
      </h3>
      <DeviceBadges device={device} />
      <Facts
        of={[
          [recordWords.domain, <NameText text={domain} />],
          [deskWords.model, model],
          [fieldWords.place.site, siteTitle ?? site],
          [say.position, position],
          [recordWords.validUntil, when(Date.parse(notAfter))],
        ]}
      />
      <LinkButton href={`/device/${maker}/${udid}?org=${org}`} of={udid}>
        {say.open}
      </LinkButton>
    </article>
  );
}

/** How it stands, most urgent first. */
export function DeviceBadges({ device }: { readonly device: DeviceState }) {
  const { state, suspended, unproven, firstUse } = device;
  return (
    <>
      <p class="badge" data-tone={state === 'revoked' ? 'bad' : state === 'issued' ? 'wait' : 'good'}>
        {fieldWords.desk.deviceStates[state]}
      </p>
      {suspended !== undefined && (
        <p class="badge" data-tone="wait">
          {fieldWords.desk.suspended[suspended.reason]}
        </p>
      )}
      {unproven && <p class="quiet small">{recordWords.unproven}</p>}
      {firstUse && <p class="badge">{fieldWords.desk.firstUse}</p>}
    </>
  );
}
