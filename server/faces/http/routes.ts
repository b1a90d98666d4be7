import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox/type';
import { API, type ApiName, type Operation } from '../../../contract/api.ts';
import {
  ENTITLEMENTS,
  type Entitlement,
  type WithOrg,
  type WithPerson,
} from '../../../contract/entitlements.ts';
import type { Membership } from '../../../contract/operator.ts';
import { parse } from '../../../contract/parse.ts';
import { Problem } from '../../../contract/problem.ts';
import { ROLES } from '../../../contract/roles.ts';
import { isFresh, type SignIn } from '../../accounts/sign-in.ts';
import type { AccessNotes } from '../../ports/access-notes.ts';
import type { ServerClock } from '../../ports/server-clock.ts';
import type { SignedInPerson } from '../../ports/signed-in-person.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { ProblemError } from '../problem.ts';
import { addressName, CALLS, rateLimit } from '../rate-limit.ts';
import { noteRefusedCalls } from '../refused-calls.ts';
import { requireMembership, requireSession, securityOf } from './access.ts';

type Api = typeof API;
type Part<K extends ApiName, P extends string> = Api[K] extends {
  readonly [Key in P]: infer S extends TSchema;
}
  ? Static<S>
  : undefined;

/** One call of an operation, already checked against the contract. */
export interface Call<K extends ApiName> {
  readonly params: Part<K, 'params'>;
  readonly query: Part<K, 'query'>;
  readonly body: Part<K, 'body'>;
  readonly session: K extends WithPerson ? SignedInPerson : undefined;
  /** What the caller is in the organisation that the query names. */
  readonly membership: K extends WithOrg ? Membership : undefined;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export type Answer<K extends ApiName> = Static<Api[K]['answer']>;

/** One handler per operation. `undefined`: the handler has set a status without a body. */
export type Handlers = {
  readonly [K in ApiName]: (call: Call<K>) => Promise<Answer<K> | undefined>;
};

/** Who calls, and when. */
export interface Callers {
  readonly signIn: SignIn;
  /** Whether the token is a machine client's. */
  isClient(authorization: string | undefined): Promise<boolean>;
  readonly clock: ServerClock;
  readonly access: AccessNotes;
  readonly onFault: (error: unknown) => void;
}

/** A sign-in names a person and nothing else; a larger body is not read. */
const SIGN_IN_BYTES = 1024;

/** Registers exactly the operations of the contract, each with its schemas and its access rule. */
export function registerApi(
  app: FastifyInstance,
  handlers: Handlers,
  { signIn, isClient, clock, access, onFault }: Callers,
): void {
  const limits = {
    address: rateLimit(CALLS.address, clock.steady),
    signIn: rateLimit(CALLS.signIn, clock.steady),
    operator: rateLimit(CALLS.operator, clock.steady),
    device: rateLimit(CALLS.device, clock.steady),
  };
  app.setValidatorCompiler<TSchema>(({ schema }) => (value: unknown) => {
    // Nothing is coerced, defaulted or removed: a value that does not fit the schema is refused (the page checks the
    // same way).
    if (parse(schema, value) !== undefined) return { value };
    return { error: Object.assign(new Error('does not fit the schema'), { statusCode: 400 }) };
  });
  const sessions = new WeakMap<FastifyRequest, SignedInPerson>();
  noteRefusedCalls(app, access, onFault, (request) => sessions.get(request)?.operator);
  // Each operation is counted apart, and all that was refused for want of a session as one: nobody who asks for one thing takes
  // another one from the people behind the same address.
  const countAddress = ({ ip }: FastifyRequest, what = 'refused') =>
    limits.address(`${addressName(ip)} ${what}`);
  /** Beyond the address's limit whoever shows who they are goes on, by their own. */
  async function countCaller(request: FastifyRequest, name: ApiName): Promise<void> {
    try {
      countAddress(request, name);
    } catch (error) {
      const { to }: Entitlement = ENTITLEMENTS[name];
      if (to === 'client' && (await isClient(request.headers.authorization))) return;
      const session = to === 'anybody' && (await requireSession(request, signIn).catch(() => undefined));
      if (!session) throw error;
      limits.operator(session.operator);
    }
  }
  for (const name of Object.keys(API) as ApiName[]) {
    const operation: Operation = API[name];
    const entitlement: Entitlement = ENTITLEMENTS[name];
    // The handler of a name receives that name's call; the type of the table guarantees it.
    const handle = handlers[name] as (call: unknown) => Promise<unknown>;
    app.route({
      method: operation.method,
      ...(operation.bodyLimit === undefined ? {} : { bodyLimit: operation.bodyLimit }),
      url: operation.path,
      schema: {
        summary: operation.summary,
        operationId: name,
        security: securityOf(entitlement.to),
        ...(operation.params === undefined ? {} : { params: operation.params }),
        ...(operation.query === undefined ? {} : { querystring: operation.query }),
        ...(operation.body === undefined ? {} : { body: operation.body }),
        response: {
          200: operation.answer,
          default: {
            description: 'What went wrong (RFC 9457)',
            content: { 'application/problem+json': { schema: Problem } },
          },
        },
      },
      onRequest: async (request) => {
        // Access is checked before the body is read: an invalid call counts against the limit as well, and nobody's
        // body is read before they are signed in. A machine client's right depends on the act in the body, so its
        // handler checks the token (device-handlers.ts).
        if (name === 'signIn') return;
        if (isWithoutSession(entitlement)) return countCaller(request, name);
        const session = await requireSession(request, signIn).catch((error: unknown) => {
          if (!(error instanceof Unavailable)) countAddress(request);
          throw error;
        });
        sessions.set(request, session);
        limits.operator(session.operator);
      },
      // By the person named and the address: neither can many who sign in keep the others of their network out, nor whoever
      // tries one name keep that person out elsewhere.
      ...(name === 'signIn' && {
        bodyLimit: SIGN_IN_BYTES,
        preValidation: async ({ ip, body }: FastifyRequest) => {
          const { operator } = (body ?? {}) as { operator?: unknown };
          limits.signIn(`${addressName(ip)} ${typeof operator === 'string' ? operator.slice(0, 64) : ''}`);
        },
      }),
      handler: async (request, reply) => {
        reply.header('cache-control', 'no-store');
        // Phones hold their own clocks to it, so it is the time by which records are judged.
        if (clock.doubt() === undefined) reply.header('date', new Date(clock.now()).toUTCString());
        const session = sessions.get(request);
        let membership: Membership | undefined;
        try {
          membership = checkAccess(entitlement, request, session);
          if (session !== undefined && asksFresh(entitlement, request.body) && !isFresh(session, clock.now()))
            throw new ProblemError('sign_in_again');
        } catch (error) {
          countAddress(request);
          throw error;
        }
        const device = session && deviceOf(operation, request);
        if (device !== undefined) limits.device(device);
        const { params, query, body } = request;
        const answer = await handle({ params, query, body, session, membership, request, reply });
        return answer === undefined ? reply.send() : answer;
      },
    });
  }
}

function isWithoutSession({ to }: Entitlement): boolean {
  return to === 'anybody' || to === 'open' || to === 'client';
}

/** Whether this call, by what its body says, asks for a sign-in of the last minutes. */
function asksFresh({ fresh }: Entitlement, body: unknown): boolean {
  if (fresh === undefined || fresh === 'always') return fresh === 'always';
  const { act } = (body ?? {}) as { act?: unknown };
  return fresh.some((one) => one === act);
}

/** The device that a path names, with the caller's organisation: nobody can use up another organisation's calls. */
function deviceOf({ params }: Operation, request: FastifyRequest): string | undefined {
  const { maker, udid } = (params === undefined ? {} : request.params) as { maker?: string; udid?: string };
  const { org } = request.query as { org?: unknown };
  return maker === undefined || udid === undefined ? undefined : `${org} ${maker} ${udid}`;
}

/** Default deny. Gives what the caller is in the organisation that the call names, where it has to name one. */
function checkAccess(
  { to }: Entitlement,
  request: FastifyRequest,
  session: SignedInPerson | undefined,
): Membership | undefined {
  if (to === 'anybody' || to === 'open' || to === 'client') return undefined;
  if (session === undefined) throw new ProblemError('unauthenticated');
  if (to === 'self') return undefined;
  if (to === 'installation') {
    if (!session.isInstallationAdministrator) throw new ProblemError('forbidden');
    if (session.unconfirmed) throw new ProblemError('confirmation_needed');
    return undefined;
  }
  const { org } = request.query as { org?: unknown };
  if (typeof org !== 'string') throw new ProblemError('forbidden');
  const membership = requireMembership(session, org, to);
  // Whoever decides over devices and records, or reads what only a role may, must be somebody of whom it is known that they
  // still may.
  if (session.unconfirmed && to.length < ROLES.length) throw new ProblemError('confirmation_needed');
  return membership;
}
