import type { CryptoPort } from '../../core/crypto.ts';
import { normaliseTyped } from '../../core/label/normalise-typed.ts';
import { parseLabel } from '../../core/label/parse-label.ts';
import { findRow } from '../../core/list-lookup.ts';
import { isUdid, udidFromKey } from '../../core/udid.ts';
import type { LabelSource, ReadLabel, Trouble } from '../flow/install.ts';
import type { OutboxView } from '../ports/outbox.ts';
import type { HeldPack } from '../ports/work.ts';

/** Step 1: what the label says, and what the list on this phone and the outbox say of that device. */
export async function lookUpLabel(
  ports: { readonly outbox: OutboxView; readonly crypto: CryptoPort; readonly pack: HeldPack },
  text: string,
  how: LabelSource,
): Promise<{ ok: true; label: ReadLabel } | { ok: false; trouble: Trouble }> {
  const parsed = parseLabel(how === 'typed' ? normaliseTyped(text) : text);
  if (!parsed.ok) return { ok: false, trouble: { code: parsed.code } };
  const { label } = parsed;
  const row = findRow(ports.pack.pack, label);
  const udid =
    row?.udid ?? label.udid ?? (label.publicKey && (await udidFromKey(ports.crypto, label.publicKey)));
  if (udid === undefined || !isUdid(udid)) return { ok: false, trouble: { code: 'udid_no_scheme' } };
  const before = (await ports.outbox.ofDevice(udid)).find((record) => record.typ === 'registration+jws');
  return {
    ok: true,
    label: {
      how,
      kind: label.kind,
      text: label.redacted.slice(0, 2048),
      udid,
      aliases: label.aliases,
      ...(label.publicKey === undefined ? {} : { publicKey: label.publicKey }),
      ...(label.model === undefined ? {} : { model: label.model }),
      ...(row === undefined ? {} : { row }),
      ...(before === undefined
        ? {}
        : { savedBefore: { record: before.id, at: before.createdAt, title: before.title } }),
    },
  };
}
