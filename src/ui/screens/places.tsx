import { useState } from 'preact/hooks';
import { DEVICE_NEEDS, type DeviceNeed, NEEDS_ME, NEEDS_OTHERS } from '../../ports/devices.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { DeviceList } from '../parts/device-row.tsx';
import { Page } from '../parts/page.tsx';
import { namedSites, SiteRow } from '../parts/site-row.tsx';
import { goBack } from '../route.ts';
import { sayInAddress } from '../say-in-address.ts';
import { useDevices, useSites } from '../use-devices.ts';
import { devicesWords } from '../words/devices.ts';
import { placesWords as say } from '../words/places.ts';

const PAGE = 50;
const SITES = 100;
type Show = 'places' | 'mine' | 'others' | 'renew' | 'open' | 'all';
const SHOWS: readonly (readonly [Show, readonly DeviceNeed[] | undefined])[] = [
  ['places', undefined],
  ['mine', DEVICE_NEEDS.filter((need) => NEEDS_ME.has(need))],
  ['others', NEEDS_OTHERS],
  ['renew', ['renew']],
  ['open', ['send']],
  ['all', DEVICE_NEEDS],
];

/** Every place and every device: by place, by what they need, or found by anything that is printed or said. */
export function PlacesScreen() {
  const asked = new URLSearchParams(location.search);
  const [show, setShow] = useState<Show>(
    () => SHOWS.find(([name]) => name === asked.get('show'))?.[0] ?? 'places',
  );
  const [words, setWords] = useState(asked.get('find') ?? '');
  const [limit, setLimit] = useState(PAGE);
  const needs = SHOWS.find(([name]) => name === show)?.[1];
  const isSearch = words.trim() !== '';
  const found = useDevices(
    isSearch || needs !== undefined
      ? { limit, ...(needs === undefined ? {} : { needs }), ...(isSearch ? { words } : {}) }
      : undefined,
  );
  return (
    <Page title={say.title} onBack={goBack} wide>
      <div class="field">
        <label for="find-device">{say.find}</label>
        <input
          id="find-device"
          type="search"
          class="input"
          dir="auto"
          autocomplete="off"
          maxLength={200}
          placeholder={say.findHelp}
          value={words}
          onInput={(event) => {
            setWords(event.currentTarget.value);
            setLimit(PAGE);
            sayInAddress({ find: event.currentTarget.value });
          }}
        />
      </div>
      <Filters
        show={show}
        onShow={(next) => {
          setShow(next);
          setLimit(PAGE);
          sayInAddress({ show: next === 'places' ? undefined : next });
        }}
      />
      {found === undefined ? (
        <Sites />
      ) : (
        <section class="stack-s" data-section="found">
          <p class="quiet" role="status">
            {say.found(Math.min(found.rows.length, found.of), found.of)}
          </p>
          {found.of === 0 && <p class="quiet">{isSearch ? say.noneFound : say.none[show]}</p>}
          <DeviceList devices={found.rows} />
          {found.of > found.rows.length && (
            <Button onClick={() => setLimit(limit + 2 * PAGE)}>{say.more}</Button>
          )}
        </section>
      )}
    </Page>
  );
}

function Filters(props: { readonly show: Show; readonly onShow: (show: Show) => void }) {
  const counts = useModel().devices.value?.needs ?? {};
  return (
    <fieldset class="filters" aria-label={say.filters}>
      {SHOWS.map(([name, needs]) => {
        const n = needs?.reduce((sum, need) => sum + (counts[need] ?? 0), 0);
        return (
          <button
            type="button"
            class="button"
            key={name}
            data-show={name}
            aria-pressed={props.show === name}
            onClick={() => props.onShow(name)}
          >
            {say.shows[name]}
            {n !== undefined && n > 0 && <span class="count">{n}</span>}
          </button>
        );
      })}
    </fieldset>
  );
}

function Sites() {
  const model = useModel();
  const [limit, setLimit] = useState(SITES);
  const sites = namedSites(model, useSites());
  return (
    <section class="stack-s" data-section="places">
      {sites.length === 0 && <p class="quiet">{devicesWords.none}</p>}
      <ul class="list">
        {sites.slice(0, limit).map((site) => (
          <li key={`${site.org} ${site.domain} ${site.site ?? ''}`}>
            <SiteRow site={site} />
          </li>
        ))}
      </ul>
      {sites.length > limit && <Button onClick={() => setLimit(limit + SITES)}>{say.more}</Button>}
    </section>
  );
}
