import { webcrypto } from 'node:crypto';
import type { BatchRequest, BatchResponse } from '../../contract/batch.ts';
import { type Change, Changes } from '../../contract/change.ts';
import type { RecordType } from '../../contract/envelope.ts';
import type { EnrolChallenge, EnrolResponse, Session } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import type { PublicJwk } from '../../contract/public-jwk.ts';
import type { WorkPack } from '../../contract/work-pack.ts';
import { toBase64Url } from '../../core/bytes.ts';
import type { Signer } from '../../core/crypto.ts';
import { CHAIN_START, type ChainHead, type SealedRecord, sealRecord } from '../../core/envelope.ts';
import { jwkThumbprint } from '../../core/jwk.ts';
import { jwsDigest, parseJws, signJws } from '../../core/jws.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const NONCE = 'test-nonce-0123456789';

/** An operator key as a phone makes it, with its chain. */
export interface TestKey extends Signer {
  readonly jwk: PublicJwk;
}

export async function makeOperatorKey(): Promise<TestKey> {
  const { privateKey, publicKey } = await webcrypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['sign', 'verify'],
  );
  const { x, y } = await webcrypto.subtle.exportKey('jwk', publicKey);
  if (x === undefined || y === undefined) throw new Error('no coordinates');
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  const sign = { name: 'ECDSA', hash: 'SHA-256' };
  return {
    jwk,
    kid: await jwkThumbprint(jwk, nodeCrypto),
    sign: async (data) =>
      new Uint8Array(await webcrypto.subtle.sign(sign, privateKey, Uint8Array.from(data))),
  };
}

/** A signed-in person with an enrolled phone: what the page does, without a page. */
export class TestOperator {
  readonly session: Session;
  readonly key: TestKey;
  readonly epoch: string = webcrypto.randomUUID();
  /** Digest of the newest statement this phone holds. */
  anchor = '';
  head: ChainHead = CHAIN_START;
  readonly #base: string;
  readonly #cookie: string;

  constructor(base: string, cookie: string, session: Session, key: TestKey) {
    this.#base = base;
    this.#cookie = cookie;
    this.session = session;
    this.key = key;
  }

  /** Value of the session cookie, for a browser of a test. */
  get cookie(): string {
    return this.#cookie;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return answer(await fetch(this.#base + path, { headers: { cookie: this.#cookie, ...headers } }));
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const sent = body instanceof Uint8Array ? Uint8Array.from(body) : JSON.stringify(body);
    return answer(
      await fetch(this.#base + path, {
        method: 'POST',
        headers: {
          cookie: this.#cookie,
          origin: this.#base,
          'content-type': 'application/json',
          ...headers,
        },
        body: sent,
      }),
    );
  }

  /** Enrols the key, or renews its credential, and takes the credential as the newest statement. */
  async enrol(): Promise<EnrolResponse> {
    const { nonce } = ok<EnrolChallenge>(await this.post('/api/operator-keys/challenge', {}));
    const enrolled = ok<EnrolResponse>(
      await this.post('/api/operator-keys', { proof: await this.proof(nonce) }),
    );
    this.anchor = await digestOf(enrolled.credential);
    return enrolled;
  }

  /** The enrolment proof over a nonce. */
  proof(nonce: string): Promise<string> {
    const { aud } = this.session;
    return signJws(
      { alg: 'ES256', typ: 'enrol+jws', jwk: this.key.jwk },
      { aud, nonce, epoch: this.epoch },
      this.key,
    );
  }

  async pack(org: string): Promise<WorkPack> {
    const { pack } = ok<{ pack: string }>(await this.get(`/api/work-pack?org=${org}`));
    this.anchor = await digestOf(pack);
    return parseJws(pack)?.payload as WorkPack;
  }

  /** Signs a record as the next of this phone's chain. */
  async seal(typ: RecordType, payload: object, org: string): Promise<SealedRecord> {
    const { aud } = this.session;
    const context = { aud, org, epoch: this.epoch, anchor: this.anchor };
    const sealed = await sealRecord(typ, payload, context, this.head, this.key, nodeCrypto);
    this.head = sealed.head;
    return sealed;
  }

  batch(records: readonly string[], head: BatchRequest['head'] = null): BatchRequest {
    return { batch: webcrypto.randomUUID(), nonce: NONCE, head, records: [...records] };
  }

  async send(records: readonly string[], head: BatchRequest['head'] = null): Promise<BatchResponse> {
    return ok<BatchResponse>(await this.post('/api/records', this.batch(records, head)));
  }

  /** What the phone says of its chain as it stands, with nothing sent. */
  heartbeat(): Exclude<BatchRequest['head'], null> {
    const { kid } = this.key;
    return { kid, seq: this.head.seq, digest: this.head.digest, epoch: this.epoch, unsent: 0 };
  }

  /** Every change of an organisation's stream. */
  async changes(org: string): Promise<Change[]> {
    const all: Change[] = [];
    for (let after = '', more = true; more; ) {
      const body = ok(await this.get(`/api/changes?org=${org}&after=${after}&nonce=${NONCE}`));
      // As a phone does: what does not fit is read by nobody.
      const page = parse(Changes, body);
      if (page === undefined) throw new Error(`changes do not fit the contract: ${JSON.stringify(body)}`);
      all.push(...page.changes);
      after = page.cursor;
      more = page.more;
    }
    return all;
  }

  /** Signs and sends one record, and gives the last that was said of it. */
  async submit(typ: RecordType, payload: { readonly id: string }, org: string): Promise<Change> {
    const { jws } = await this.seal(typ, payload, org);
    const { results } = await this.send([jws]);
    if (results[0]?.status !== 'received') throw new Error(`not received: ${JSON.stringify(results[0])}`);
    return this.outcome(payload.id, org);
  }

  /** The last that was said of a record. */
  async outcome(record: string, org: string): Promise<Change> {
    const found = (await this.changes(org)).filter((change) => change.record === record).at(-1);
    if (found === undefined) throw new Error('nothing was said of this record');
    return found;
  }
}

/** Signs in as a demo person with a new phone, and enrols its key. */
export async function signInAs(base: string, operator: string, key?: TestKey): Promise<TestOperator> {
  const response = await fetch(`${base}/api/sign-in`, {
    method: 'POST',
    headers: { origin: base, 'content-type': 'application/json' },
    body: JSON.stringify({ operator }),
  });
  const cookie = response.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  const session = ok<Session>(await answer(response));
  const phone = new TestOperator(base, cookie, session, key ?? (await makeOperatorKey()));
  await phone.enrol();
  return phone;
}

async function answer(response: Response): Promise<Reply> {
  const text = await response.text();
  const json = (response.headers.get('content-type') ?? '').includes('json');
  const { status, headers } = response;
  return { status, headers, body: json && text !== '' ? (JSON.parse(text) as unknown) : text };
}

function ok<T>({ status, body }: Reply): T {
  if (status !== 200) throw new Error(`status ${status}: ${JSON.stringify(body)}`);
  return body as T;
}

export async function digestOf(jws: string): Promise<string> {
  return jwsDigest(jws.slice(0, jws.lastIndexOf('.')), nodeCrypto);
}

/** base64url of anything, for tests that forge. */
export function part(value: unknown): string {
  return toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
}
