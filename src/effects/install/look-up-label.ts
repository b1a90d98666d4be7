import type { ListRow } from '../../../contract/list-row.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import type { Label } from '../../../core/label/label.ts';
import { normaliseTyped } from '../../../core/label/normalise-typed.ts';
import { parseLabel } from '../../../core/label/parse-label.ts';
import { findRow } from '../../../core/list-lookup.ts';
import { isUdid, udidFromKey, udidFromSerial } from '../../../core/udid.ts';
import type { KnownLabel, LabelSource, ReadLabel, Trouble } from '../../flow/install.ts';
import { standingOf, stands } from '../../flow/known-device.ts';
import type { DeviceIdentity, LabelSecret } from '../../ports/device.ts';
import type { DevicesView } from '../../ports/devices.ts';
import type { StoredPack } from '../../ports/work.ts';
import { isTied } from '../wrong-device.ts';
import { carriedList } from './carried-list.ts';

/** The label, and its secret beside it: that one never enters the flow's state, which is kept and shown. */
export interface LabelFound {
  readonly ok: true;
  readonly label: ReadLabel;
  readonly secret?: LabelSecret;
}

/** `packs`: of every organisation that the device may belong to, the person's first one first. */
export interface LookUpPorts {
  readonly packs: readonly StoredPack[];
  readonly devices: Pick<DevicesView, 'known'>;
  readonly crypto: CryptoPort;
}

/** Step 1: what the label says, and what the lists on this phone say of that device, and where it stands already. */
export async function lookUpLabel(
  ports: LookUpPorts,
  text: string,
  how: LabelSource,
): Promise<LabelFound | { readonly ok: false; readonly trouble: Trouble }> {
  const parsed = parseLabel(how === 'typed' ? normaliseTyped(text) : text);
  const listed = ports.packs.flatMap((pack) => listedAs(pack, text.trim()) ?? []);
  if (!parsed.ok && listed[0] === undefined) return { ok: false, trouble: { code: parsed.code } };
  // A maker's bare serial is in no form of its own, but the list may know it by exactly this text.
  const label: Label | SerialLabel = parsed.ok ? parsed.label : serialLabel(text.trim());
  const { org, row } = listedIn(
    ports.packs,
    (pack) => findRow(carriedList(pack), label) ?? listedAs(pack, text.trim()),
  );
  const udid = row?.udid ?? (await udidOf(label, ports.crypto));
  // Without a name, only a secret that opens this one device ties the label to it.
  if (udid === undefined ? label.secret === undefined : !isUdid(udid))
    return { ok: false, trouble: { code: 'udid_no_scheme' } };
  const known = udid === undefined ? {} : await knownAs(ports.devices, udid, how === 'simulated');
  const { secret, username, publicKey, model } = label;
  return {
    ok: true,
    ...(secret === undefined ? {} : { secret: { secret, ...(username === undefined ? {} : { username }) } }),
    label: {
      how,
      kind: label.kind,
      text: label.redacted.slice(0, 2048),
      ...(udid === undefined ? {} : { udid }),
      aliases: label.aliases,
      ...(publicKey === undefined ? {} : { publicKey }),
      ...(model === undefined ? {} : { model }),
      ...(row === undefined ? {} : { row }),
      ...(org === undefined ? {} : { org }),
      ...known,
    },
  };
}

/** The first organisation whose list has the device, else the person's first: a label alone names no organisation. */
function listedIn(
  packs: readonly StoredPack[],
  find: (pack: StoredPack) => ListRow | undefined,
): { readonly org: string | undefined; readonly row: ListRow | undefined } {
  for (const pack of packs) {
    const row = find(pack);
    if (row !== undefined) return { org: pack.pack.org, row };
  }
  return { org: packs[0]?.pack.org, row: undefined };
}

type SerialLabel = Omit<Label, 'kind'> & { readonly kind: 'serial' };

function serialLabel(text: string): SerialLabel {
  return { kind: 'serial', aliases: [text], redacted: text };
}

/** The row that has this very text among its names. */
function listedAs(pack: StoredPack, text: string): ListRow | undefined {
  return text === '' ? undefined : findRow(carriedList(pack), { aliases: [text] });
}

/** What the label itself says, where the list knows nothing of it. */
async function udidOf(label: Label | SerialLabel, crypto: CryptoPort): Promise<string | undefined> {
  if (label.udid !== undefined) return label.udid;
  if (label.serial !== undefined) {
    const udidOfSerial = await udidFromSerial(crypto, label.serial.maker, label.serial.serial);
    return udidOfSerial.ok ? udidOfSerial.udid : undefined;
  }
  return label.publicKey && udidFromKey(crypto, label.publicKey);
}

/**
 * The label once the device has said who it is. Some labels name a radio and a secret but no identity (Espressif's): the
 * session that the secret opened is then what ties label and device together, and the device's own UDID counts.
 */
export async function identifyLabel(
  ports: { readonly devices: Pick<DevicesView, 'known'>; readonly pack: StoredPack },
  label: ReadLabel,
  identity: DeviceIdentity,
): Promise<KnownLabel | undefined> {
  const { udid: named, row: listed, ...rest } = label;
  const list = carriedList(ports.pack);
  if (named !== undefined) {
    // The row of the list that counts: it may be another organisation's than the one that the label was looked up in.
    const row =
      ports.pack.pack.org === label.org ? listed : findRow(list, { udid: named, aliases: label.aliases });
    return { ...rest, udid: named, ...(row === undefined ? {} : { row }) };
  }
  const stated = identity.aliases;
  const own = stated.find((name) => isUdid(name));
  if (own === undefined || !isTied(identity)) return undefined;
  const row = findRow(list, { udid: own, aliases: stated });
  const udid = row?.udid ?? own;
  return {
    ...rest,
    udid,
    ...(row === undefined ? {} : { row }),
    ...(await knownAs(ports.devices, udid, label.how === 'simulated')),
  };
}

/** What this phone knows of it. A phone that cannot say goes on: saving will tell what is wrong with its storage. */
async function knownAs(
  devices: Pick<DevicesView, 'known'>,
  udid: string,
  practice: boolean,
): Promise<Pick<ReadLabel, 'known'>> {
  const found = await devices.known(udid).catch(() => []);
  const real = found.filter(({ simulated }) => simulated === practice);
  // One organisation may still name a device as ended that stands in another one by now.
  const device = real.find(stands) ?? real[0];
  return device === undefined ? {} : { known: standingOf(device) };
}
