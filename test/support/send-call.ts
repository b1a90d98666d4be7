import { API, type ApiName, type Operation } from '../../contract/api.ts';
import type { Reply } from './server-operator.ts';

/** One call of an operation, with all that it names. */
export interface Wanted {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Beside the session's: of the browser that a challenge was given to. */
  readonly cookie?: string;
}

/** Sends it as our own page does. The body is read as text. */
export async function sendCall(
  url: string,
  name: ApiName,
  { params = {}, query, body, cookie: own }: Wanted,
  session = '',
): Promise<Reply> {
  const { method, path }: Operation = API[name];
  const at = path.replace(/:(\w+)/g, (_, part: string) => params[part] ?? '');
  const asked = query === undefined ? '' : `?${new URLSearchParams(query)}`;
  const response = await fetch(url + at + asked, {
    method,
    headers: {
      origin: url,
      cookie: [session, own].filter((one) => one).join('; '),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}
