import type { ListRow } from '../../../contract/list-row.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import type { Label } from '../../../core/label/label.ts';
import { normaliseTyped } from '../../../core/label/normalise-typed.ts';
import { parseLabel } from '../../../core/label/parse-label.ts';
import { findRow } from '../../../core/list-lookup.ts';
import { isUdid, udidFromKey, udidFromSerial } from '../../../core/udid.ts';
import type { KnownLabel, LabelSource, ReadLabel, Trouble } from '../../flow/install.ts';
import type { DeviceIdentity, LabelSecret } from '../../ports/device.ts';
import type { OutboxView } from '../../ports/outbox.ts';
import type { StoredPack } from '../../ports/work.ts';
import { isTied } from '../wrong-device.ts';
import { carriedList } from './carried-list.ts';

/** The label, and its secret beside it: that one never enters the flow's state, which is kept and shown. */
export interface LabelFound {
  readonly ok: true;
  readonly label: ReadLabel;
  readonly secret?: LabelSecret;
}

/** Step 1: what the label says, and what the list on this phone and the outbox say of that device. */
export async function lookUpLabel(
  ports: { readonly outbox: OutboxView; readonly crypto: CryptoPort; readonly pack: StoredPack },
  text: string,
  how: LabelSource,
): Promise<LabelFound | { readonly ok: false; readonly trouble: Trouble }> {
  const parsed = parseLabel(how === 'typed' ? normaliseTyped(text) : text);
  const known = listedAs(ports.pack, text.trim());
  if (!parsed.ok && known === undefined) return { ok: false, trouble: { code: parsed.code } };
  // A maker's bare serial is in no form of its own, but the list may know it by exactly this text.
  const label: Label | SerialLabel = parsed.ok ? parsed.label : serialLabel(text.trim());
  const row = findRow(carriedList(ports.pack), label) ?? known;
  const udid = row?.udid ?? (await udidOf(label, ports.crypto));
  // Without a name, only a secret that opens this one device ties the label to it.
  if (udid === undefined ? label.secret === undefined : !isUdid(udid))
    return { ok: false, trouble: { code: 'udid_no_scheme' } };
  const before = udid === undefined ? undefined : await savedBefore(ports.outbox, udid);
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
      ...(before === undefined ? {} : { savedBefore: before }),
    },
  };
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
  ports: { readonly outbox: Pick<OutboxView, 'ofDevice'>; readonly pack: StoredPack },
  label: ReadLabel,
  identity: DeviceIdentity,
): Promise<KnownLabel | undefined> {
  if (label.udid !== undefined) return { ...label, udid: label.udid };
  const stated = identity.aliases;
  const own = stated.find((name) => isUdid(name));
  if (own === undefined || !isTied(identity)) return undefined;
  const row = findRow(carriedList(ports.pack), { udid: own, aliases: stated });
  const udid = row?.udid ?? own;
  const before = await savedBefore(ports.outbox, udid);
  return {
    ...label,
    udid,
    ...(row === undefined ? {} : { row }),
    ...(before === undefined ? {} : { savedBefore: before }),
  };
}

async function savedBefore(
  outbox: Pick<OutboxView, 'ofDevice'>,
  udid: string,
): Promise<ReadLabel['savedBefore']> {
  const before = (await outbox.ofDevice(udid)).find((record) => record.typ === 'registration+jws');
  return before && { record: before.id, at: before.createdAt, title: before.title };
}
