import { type DeviceAtPlace, type DeviceNeed, NEEDS_ME } from '../../ports/devices.ts';
import { useModel } from '../model-context.ts';
import { nameOfPlace } from '../place-name.ts';
import { devicesWords as say } from '../words/devices.ts';
import { age } from '../words/en.ts';
import { Icon, type IconName } from './icon.tsx';

type Tone = 'good' | 'wait' | 'bad' | 'none';

/** A sign for each need; words say the same. */
const LOOK: Record<DeviceNeed, { readonly tone: Tone; readonly icon: IconName }> = {
  rejected: { tone: 'bad', icon: 'alert' },
  refused: { tone: 'bad', icon: 'cross' },
  conflict: { tone: 'bad', icon: 'pin' },
  write: { tone: 'wait', icon: 'certificate' },
  renew: { tone: 'wait', icon: 'clock' },
  held: { tone: 'wait', icon: 'hand' },
  claimed: { tone: 'wait', icon: 'hand' },
  send: { tone: 'none', icon: 'phone' },
  none: { tone: 'good', icon: 'check' },
  ended: { tone: 'none', icon: 'dash' },
};

/** What it needs, or else how it stands. */
export function nextOf({ need, standing, suspended, undoing, correcting }: DeviceAtPlace): string {
  if (undoing) return say.undoing;
  if (need === 'none') return suspended === undefined ? say.standings[standing] : say.suspended[suspended];
  if (need === 'send') return correcting ? say.correcting : say.standings[standing];
  return say.needs[need];
}

/** One device at its place: the whole row leads to what is next. */
export function DeviceRow({ device }: { readonly device: DeviceAtPlace }) {
  const model = useModel();
  const { org, udid, need, simulated } = device;
  const { tone, icon } = LOOK[need];
  const screen = need === 'write' ? 'write' : 'at';
  const alike = device.alike === undefined ? undefined : say.alike(1 + device.alike.length);
  const about = [device.model, alike, age(Math.max(0, model.now.value - device.at))];
  return (
    <a
      class="row"
      href={`/${screen}/${org}/${udid}`}
      data-device={udid}
      data-need={need}
      data-standing={device.standing}
    >
      <span class="disc" data-tone={tone}>
        <Icon name={icon} />
      </span>
      <span class="row-main">
        <span class="row-title mono" dir="ltr">
          {udid}
        </span>
        <span class="row-next" data-mine={NEEDS_ME.has(need) ? 'yes' : undefined}>
          {nextOf(device)}
        </span>
        <span class="row-sub" dir="auto">
          {nameOfPlace(model, device)}
        </span>
        <span class="row-sub">
          {simulated && `${say.practice} · `}
          {about.filter((part) => part !== undefined).join(' · ')}
        </span>
      </span>
      <span class="chevron">
        <Icon name="chevron" size={20} />
      </span>
    </a>
  );
}

export function DeviceList({ devices }: { readonly devices: readonly DeviceAtPlace[] }) {
  if (devices.length === 0) return null;
  return (
    <ul class="list">
      {devices.map((device) => (
        <li key={`${device.org}/${device.udid}`}>
          <DeviceRow device={device} />
        </li>
      ))}
    </ul>
  );
}
