import { useEffect, useState } from 'preact/hooks';
import type { KnownSite } from '../../effects/sites.ts';
import { codeOf } from '../../effects/trouble.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { DeviceList } from '../parts/device-row.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Page } from '../parts/page.tsx';
import { Said, type SaidOf, useSaid } from '../parts/said.tsx';
import { nameOfPlace } from '../place-name.ts';
import { go, goBack } from '../route.ts';
import { useDevices } from '../use-devices.ts';
import { devicesWords } from '../words/devices.ts';
import { placesWords as say } from '../words/places.ts';

const PAGE = 50;

interface Place {
  readonly org: string;
  readonly domain: string;
  readonly site: string | undefined;
}

/** The devices at one site, in natural order of their positions; and its name, which can be mended here. */
export function PlaceScreen(place: Place) {
  const { org, domain, site } = place;
  const model = useModel();
  const [limit, setLimit] = useState(PAGE);
  const [sites, setSites] = useState<readonly KnownSite[]>([]);
  const version = model.outboxVersion.value;
  const found = useDevices({ limit, at: { org, domain, ...(site === undefined ? {} : { site }) } });
  const said = useSaid();
  useEffect(() => {
    void model.ports.sitesOf(org, domain).then(setSites);
  }, [org, domain, version]);
  const known = sites.find(({ id }) => id === site);
  const closed = found?.rows.find(({ siteTitle }) => siteTitle !== undefined)?.siteTitle;
  return (
    <Page
      title={known?.title ?? closed ?? site ?? devicesWords.noPlace}
      intro={nameOfPlace(model, { org, domain })}
      onBack={goBack}
      actions={
        <Button kind="primary" icon="scan" onClick={() => go('/bind')}>
          {say.bindHere}
        </Button>
      }
    >
      {known?.pending === true && <p class="badge">{say.pending}</p>}
      {found?.of === 0 && <p class="quiet">{say.none.all}</p>}
      {found !== undefined && <DeviceList devices={found.rows} />}
      {found !== undefined && found.of > found.rows.length && (
        <Button onClick={() => setLimit(limit + 2 * PAGE)}>{say.more}</Button>
      )}
      <Said of={said} />
      {known !== undefined && <Rename place={place} site={known} said={said} />}
    </Page>
  );
}

function Rename({
  place: { org, domain },
  site,
  said,
}: {
  readonly place: Place;
  readonly site: KnownSite;
  readonly said: SaidOf;
}) {
  const model = useModel();
  const [open, setOpen] = useState(false);
  const [title, setTitle] = useState(site.title);
  const [trouble, setTrouble] = useState<string | undefined>();
  if (!open)
    return (
      <Button
        onClick={() => {
          setTitle(site.title);
          setOpen(true);
        }}
      >
        {say.rename}
      </Button>
    );
  const rename = async () => {
    try {
      await model.ports.renameSite(org, domain, site, title);
      setOpen(false);
      said.say(say.renamed);
    } catch (error) {
      setTrouble(codeOf(error));
    }
  };
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void rename();
      }}
    >
      {trouble !== undefined && <FieldTroubleCard code={trouble} />}
      <div class="field">
        <label for="site-title">{say.newName}</label>
        <input
          id="site-title"
          class="input"
          dir="auto"
          autocomplete="off"
          maxLength={120}
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
      </div>
      <div class="two">
        <Button onClick={() => setOpen(false)}>{say.cancel}</Button>
        <button type="submit" class="button" data-kind="primary" disabled={title.trim() === ''}>
          {say.doRename}
        </button>
      </div>
    </form>
  );
}
