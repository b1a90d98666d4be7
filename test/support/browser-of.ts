import type {
  AuthenticationResponse,
  RegistrationOptions,
  RegistrationResponse,
  SignInChallenge,
} from '../../contract/account.ts';
import type { Session } from '../../contract/operator.ts';
import { Authenticator, type Twist } from './authenticator.ts';

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** What a problem says, or nothing. */
export const codeIn = ({ body }: Answered): string | undefined => (body as { code?: string }).code;

/** A browser as the server sees one: it keeps cookies, and sends the origin of its page. */
export class BrowserOf {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();
  readonly authenticator: Authenticator;

  constructor(url: string, authenticator = new Authenticator(url)) {
    this.#url = url;
    this.authenticator = authenticator;
  }

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies;
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  async call(method: 'GET' | 'POST', path: string, body?: object, headers: object = {}): Promise<Answered> {
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        'user-agent':
          'Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36',
        cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(method === 'GET' ? {} : { origin: this.#url, 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as unknown) };
  }

  get = (path: string) => this.call('GET', path);
  post = (path: string, body: object = {}) => this.call('POST', path, body);

  /** Opens an invitation's link, makes a passkey and takes it. */
  async join(link: string, accept: object = {}, twist: Twist = {}): Promise<Answered> {
    const token = tokenOf(link);
    const asked = await this.post('/api/invitations/accept', { token, ...accept });
    if (asked.status !== 200) return asked;
    const response = this.authenticator.register(asked.body as RegistrationOptions, twist);
    return this.post('/api/invitations/take', { token, response });
  }

  /** Makes a passkey for an invitation, and takes it not. */
  async make(token: string): Promise<RegistrationResponse> {
    const { body } = await this.post('/api/invitations/accept', { token });
    return this.authenticator.register(body as RegistrationOptions);
  }

  /** What the passkey answers to a challenge, not sent. */
  async answer(twist: Twist = {}): Promise<AuthenticationResponse> {
    const { body } = await this.post('/api/passkeys/challenge');
    return this.authenticator.signIn(body as SignInChallenge, twist);
  }

  async signIn(twist: Twist = {}): Promise<Answered> {
    const response = await this.answer(twist);
    return this.post('/api/passkeys/sign-in', { response });
  }

  async who(): Promise<Session | undefined> {
    const { status, body } = await this.get('/api/session');
    return status === 200 ? (body as Session) : undefined;
  }
}

export function tokenOf(link: string): string {
  return new URL(link).hash.slice(1);
}
