import { useEffect, useRef, useState } from 'preact/hooks';
import { tidy } from '../../../core/place.ts';
import { codeOf } from '../../effects/trouble.ts';
import type { InstallFlow, InstallState } from '../../flow/install.ts';
import {
  farFrom,
  firstPlace,
  inDomain,
  isDomain,
  type PlaceChange,
  type PlaceDomain,
  type PlaceInput,
  placeChange,
  practicePlace,
  replacedBy,
} from '../../flow/place.ts';
import { ask } from '../ask.ts';
import type { DraftBook } from '../install-draft.ts';
import { placeDomains } from '../install-parts.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { DeviceHead } from '../parts/device-head.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { LocationField } from '../parts/location-field.tsx';
import { Page } from '../parts/page.tsx';
import { PhotoPicker, type PickedPhoto } from '../parts/photo-picker.tsx';
import { Picker } from '../parts/picker.tsx';
import { ReplaceChoice } from '../parts/replace-choice.tsx';
import { Steps } from '../parts/steps.tsx';
import type { PickEntry } from '../pick.ts';
import { nameOfPlace } from '../place-name.ts';
import { photoWords } from '../words/photos.ts';
import { placeWords as say } from '../words/place.ts';

/** Step 5, then 6. Where the device stands, where the last one was put, or nothing: never merely the first of several. */
export function PlaceStep(props: {
  readonly flow: InstallFlow;
  readonly state: Extract<InstallState, { at: 'place' | 'saving' }>;
  readonly book: DraftBook | undefined;
}) {
  const { flow, state, book } = props;
  const model = useModel();
  const domains = placeDomains(model, state.training);
  const { label, chosen } = state;
  const [photos, setPhotos] = useState<readonly PickedPhoto[]>([]);
  // Until the picker has read what was taken before: a record signed sooner would not name it.
  const [preparing, setPreparing] = useState(true);
  const choose = (next: PlaceInput) => flow.send({ on: 'placing', chosen: next });
  useEffect(() => {
    if (chosen !== undefined) return;
    if (state.training) choose(practicePlace(domains));
    else void Promise.resolve(book?.lastPlace()).then((last) => choose(firstPlace(domains, label, last)));
  }, []);
  if (chosen === undefined) return <Page title={say.title} />;
  const change = placeChange(label.known, chosen);
  const isSaving = state.at === 'saving';
  const save = () => {
    const { org, domain, site, siteTitle, position = '', location, instead } = chosen;
    if (org === undefined || domain === undefined || site === undefined) return;
    const hasSite = site !== '' && siteTitle !== undefined;
    book?.keepLastPlace({ org, domain, ...(hasSite ? { site, siteTitle } : {}) });
    flow.send({
      on: 'placed',
      place: {
        ...{ org, domain },
        ...(hasSite ? { site, siteTitle } : {}),
        ...(tidy(position) === '' ? {} : { position: tidy(position) }),
        ...(location === undefined ? {} : { location }),
        ...(instead === undefined ? {} : { instead }),
        ...(photos.length === 0 ? {} : { photos }),
      },
    });
  };
  const isChosen = chosen.domain !== undefined && chosen.site !== undefined;
  return (
    <Page
      title={say.title}
      onBack={() => flow.send({ on: 'back' })}
      actions={
        <>
          {(preparing || !isChosen) && (
            <p class="actions-note small" role="status">
              {isChosen ? photoWords.saveWaits : say.chooseFirst}
            </p>
          )}
          <Button kind="primary" onClick={save} busy={isSaving} disabled={!isChosen || preparing}>
            {isSaving ? say.saving : saveWords(change, chosen, label.wish?.act === 'renew')}
          </Button>
        </>
      }
    >
      <Steps at="place" />
      <DeviceHead label={label} model={state.reading.identity.model} />
      {state.trouble !== undefined && <FieldTroubleCard code={state.trouble.code} />}
      {domains.length === 0 && <FieldTroubleCard code="domain_not_in_pack" />}
      <ChangeNote change={change} state={state} chosen={chosen} />
      <PlaceFields chosen={chosen} domains={domains} choose={choose} disabled={isSaving} />
      {change !== 'another_owner' && <ReplaceChoice chosen={chosen} udid={label.udid} choose={choose} />}
      <PhotoPicker udid={label.udid} onChange={setPhotos} onBusy={setPreparing} />
      {state.asFound && <p class="quiet">{say.asFound}</p>}
    </Page>
  );
}

function saveWords(change: PlaceChange, chosen: PlaceInput, renews: boolean): string {
  if (change === 'moved') return say.moveIt;
  if (replacedBy(chosen) !== undefined) return say.replaceIt;
  return renews ? say.renew : say.save;
}

/** What saving does to a device that stands somewhere, said before it is done. */
function ChangeNote(props: {
  readonly change: PlaceChange;
  readonly state: Extract<InstallState, { at: 'place' | 'saving' }>;
  readonly chosen: PlaceInput;
}) {
  const model = useModel();
  const { change, state, chosen } = props;
  const { known } = state.label;
  if (known === undefined) return null;
  switch (change) {
    case 'new':
    case 'same':
      return null;
    case 'corrected':
      return (
        <p class="card" data-change={change}>
          {say.correct(nameOfPlace(model, known))}
        </p>
      );
    case 'moved':
      return (
        <section class="card" data-tone="wait" data-change={change}>
          <h2>{say.move(nameOfPlace(model, known), nameOfPlace(model, chosen))}</h2>
          <p>{say.moveNote}</p>
          {state.reading.evidence.possession === 'static' && <p>{say.moveStatic}</p>}
        </section>
      );
    case 'another_owner':
      return (
        <p class="card" data-tone="wait" data-change={change}>
          {say.anotherOwner}
        </p>
      );
  }
}

function PlaceFields(props: {
  readonly chosen: PlaceInput;
  readonly domains: readonly PlaceDomain[];
  readonly choose: (next: PlaceInput) => void;
  readonly disabled: boolean;
}) {
  const { chosen, domains, choose, disabled } = props;
  const model = useModel();
  const [trouble, setTrouble] = useState<string | undefined>();
  const domain = domains.find((one) => isDomain(one, chosen));
  const [sites, sitesTrouble] = useSitesOf(domain);
  const far = farFrom(
    domain?.sites.find(({ id }) => id === chosen.site),
    chosen.location,
  );
  // What is chosen by the time that something else is done, not when it was begun.
  const latest = useRef(chosen);
  latest.current = chosen;
  const make = (within: PlaceDomain) => (title: string) => {
    setTrouble(undefined);
    model.ports.makeSite(within.org, within.name, title).then(
      (made) => {
        if (isDomain(within, latest.current))
          choose({ ...latest.current, site: made.id, siteTitle: made.title });
      },
      (error: unknown) => setTrouble(codeOf(error)),
    );
  };
  const entries = siteEntries(sites, chosen);
  const shownTrouble = trouble ?? sitesTrouble;
  return (
    <section class="card">
      <Picker
        id="domain"
        label={say.domain}
        disabled={disabled}
        entries={domainEntries(domains, titlesOf(model))}
        value={domain && keyOf(domain)}
        onChoose={(value) => {
          const next = domains.find((one) => keyOf(one) === value);
          if (next === undefined || isDomain(next, chosen)) return;
          const { position, location, instead } = chosen;
          choose({
            ...inDomain(next),
            ...(position === undefined ? {} : { position }),
            ...(location === undefined ? {} : { location }),
            ...(instead === undefined ? {} : { instead }),
          });
        }}
      />
      {domain !== undefined && (
        <Picker
          // another domain's sites are another list
          key={keyOf(domain)}
          id="site"
          label={say.site}
          disabled={disabled}
          entries={entries}
          value={chosen.site}
          onChoose={(value) => choose(withSite(chosen, entries, value))}
          onMake={make(domain)}
        />
      )}
      {shownTrouble !== undefined && <FieldTroubleCard code={shownTrouble} />}
      {domain !== undefined && (
        <div class="field">
          <label for="position">{say.position}</label>
          <input
            id="position"
            class="input"
            dir="auto"
            maxLength={200}
            disabled={disabled}
            placeholder={say.positionHelp}
            value={chosen.position ?? ''}
            onInput={(event) => choose({ ...chosen, position: event.currentTarget.value })}
          />
        </div>
      )}
      <LocationField chosen={chosen} choose={choose} disabled={disabled} />
      {far !== undefined && (
        <p class="card" data-tone="wait" role="alert" data-far="yes">
          {say.far(far)}
        </p>
      )}
    </section>
  );
}

type SiteTitle = Pick<PlaceDomain['sites'][number], 'id' | 'title'>;

/**
 * The pack's sites, and those that were made or renamed on this phone since it was taken; with what went wrong where the latter
 * could not be read.
 */
function useSitesOf(
  domain: PlaceDomain | undefined,
): readonly [sites: readonly SiteTitle[], trouble: string | undefined] {
  const model = useModel();
  const [found, setFound] = useState<{ readonly of: string; readonly sites: readonly SiteTitle[] }>();
  const [trouble, setTrouble] = useState<string | undefined>();
  const of = domain && keyOf(domain);
  const version = model.outboxVersion.value;
  useEffect(() => {
    setTrouble(undefined);
    if (domain === undefined || of === undefined) return;
    return ask(
      model.ports.sitesOf(domain.org, domain.name),
      (sites) => setFound({ of, sites }),
      (error) => setTrouble(codeOf(error)),
    );
  }, [of, version]);
  return [found !== undefined && found.of === of ? found.sites : (domain?.sites ?? []), trouble];
}

function withSite(
  { site: _, siteTitle: __, ...rest }: PlaceInput,
  entries: readonly PickEntry[],
  value: string,
): PlaceInput {
  const listed = entries.find((entry) => entry.value === value);
  return value === '' || listed === undefined
    ? { ...rest, site: '' }
    : { ...rest, site: value, siteTitle: listed.title };
}

function keyOf({ org, name }: PlaceDomain): string {
  return `${org}/${name}`;
}

/** Titles of the organisations, where there are several to tell apart. */
function titlesOf({ enrolment }: ReturnType<typeof useModel>): ReadonlyMap<string, string> {
  const memberships = enrolment.value?.credential.memberships.filter(({ training }) => !training) ?? [];
  return new Map(memberships.length < 2 ? [] : memberships.map(({ org, title }) => [org, title]));
}

/** A domain's own name is for machines: it stands there only where two are called the same. */
function domainEntries(
  domains: readonly PlaceDomain[],
  orgs: ReadonlyMap<string, string>,
): readonly PickEntry[] {
  return domains.map((domain) => {
    const org = orgs.get(domain.org);
    const isAlone = domains.every((other) => other === domain || other.title !== domain.title);
    const sub = [org, isAlone ? undefined : domain.name].filter((part) => part !== undefined).join(' · ');
    return { value: keyOf(domain), title: domain.title, ...(sub === '' ? {} : { sub }) };
  });
}

/** A site that was closed since, or that another phone made, is chosen although nothing here lists it. */
function siteEntries(sites: readonly SiteTitle[], { site, siteTitle }: PlaceInput): readonly PickEntry[] {
  const listed = sites.map(({ id, title }) => ({ value: id, title }));
  const own = site === undefined || site === '' || listed.some(({ value }) => value === site);
  return [
    { value: '', title: say.noSite, first: true },
    ...listed,
    ...(own || site === undefined ? [] : [{ value: site, title: siteTitle ?? site }]),
  ];
}
