import { useEffect, useState } from 'preact/hooks';
import type { NewPlace } from '../../effects/amend-place.ts';
import type { KnownSite } from '../../effects/sites.ts';
import type { DeviceAtPlace } from '../../ports/devices.ts';
import type { QueuedRecord } from '../../ports/outbox.ts';
import { ask } from '../ask.ts';
import { useModel } from '../model-context.ts';
import type { PickEntry } from '../pick.ts';
import { nameOfPlace } from '../place-name.ts';
import { go } from '../route.ts';
import { atWords } from '../words/at.ts';
import { placeWords } from '../words/place.ts';
import { Button } from './button.tsx';
import { Picker } from './picker.tsx';

const say = atWords.correct;
const NO_SITE = '';

/** Site and position of a device within its domain, as they should be. */
export function PlaceForm(props: {
  readonly device: Pick<DeviceAtPlace, 'org' | 'domain' | 'site' | 'siteTitle' | 'position'>;
  readonly onCorrect: (place: NewPlace) => Promise<unknown>;
  readonly onTrouble: (error: unknown) => void;
  readonly onCancel: () => void;
}) {
  const { device, onCorrect, onTrouble, onCancel } = props;
  const { org, domain } = device;
  const model = useModel();
  const [sites, setSites] = useState<readonly KnownSite[]>([]);
  const [site, setSite] = useState(device.site ?? NO_SITE);
  const [position, setPosition] = useState(device.position ?? '');
  const [busy, setBusy] = useState(false);
  const version = model.outboxVersion.value;
  useEffect(() => ask(model.ports.sitesOf(org, domain), setSites, onTrouble), [org, domain, version]);
  const make = async (title: string) => {
    const made = await model.ports.makeSite(org, domain, title);
    setSites((known) => [...known.filter(({ id }) => id !== made.id), made]);
    setSite(made.id);
  };
  // One that was closed since still has its title from the device.
  const closed =
    device.site !== undefined && !sites.some(({ id }) => id === device.site)
      ? [{ value: device.site, title: device.siteTitle ?? device.site }]
      : [];
  const entries: readonly PickEntry[] = [
    { value: NO_SITE, title: placeWords.noSite, first: true },
    ...sites.map(({ id, title }) => ({ value: id, title })),
    ...closed,
  ];
  const isSame = site === (device.site ?? NO_SITE) && position.trim() === (device.position ?? '');
  const save = async () => {
    setBusy(true);
    const title = entries.find(({ value }) => value === site)?.title;
    await onCorrect({
      ...(site === NO_SITE || title === undefined ? {} : { site, siteTitle: title }),
      ...(position.trim() === '' ? {} : { position: position.trim() }),
    });
    setBusy(false);
  };
  return (
    <section class="card stack-s" data-part="place-form">
      <h2>{say.title}</h2>
      <Picker
        id="correct-site"
        label={placeWords.site}
        entries={entries}
        value={site}
        onChoose={setSite}
        onMake={(title) => void make(title).catch(onTrouble)}
      />
      <div class="field">
        <label for="correct-position">{placeWords.position}</label>
        <input
          id="correct-position"
          class="input"
          dir="auto"
          autocomplete="off"
          maxLength={200}
          value={position}
          onInput={(event) => setPosition(event.currentTarget.value)}
        />
        <p class="quiet small">{isSame ? say.same : placeWords.positionHelp}</p>
      </div>
      <div class="two">
        <Button onClick={onCancel}>{say.cancel}</Button>
        <Button kind="primary" busy={busy} disabled={isSame} onClick={() => void save()}>
          {say.do}
        </Button>
      </div>
    </section>
  );
}

/** Somebody changed the place meanwhile: both are shown, and a person says which one is right. */
export function PlaceConflict(props: {
  readonly device: DeviceAtPlace;
  readonly run: (act: Promise<unknown>) => Promise<unknown>;
  readonly onTrouble: (error: unknown) => void;
}) {
  const { device, run, onTrouble } = props;
  const { org, udid, record } = device;
  const model = useModel();
  const [mine, setMine] = useState<QueuedRecord | undefined>();
  useEffect(
    () => (record === undefined ? undefined : ask(model.ports.outbox.record(record), setMine, onTrouble)),
    [record],
  );
  const words = atWords.conflict;
  const said = mine?.place;
  // Moved since: what was said is a place of another domain, where a correction reaches no more.
  const isMoved = mine !== undefined && mine.domain !== device.domain;
  const insist = () => {
    if (said === undefined) return;
    const { digest: _base, ...place } = said;
    void run(model.ports.amendPlace(device, place));
  };
  return (
    <section class="card stack-s" data-tone="wait" data-part="conflict">
      <h2>{words.title}</h2>
      <p>
        {words.theirs}: <bdi>{nameOfPlace(model, device)}</bdi>
      </p>
      {said !== undefined && (
        <p>
          {words.mine}:{' '}
          <bdi>{nameOfPlace(model, { org, domain: mine?.domain ?? device.domain, ...said })}</bdi>
        </p>
      )}
      <div class="two">
        <Button onClick={() => void run(model.ports.devices.read(org, udid))}>{words.keep}</Button>
        {isMoved ? (
          <Button onClick={() => go(`/bind?at=${org}/${udid}&act=move`)}>{words.move}</Button>
        ) : (
          <Button disabled={said === undefined} onClick={insist}>
            {words.insist}
          </Button>
        )}
      </div>
    </section>
  );
}
