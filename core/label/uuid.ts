import { udidFromUuid } from '../udid.ts';
import type { LabelFormat } from './label.ts';

/** A UUID in any usual form (RFC 9562 section 4), `urn:uuid:` included. */
export const uuidFormat: LabelFormat = {
  kind: 'uuid',
  claims: (text) =>
    /^urn:uuid:/i.test(text) || /^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(text),
  parse(text) {
    const result = udidFromUuid(text);
    if (!result.ok)
      return { ok: false, code: result.code === 'uuid_blank' ? 'uuid_blank' : 'uuid_malformed' };
    const aliases = [result.udid.slice('uuid-'.length)];
    return { ok: true, label: { kind: 'uuid', udid: result.udid, aliases, redacted: text } };
  },
};
