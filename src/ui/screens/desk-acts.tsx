import { useState } from 'preact/hooks';
import type { DeviceAct, DeviceState } from '../../../contract/device-state.ts';
import { Button } from '../parts/button.tsx';
import { TextField } from '../parts/text-field.tsx';
import { deskDeviceWords as say } from '../words/desk-device.ts';

type Act = DeviceAct['act'];
type Reason = NonNullable<DeviceAct['reason']>;

/** Reasons that stand with an act; the others need none but the words. */
const REASONS: Partial<Record<Act, readonly Reason[]>> = {
  suspend: ['lost', 'maintenance'],
  revoke: ['stolen', 'compromised'],
};

/** What may be done with a device as it stands: one act is chosen, then said why, then done. */
export function DeskActs(props: {
  readonly device: DeviceState;
  /** Devices that could take its place. */
  readonly others: readonly DeviceState[];
  readonly me: string | undefined;
  readonly perform: (act: DeviceAct) => Promise<void>;
}) {
  const { device, others, me, perform } = props;
  const [chosen, setChosen] = useState<Act | undefined>();
  const { suspended } = device;
  const acts: Act[] = [
    ...(suspended === undefined ? [] : (['resume'] as const)),
    // One in maintenance may turn out to be lost.
    ...(suspended?.reason === 'lost' ? [] : (['suspend'] as const)),
    ...(['replace', 'retire', 'revoke'] as const),
  ];
  const mine = suspended?.reason === 'lost' && suspended.by === me;
  if (chosen !== undefined)
    return (
      <ActForm
        key={chosen}
        act={chosen}
        device={device}
        others={others}
        perform={perform}
        onCancel={() => setChosen(undefined)}
      />
    );
  return (
    <section class="stack-s" data-section="acts">
      <h2>{say.what}</h2>
      {mine && <p class="quiet">{say.lostByYou}</p>}
      <div class="choice">
        {acts.map((act) => (
          <button
            type="button"
            class="button"
            key={act}
            data-act={act}
            disabled={act === 'resume' && mine}
            onClick={() => setChosen(act)}
          >
            <span class="row-main">
              <span>{say.acts[act].name}</span>
              <span class="row-sub">{say.acts[act].about}</span>
            </span>
          </button>
        ))}
      </div>
    </section>
  );
}

function ActForm(props: {
  readonly act: Act;
  readonly device: DeviceState;
  readonly others: readonly DeviceState[];
  readonly perform: (act: DeviceAct) => Promise<void>;
  readonly onCancel: () => void;
}) {
  const { act, device, others, perform, onCancel } = props;
  const [because, setBecause] = useState('');
  const [reason, setReason] = useState<Reason | undefined>();
  const [successor, setSuccessor] = useState('');
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const reasons = (REASONS[act] ?? []).filter((one) => one !== device.suspended?.reason);
  const ending = device.udid.slice(-4);
  const other = others.find((one) => nameOf(one) === successor);
  const ready =
    because.trim() !== '' &&
    (reasons.length === 0 || reason !== undefined) &&
    (act !== 'replace' || other !== undefined) &&
    (act !== 'revoke' || typed.trim().toLowerCase() === ending);
  const run = async () => {
    setBusy(true);
    await perform({
      act,
      because: because.trim(),
      ...(reason === undefined ? {} : { reason }),
      ...(act === 'replace' && other !== undefined ? { with: { maker: other.maker, udid: other.udid } } : {}),
    });
    setBusy(false);
  };
  const ends = act === 'replace' || act === 'retire' || act === 'revoke';
  return (
    <section class="card stack-s" data-section="act" data-tone={act === 'revoke' ? 'bad' : undefined}>
      <h2>{say.acts[act].name}</h2>
      <p>{act === 'revoke' ? say.warning : say.acts[act].about}</p>
      {reasons.length > 0 && (
        <div class="choice">
          {reasons.map((one) => (
            <button
              type="button"
              class="button"
              key={one}
              data-reason={one}
              aria-pressed={reason === one}
              onClick={() => setReason(one)}
            >
              <span class="row-main">
                <span>{say.reasons[one][0]}</span>
                <span class="row-sub">{say.reasons[one][1]}</span>
              </span>
            </button>
          ))}
        </div>
      )}
      {act === 'replace' && <Successor others={others} value={successor} onChoose={setSuccessor} />}
      <TextField
        id="act-because"
        label={say.because}
        help={say.becauseHelp}
        maxLength={300}
        value={because}
        onText={setBecause}
      />
      {act === 'revoke' && (
        <TextField id="act-sure" label={say.sure(ending)} value={typed} onText={setTyped} />
      )}
      <div class="two">
        <Button onClick={onCancel} disabled={busy}>
          {say.cancel}
        </Button>
        <Button kind={ends ? 'danger' : 'primary'} busy={busy} disabled={!ready} onClick={() => void run()}>
          {say.acts[act].do}
        </Button>
      </div>
    </section>
  );
}

const nameOf = ({ maker, udid }: DeviceState) => `${maker} ${udid}`;

function Successor(props: {
  readonly others: readonly DeviceState[];
  readonly value: string;
  readonly onChoose: (name: string) => void;
}) {
  const { others, value, onChoose } = props;
  if (others.length === 0) return <p class="quiet">{say.withNone}</p>;
  return (
    <div class="field">
      <label for="act-with">{say.with}</label>
      <select
        id="act-with"
        class="input"
        value={value}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        <option value="" />
        {others.map((one) => (
          <option key={nameOf(one)} value={nameOf(one)}>
            {one.udid}
          </option>
        ))}
      </select>
    </div>
  );
}
