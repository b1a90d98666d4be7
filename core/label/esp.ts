import type { LabelFormat, LabelResult } from './label.ts';

/**
 * Espressif's provisioning codes (esp-rainmaker app_network.c; esp-idf examples/provisioning): JSON
 * `{"ver":"v1","name":"PROV_xxx","pop":"…","transport":"ble"}`, with `"username"` for security 2, behind one of two web
 * addresses or alone; or compact, `NP:<name>|<pop>|<b or s>`. They name the device's radio and give the secret that
 * opens it, but no UDID: the list is searched by the name.
 */
export const espFormat: LabelFormat = {
  kind: 'esp',
  claims: (text) =>
    text.startsWith(COMPACT) ||
    URLS.some((url) => text.startsWith(url)) ||
    (text[0] === '{' && /"(?:name|pop)"\s*:/.test(text)),
  parse(text) {
    if (text.startsWith(COMPACT)) return compact(text);
    const url = URLS.find((prefix) => text.startsWith(prefix));
    const json = url === undefined ? text : dataOf(text.slice(url.length));
    const fields = json === undefined ? undefined : fieldsOf(json);
    const redacted = fields && JSON.stringify(openOnly(fields));
    if (fields === undefined || redacted === undefined) return MALFORMED;
    const stored = url === undefined ? redacted : `${url}${encodeURIComponent(redacted)}`;
    return labelOf(fields.name, fields.pop, stored, fields.username);
  },
};

const COMPACT = 'NP:';
const URLS = [
  'https://rainmaker.espressif.com/qrcode.html?data=',
  'https://espressif.github.io/esp-jumpstart/qrcode.html?data=',
];
const MALFORMED: LabelResult = { ok: false, code: 'esp_malformed' };
/** All that may be stored. Named, so that a secret in a field we do not know (`password` of a SoftAP was one) stays out. */
const OPEN = ['ver', 'name', 'username', 'transport', 'security'] as const;

function compact(text: string): LabelResult {
  const [name, secret, radio, ...more] = text.slice(COMPACT.length).split('|');
  if (radio === undefined || !/^[bs]$/.test(radio) || more.length > 0) return MALFORMED;
  return labelOf(name, secret, `${COMPACT}${name}||${radio}`);
}

function labelOf(name: unknown, secret: unknown, redacted: string, username?: unknown): LabelResult {
  // A radio's name: at most 29 bytes fit an advertisement. The secret has no length of its own.
  const named = typeof name === 'string' && /^[\x20-\x7e]{1,32}$/.test(name);
  const told = secret === undefined || (typeof secret === 'string' && secret.length <= 128);
  if (!named || !told) return MALFORMED;
  const withSecret = secret === undefined || secret === '' ? {} : { secret };
  const withName = typeof username === 'string' && /^[\x21-\x7e]{1,64}$/.test(username) ? { username } : {};
  return { ok: true, label: { kind: 'esp', aliases: [name], ...withSecret, ...withName, redacted } };
}

function openOnly(fields: Readonly<Record<string, unknown>>): Record<string, string | number> {
  return Object.fromEntries(
    OPEN.flatMap((key) => {
      const value = fields[key];
      return typeof value === 'string' || typeof value === 'number' ? [[key, value]] : [];
    }),
  );
}

/** The address's `data`: percent-encoded or not, up to the next parameter. */
function dataOf(rest: string): string | undefined {
  try {
    return decodeURIComponent(rest.replace(/&[a-z]+=[^{}"]*$/i, ''));
  } catch {
    return undefined;
  }
}

function fieldsOf(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
