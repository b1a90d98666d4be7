import { constants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { RekeyRefusal } from '../../../contract/codes.ts';
import { toBase64 } from '../../../core/bytes.ts';
import { toPem } from '../../../core/pem.ts';
import { bindingOfKey } from '../../authority/ra/binding/binding-of-key.ts';
import {
  type DeviceAnswer,
  type DeviceKey,
  decidedCertificate,
  enrolDevice,
  renewDevice,
} from '../../authority/ra/contact/device-contact.ts';
import { takeCertificates } from '../../authority/ra/found/take-certificates.ts';
import type { AccessNotes } from '../../ports/access-notes.ts';
import { oid, sequence } from '../../x509/der-writer.ts';
import { boundConnections } from '../bound-connections.ts';
import type { EstFace } from '../face.ts';
import { demandOneHost } from '../one-host.ts';
import { refuseOtherMethods } from '../other-methods.ts';
import { ProblemError, translateErrors } from '../problem.ts';
import { addressName, CALLS, rateLimit } from '../rate-limit.ts';
import { noteRefusedCalls, whereFrom } from '../refused-calls.ts';
import { certsOnly } from './certs-only.ts';
import { deviceKeyOf } from './device-key.ts';
import { MAX_REQUEST, readRequestBody, readRequestHeader } from './request-body.ts';
import { tpmRoutes } from './tpm-routes.ts';

export interface EstOptions {
  readonly installation: EstFace;
  /** Certificate and key. */
  readonly secure: Pick<TlsOptions, 'cert' | 'key'>;
  /** Most connections at a time. */
  readonly connections: number;
  readonly onFault: (error: unknown) => void;
  readonly access: AccessNotes;
}

/** Requests per minute from one address. A gateway may start a hundred devices behind it at once. */
const PER_ADDRESS = 300;
/** Settings of this listener that a newer certificate leaves as they are. */
export const EST_TLS = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET } as const;
/** CSR attributes: the signature algorithm that a CSR should use, ecdsa-with-SHA256 (RFC 7030 section 4.5.2, RFC 5758). */
const ATTRIBUTES = sequence(oid('1.2.840.10045.4.3.2'));

/**
 * The devices' own face: EST (RFC 7030), not yet listening. It has a port of its own, since asking for client
 * certificates on the app's port would prompt people. The handshake accepts any client certificate, which proves only
 * its key; that key and our own state decide who gets what.
 */
export async function buildEst({
  installation,
  secure,
  connections,
  onFault,
  access,
}: EstOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: MAX_REQUEST,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 40 },
    https: {
      ...secure,
      requestCert: true,
      // Devices show bound keys in self-signed and makers' certificates alike, so no chain is required.
      rejectUnauthorized: false,
      handshakeTimeout: 10_000,
      ...EST_TLS,
    },
  }) as unknown as FastifyInstance;
  boundConnections(app.server, connections);
  translateErrors(app, onFault);
  demandOneHost(app);
  noteRefusedCalls(app, access, onFault, ({ ip }) => `a device, ${whereFrom(ip)}`);
  const limit = rateLimit(PER_ADDRESS, installation.clock.steady);
  const limitDevice = rateLimit(CALLS.device, installation.clock.steady);
  app.addHook('onRequest', async ({ ip }) => limit(addressName(ip)));
  refuseOtherMethods(app);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  const ofOrg = async (org: string, reply: FastifyReply) => {
    const bundle = await installation.ca.bundle(org);
    if (bundle.length === 0) throw new ProblemError('not_found');
    return certificates(reply, bundle);
  };
  app.get('/.well-known/est/cacerts', async (request, reply) => {
    const key = deviceKeyOf(request);
    const binding = key && (await bindingOfKey(key.spki, installation));
    // The organisation follows from the key, or is named in the path (section 3.2.2).
    if (binding === undefined) throw new ProblemError('not_found');
    return ofOrg(binding.org, reply);
  });
  app.get<{ Params: { label: string } }>('/.well-known/est/:label/cacerts', async ({ params }, reply) =>
    ofOrg(params.label, reply),
  );
  for (const path of ['/.well-known/est/csrattrs', '/.well-known/est/:label/csrattrs']) {
    app.get(path, async (_request, reply) =>
      reply
        .type('application/csrattrs')
        .header('content-transfer-encoding', 'base64')
        .send(toBase64(ATTRIBUTES)),
    );
  }

  const operation =
    (work: (key: DeviceKey, request: Uint8Array) => Promise<DeviceAnswer>) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      const key = deviceKeyOf(request);
      if (key === undefined) throw new ProblemError('unauthenticated', 'A client certificate is needed');
      limitDevice(toBase64(await installation.crypto.sha256(key.spki)));
      await takeShown(key, installation);
      const der = readRequestBody(request.body);
      if (der === undefined) throw new ProblemError('request_invalid');
      return answer(await work(key, der), reply, (leaf) => certificates(reply, [leaf]));
    };
  const enrol = operation((key, der) => enrolDevice(key, der, installation));
  const renew = operation((key, der) => renewDevice(key, der, installation));
  for (const under of ['/.well-known/est', '/.well-known/est/:label']) {
    app.post(`${under}/simpleenroll`, enrol);
    app.post(`${under}/simplereenroll`, renew);
  }

  tpmRoutes(app, installation);

  // Compatible with clients of key-less onboarding samples: the CSR is in a header, the certificate is returned as PEM.
  app.post('/new', async (request, reply) => {
    const der = readRequestHeader(request.headers['device-csr']);
    if (der === undefined)
      throw new ProblemError('request_invalid', 'The header device-csr holds no request');
    return answer(await decidedCertificate(der, installation), reply, (leaf) =>
      reply.type('application/x-pem-file').send(toPem('CERTIFICATE', leaf)),
    );
  });
  return app;
}

/** A device shows a certificate that an older copy of the database does not know: our own signature on it is proof enough. */
async function takeShown(
  { fingerprint, certificate }: { readonly fingerprint: string; readonly certificate: Uint8Array },
  installation: EstFace,
): Promise<void> {
  const { certificates, eras } = installation.stores;
  if ((await certificates.byFingerprint(fingerprint)) !== undefined || (await eras.current()) === undefined)
    return;
  await takeCertificates([certificate], 'device', installation);
}

/** What to do about each reason for refusing a re-key. */
const NEXT: Record<RekeyRefusal, string> = {
  rekey_not_allowed:
    'The policy here lets no device take another key: go on with the one it has, or have the policy changed (rekey)',
  rekey_too_soon: 'The key was changed less than a day ago: ask again tomorrow',
  successor_waits:
    'A certificate was issued that was not used yet: make contact with that one first, or renew the one in use when it is due',
  csr_subject_mismatch: 'The request’s subject must have one common name, the device’s own',
  key_weak: 'The key is too weak: make a stronger one',
  key_type_not_allowed: 'The policy here does not take this kind of key: make another kind',
  key_taken: 'The key is or was in use: make a new one',
  tombstoned:
    'This key, the one in use or a former name of the device is revoked: ask with a key that is not; the rest only a named person lifts',
  voucher_missing:
    'The list vouches for the key in use alone: let the same TPM show the new one first (/tpm/challenge), or keep the one in use',
};

function certificates(reply: FastifyReply, all: readonly Uint8Array[]): FastifyReply {
  const body = toBase64(certsOnly(all)).replace(/.{1,76}/g, '$&\n');
  return reply
    .type('application/pkcs7-mime; smime-type=certs-only')
    .header('content-transfer-encoding', 'base64')
    .header('cache-control', 'no-store')
    .send(body);
}

function answer(
  said: DeviceAnswer,
  reply: FastifyReply,
  give: (leaf: Uint8Array) => FastifyReply,
): FastifyReply {
  switch (said.kind) {
    case 'certificate':
      return give(said.der);
    case 'wait':
      return reply.code(202).header('retry-after', String(said.seconds)).send();
    case 'refused':
      switch (said.why) {
        case 'request_invalid':
          throw new ProblemError('request_invalid', 'No request that is signed by its own key');
        case 'key_differs':
          throw new ProblemError('forbidden', 'The request is for another key than the connection’s');
        case 'not_bound':
          throw new ProblemError('forbidden', 'Nothing is bound to this key');
        case 'not_current':
          throw new ProblemError('forbidden', 'Only the current certificate may be renewed');
        default:
          throw new ProblemError(said.why, NEXT[said.why]);
      }
  }
}
