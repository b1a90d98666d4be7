import { useEffect, useState } from 'preact/hooks';
import { standingOf, stands } from '../../flow/known-device.ts';
import { type PlaceInput, replacedBy } from '../../flow/place.ts';
import type { DeviceAtPlace } from '../../ports/devices.ts';
import { useModel } from '../model-context.ts';
import { nameOfPlace } from '../place-name.ts';
import { placeWords as say } from '../words/place.ts';
import { Button } from './button.tsx';
import { Picker } from './picker.tsx';

/** As many as stand at one place at most, by far. */
const MOST = 200;
const NOBODY = '';

/** A new device in the place of one that goes: chosen among those that stand where it is put. */
export function ReplaceChoice(props: {
  readonly chosen: PlaceInput;
  /** The new one's name. */
  readonly udid: string;
  readonly choose: (next: PlaceInput) => void;
}) {
  const { chosen, udid, choose } = props;
  const { org, domain, site, instead, ...rest } = chosen;
  const model = useModel();
  const [asked, setAsked] = useState(false);
  const [here, setHere] = useState<readonly DeviceAtPlace[] | undefined>();
  useEffect(() => {
    if (!asked || org === undefined || domain === undefined) return;
    const at = { org, domain, ...(site === undefined || site === '' ? {} : { site }) };
    void model.ports.devices.find({ at, limit: MOST }).then(
      ({ rows }) =>
        setHere(rows.filter((row) => row.udid !== udid && row.maker !== undefined && stands(row))),
      () => setHere([]),
    );
  }, [asked, org, domain, site]);
  // Whoever looks after devices ends one; an installer asks for it.
  const mayEnd = model.may(org, 'end_devices');
  if (instead !== undefined) {
    const ends = replacedBy(chosen) !== undefined;
    return (
      <section class="card" data-tone="wait" data-part="replace">
        <p>{wordsOf(instead.udid, ends, mayEnd)}</p>
        <Button kind="plain" onClick={() => choose({ ...rest, ...defined({ org, domain, site }) })}>
          {say.replaceNobody}
        </Button>
      </section>
    );
  }
  if (domain === undefined) return null;
  if (!asked)
    return (
      <Button kind="plain" onClick={() => setAsked(true)}>
        {say.replaceAnother}
      </Button>
    );
  if (here === undefined) return null;
  if (here.length === 0) return <p class="card">{say.replaceNone}</p>;
  return (
    <section class="card" data-part="replace">
      <Picker
        id="replace"
        label={say.replaceWhich}
        value={undefined}
        entries={[
          { value: NOBODY, title: say.replaceNobody, first: true },
          ...here.map((row) => ({
            value: row.udid,
            title: row.udid,
            sub: [row.model, nameOfPlace(model, row)].filter(Boolean).join(' · '),
          })),
        ]}
        onChoose={(value) => {
          setAsked(false);
          const device = here.find((row) => row.udid === value);
          if (device === undefined) return;
          const { position } = device;
          // It stands where the other one stood, unless something else was said.
          choose({
            ...chosen,
            ...(chosen.position === undefined && position !== undefined ? { position } : {}),
            instead: standingOf(device),
          });
        }}
      />
    </section>
  );
}

function wordsOf(udid: string, ends: boolean, mayEnd: boolean): string {
  if (!ends) return say.replacesNot(udid);
  return mayEnd ? say.replaces(udid) : say.replacesAsked(udid);
}

function defined(place: {
  readonly org: string | undefined;
  readonly domain: string | undefined;
  readonly site: string | undefined;
}): PlaceInput {
  const { org, domain, site } = place;
  return {
    ...(org === undefined ? {} : { org }),
    ...(domain === undefined ? {} : { domain }),
    ...(site === undefined ? {} : { site }),
  };
}
