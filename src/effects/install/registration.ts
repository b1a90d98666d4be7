import type { Registration } from '../../../contract/registration.ts';
import { toBase64Url } from '../../../core/bytes.ts';
import { toInstant } from '../../../core/instant.ts';
import type { CheckedDevice, ChosenPlace, Submission } from '../../flow/install.ts';
import { placeChange, replacedBy } from '../../flow/place.ts';

/** The registration's payload, from what the flow gathered. Nothing here is secret: labels were cut before. */
export function registrationOf(
  stamp: { readonly id: string; readonly at: number; readonly app: string },
  what: { readonly checked: CheckedDevice; readonly place: ChosenPlace } & Submission,
): Registration {
  const { checked, place, asFound, because } = what;
  const { label, reading, checks, pack } = checked;
  const { identity, evidence, traits, link } = reading;
  const replaces = replacedBy(place);
  return {
    id: stamp.id,
    app: stamp.app,
    capturedAt: toInstant(stamp.at),
    ...(label.row === undefined ? {} : { maker: label.row.maker }),
    udid: label.udid,
    domain: place.domain,
    place: {
      ...(place.site === undefined ? {} : { site: place.site }),
      ...(place.position === undefined ? {} : { position: place.position.slice(0, 200) }),
      ...(place.location === undefined ? {} : { location: place.location }),
      photos: [...(place.photos ?? [])],
    },
    label: {
      how: label.how,
      kind: label.kind,
      text: label.text,
      aliases: fitting(label.aliases),
      ...(label.publicKey === undefined ? {} : { publicKey: toBase64Url(label.publicKey) }),
      ...(label.model === undefined ? {} : { model: label.model.slice(0, 128) }),
    },
    device: {
      link,
      driver: identity.driver,
      ...(identity.firmware === undefined ? {} : { firmware: identity.firmware.slice(0, 128) }),
      ...(identity.model === undefined ? {} : { model: identity.model.slice(0, 128) }),
      aliases: fitting(identity.aliases),
      publicKey: toBase64Url(evidence.publicKey),
      csr: toBase64Url(evidence.csr),
      subjectSaysNothing: traits.csrSubject === 'says-nothing',
      ...(evidence.keyFrom === undefined ? {} : { keyFrom: evidence.keyFrom }),
      possession: evidence.possession,
      ...(reading.challenge === undefined
        ? {}
        : { challenge: { pack: reading.challenge.pack, nonce: reading.challenge.nonce } }),
      ...(evidence.proof === undefined
        ? {}
        : { proof: { over: evidence.proof.over, signature: toBase64Url(evidence.proof.signature) } }),
      ...(evidence.attestations === undefined
        ? {}
        : { attestations: evidence.attestations.slice(0, 4).map(({ kind, text }) => ({ kind, text })) }),
      ...(traits.installs ? {} : { installs: false }),
    },
    checks: checks.map((check) => ({ ...check })),
    pack,
    asFound,
    ...(asFound && because !== undefined ? { because: because.slice(0, 300) } : {}),
    ...fromOf(label, place),
    ...(replaces === undefined ? {} : { replaces }),
  };
}

/** Where it stood by what this phone knew. A visit that leaves it there says nothing of the place, and so overwrites nobody's. */
function fromOf({ known }: CheckedDevice['label'], place: ChosenPlace): Pick<Registration, 'from'> {
  const change = placeChange(known, place);
  if (known === undefined || (change !== 'moved' && change !== 'corrected')) return {};
  return { from: { domain: known.domain, place: known.place } };
}

/** Names that the contract has room for. One that is longer is nobody's name, and would make the whole record unfit. */
function fitting(aliases: readonly string[]): string[] {
  return aliases.filter((alias) => alias.length <= 128).slice(0, 16);
}
