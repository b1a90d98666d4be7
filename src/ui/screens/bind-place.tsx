import { useState } from 'preact/hooks';
import type { InstallFlow, InstallState } from '../../flow/install.ts';
import type { StoredPack } from '../../ports/work.ts';
import { Button } from '../parts/button.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { NameText } from '../parts/name-text.tsx';
import { Page } from '../parts/page.tsx';
import { PhotoPicker, type PickedPhoto } from '../parts/photo-picker.tsx';
import { Steps } from '../parts/steps.tsx';
import { fieldWords } from '../words/field.ts';
import { photoWords } from '../words/photos.ts';

/** Step 5, then 6. Domain and site are sticky within a visit; position is free words. */
export function PlaceStep(props: {
  readonly flow: InstallFlow;
  readonly state: Extract<InstallState, { at: 'place' | 'saving' }>;
  readonly pack: StoredPack;
}) {
  const { flow, state, pack } = props;
  const { domains } = pack.pack;
  const [domain, setDomain] = useState(
    () => lastChoice.domainIn(domains.map((d) => d.name)) ?? domains[0]?.name ?? '',
  );
  const sites = domains.find((d) => d.name === domain)?.sites ?? [];
  const [site, setSite] = useState(() => lastChoice.siteIn(sites.map((s) => s.id)) ?? sites[0]?.id ?? '');
  const [position, setPosition] = useState('');
  const [photos, setPhotos] = useState<readonly PickedPhoto[]>([]);
  const siteTitle = sites.find((s) => s.id === site)?.title;
  // Until the picker has read what was taken before: a record signed sooner would not name it.
  const [preparing, setPreparing] = useState(true);
  const save = () => {
    lastChoice.keep(domain, site);
    const trimmed = position.trim();
    flow.send({
      on: 'placed',
      place: {
        domain,
        ...(siteTitle === undefined ? {} : { site, siteTitle }),
        ...(trimmed === '' ? {} : { position: trimmed }),
        ...(photos.length === 0 ? {} : { photos }),
      },
    });
  };
  return (
    <Page
      title={fieldWords.place.title}
      onBack={() => flow.send({ on: 'back' })}
      actions={
        <>
          {preparing && (
            <p class="quiet small" role="status">
              {photoWords.saveWaits}
            </p>
          )}
          <Button
            kind="primary"
            onClick={save}
            busy={state.at === 'saving'}
            disabled={domain === '' || preparing}
          >
            {state.at === 'saving' ? fieldWords.place.saving : fieldWords.place.save}
          </Button>
        </>
      }
    >
      <Steps at="place" />
      {state.trouble !== undefined && <FieldTroubleCard code={state.trouble.code} />}
      {domain === '' && <FieldTroubleCard code="domain_not_in_pack" />}
      <section class="card">
        <div class="field">
          <label for="domain">{fieldWords.place.domain}</label>
          <select
            id="domain"
            class="input"
            value={domain}
            onChange={(event) => {
              setDomain(event.currentTarget.value);
              const next = domains.find((d) => d.name === event.currentTarget.value);
              setSite(next?.sites[0]?.id ?? '');
            }}
          >
            {domains.map((d) => (
              <option key={d.name} value={d.name}>
                {d.title}
              </option>
            ))}
          </select>
          <p class="small quiet">
            <NameText text={domain} />
          </p>
        </div>
        {sites.length > 0 && (
          <div class="field">
            <label for="site">{fieldWords.place.site}</label>
            <select
              id="site"
              class="input"
              value={site}
              onChange={(event) => setSite(event.currentTarget.value)}
            >
              {sites.map((s) => (
                <option key={s.id} value={s.id}>
                  {s.title}
                </option>
              ))}
            </select>
          </div>
        )}
        <div class="field">
          <label for="position">{fieldWords.place.position}</label>
          <input
            id="position"
            class="input"
            dir="auto"
            maxLength={200}
            placeholder={fieldWords.place.positionHelp}
            value={position}
            onInput={(event) => setPosition(event.currentTarget.value)}
          />
        </div>
      </section>
      <PhotoPicker udid={state.label.udid} onChange={setPhotos} onBusy={setPreparing} />
      {state.asFound && <p class="quiet">{fieldWords.place.asFound}</p>}
    </Page>
  );
}

/** The next device most likely stands in the same place. Forgotten with the page. */
const lastChoice = {
  domain: '',
  site: '',
  keep(domain: string, site: string) {
    this.domain = domain;
    this.site = site;
  },
  domainIn(names: readonly string[]): string | undefined {
    return names.includes(this.domain) ? this.domain : undefined;
  },
  siteIn(ids: readonly string[]): string | undefined {
    return ids.includes(this.site) ? this.site : undefined;
  },
};
