import type { Plan } from './plan.ts';

/** The environment of the service, for `EnvironmentFile=` of systemd and for a shell: what it was set up with, and no more. */
export function environmentFile({ publicUrl, email, proxies, data, database, smtp, from }: Plan): string {
  const values: readonly (readonly [string, string | undefined])[] = [
    ['NODE_ENV', 'production'],
    ['FIELDBIND_PUBLIC_URL', publicUrl],
    ['FIELDBIND_ACME', proxies === undefined ? email : undefined],
    ['FIELDBIND_TRUSTED_PROXIES', proxies],
    ['FIELDBIND_DEMO', 'off'],
    ['FIELDBIND_DATA', data],
    ['FIELDBIND_DATABASE_URL', database],
    ['FIELDBIND_SMTP_URL', smtp],
    ['FIELDBIND_MAIL_FROM', from],
  ];
  const lines = values.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quoted(value)}`]));
  return `${['# Settings of Fieldbind: docs/operations.md says what there is beside.', ...lines].join('\n')}\n`;
}

/** As systemd and shells read it alike (systemd.exec, `EnvironmentFile=`). */
function quoted(value: string): string {
  return /^[A-Za-z0-9_.:/@%+,=-]*$/.test(value) ? value : `"${value.replace(/[\\"$`]/g, '\\$&')}"`;
}

/** Reads such a file; undefined for a line that is none of its. */
export function readEnvironmentFile(text: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value = ''] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined) return undefined;
    found[name] = /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
  }
  return found;
}
