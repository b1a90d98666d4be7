import type { TSchema } from 'typebox/type';
import { Amendment } from '../../contract/amendment.ts';
import { API } from '../../contract/api.ts';
import { ApprovalRequest, HeldRecord, HeldRecords } from '../../contract/approval.ts';
import { BatchRequest, BatchResponse, RecordResult } from '../../contract/batch.ts';
import { Change, Changes, IssuedCertificate } from '../../contract/change.ts';
import { Confirmation } from '../../contract/confirmation.ts';
import { ClientAct, DeviceAct, DeviceActed, DeviceState, DeviceStates } from '../../contract/device-state.ts';
import { RecordHeader } from '../../contract/envelope.ts';
import * as era from '../../contract/era.ts';
import { FieldDevice, FieldDevices, FieldRecord } from '../../contract/field-device.ts';
import { ListChanges } from '../../contract/list-changes.ts';
import { ListImport, ListImportResult, ListRow } from '../../contract/list-row.ts';
import * as notice from '../../contract/notice.ts';
import * as operator from '../../contract/operator.ts';
import { OwnSession, OwnSessions, SessionsEnd, SessionsEnded } from '../../contract/own-session.ts';
import { LossReport, PhoneState, PhoneStates } from '../../contract/phone.ts';
import * as photo from '../../contract/photo.ts';
import { Problem } from '../../contract/problem.ts';
import { PublicJwk } from '../../contract/public-jwk.ts';
import { NewRegistration, Registration } from '../../contract/registration.ts';
import * as rescue from '../../contract/rescue.ts';
import { SiteRecord } from '../../contract/site-record.ts';
import { Skip } from '../../contract/skip.ts';
import { Receipt, StatementHeader, StatementKey } from '../../contract/statement.ts';
import { TransferAnswer, TransferDecision, TransferState, TransferStates } from '../../contract/transfer.ts';
import { VerifyAnswer, VerifyRequest } from '../../contract/verify.ts';
import { Void } from '../../contract/void.ts';
import { PackDomain, WorkPack } from '../../contract/work-pack.ts';
import * as made from '../support/records.ts';
import { ACCOUNT_CASES } from './account-schemas.ts';

const at = '2026-01-01T00:00:00.000Z';
const key = { kty: 'EC', crv: 'P-256', x: made.digest(1), y: made.digest(2) };
const jws = 'aaaa.bbbb.cccc';
const LIST_CHANGES = {
  ...{ aud: made.AUD, org: made.ORG, after: '', to: `${'l'.repeat(16)}.7.7`, more: false, whole: true },
  ...{ salt: made.digest(1), digests: made.digest(2), gone: '', moved: 'A'.repeat(16) },
  rows: [{ digest: 'A'.repeat(16), row: made.listRow() }],
};
const nonce = 'n'.repeat(22);
const stamp = { id: made.recordId(1), app: '1.0.0', capturedAt: at };
const amendment = {
  ...stamp,
  ...{ registration: made.recordId(2), maker: 'acme', udid: 'acme-1', domain: made.DOMAIN },
  base: made.digest(1),
  place: {
    site: 'roof',
    position: 'Cabinet 3',
    location: { latitude: 59.3, longitude: 18.1, accuracyMetres: 12 },
  },
  because: 'b',
};
const somewhere = { domain: made.DOMAIN, site: 'roof', siteTitle: 'Roof', position: 'Cabinet 3' };
const captured = { by: 'anna', byName: 'Anna', capturedAt: at };
const fieldDevice = {
  ...{ maker: 'acme', udid: 'acme-1', names: ['SN-1'], model: 'Meter 42' },
  ...{
    ...somewhere,
    place: made.digest(1),
    placedAt: at,
    state: 'issued',
    registration: made.recordId(1),
    ...captured,
  },
  ...{ unproven: false, takesNone: true, simulated: true },
  suspended: { reason: 'lost', at, by: 'Sam' },
  ended: { code: 'retired', at, by: 'Sam', because: 'b' },
  ...{ notAfter: at, renewFrom: at, certificate: made.certificate() },
};
const fieldRecord = {
  ...{ record: made.recordId(1), maker: 'acme', udid: 'acme-1', names: [], model: 'Meter 42' },
  ...{ ...somewhere, outcome: 'held', code: 'udid_only_row', detail: 'd', decidedBy: 'Sam', at, ...captured },
  simulated: true,
};
const held = {
  record: made.recordId(1),
  code: 'udid_only_row',
  heldAt: at,
  capturedAt: at,
  operatorName: 'Anna',
  maker: 'acme',
  udid: 'acme-1',
  domain: made.DOMAIN,
  possession: 'static',
};
const device = {
  maker: 'acme',
  udid: 'acme-1',
  domain: made.DOMAIN,
  boundAt: at,
  fingerprint: 'ab'.repeat(32),
  notAfter: at,
  state: 'issued',
  unproven: false,
  firstUse: false,
  revokedAt: null,
  site: 'roof',
  position: 'Cabinet 3',
  suspended: { reason: 'lost', at, by: 'sam' },
  replaces: 'acme-0',
};
const transfer = {
  id: made.recordId(1),
  openedAt: at,
  claimant: "Hanna's home",
  maker: 'acme',
  udid: 'acme-1',
  domain: made.DOMAIN,
  site: 'roof',
  suspended: 'maintenance',
  offered: { by: 'sam', name: 'Sam', because: 'sold', at },
};
const loss = {
  kid: made.digest(1),
  epoch: made.EPOCH,
  head: 42,
  unsent: [{ from: 31, to: 42 }],
  lastSeenAt: at,
  foundAt: at,
};
const phone = {
  kid: made.digest(1),
  operatorName: 'Anna',
  head: 42,
  reportedAt: at,
  unsent: 12,
  oldestUnsentAt: at,
  persisted: false,
  missing: [{ from: 31, to: 42 }],
  alarm: true,
  lost: { unsent: [{ from: 31, to: 42 }], lastSeenAt: at, foundAt: at },
};
const ownSession = { id: made.digest(1), begunAt: at, seenAt: at, expiresAt: at, own: true };
const membership = made.session().memberships[0];
const result = { digest: made.digest(1), status: 'received', receipt: jws };
const person = { operator: 'anna', name: 'Anna', role: 'installer', about: 'Installs' };
const fullRegistration = made.registration({
  maker: 'acme',
  place: {
    site: 's',
    position: 'p',
    location: { latitude: 1.5, longitude: -2, accuracyMetres: 3 },
    photos: [{ digest: made.digest(1), bytes: 1 }],
  },
});

interface Case {
  readonly schema: TSchema;
  /** Accepted as it stands, with every optional part there. */
  readonly value: unknown;
}

/** Every schema that crosses the wire, by name, with a good value. */
export const CASES: Readonly<Record<string, Case>> = {
  ...ACCOUNT_CASES,
  ApprovalRequest: { schema: ApprovalRequest, value: { decision: 'approve', reason: 'seen' } },
  HeldRecord: { schema: HeldRecord, value: held },
  HeldRecords: { schema: HeldRecords, value: { held: [held] } },
  BatchRequest: {
    schema: BatchRequest,
    value: {
      batch: made.EPOCH,
      nonce,
      head: {
        kid: made.digest(1),
        seq: 1,
        digest: made.digest(2),
        epoch: made.EPOCH,
        unsent: 1,
        oldestUnsentAt: at,
        persisted: true,
      },
      records: [jws],
    },
  },
  RecordResult: { schema: RecordResult, value: { ...result, code: 'id_reuse' } },
  BatchResponse: { schema: BatchResponse, value: { batch: made.EPOCH, nonce, at, results: [result] } },
  IssuedCertificate: { schema: IssuedCertificate, value: made.certificate() },
  Change: {
    schema: Change,
    value: made.change(made.recordId(1), {
      code: 'same_install',
      detail: 'd',
      maker: 'acme',
      udid: 'acme-1',
      domain: made.DOMAIN,
      unproven: true,
      certificate: made.certificate(),
    }),
  },
  Changes: {
    schema: Changes,
    value: { nonce, cursor: 'c1', more: false, changes: [made.change(made.recordId(1))] },
  },
  Confirmation: { schema: Confirmation, value: made.confirmation({ maker: 'acme' }) },
  Amendment: { schema: Amendment, value: amendment },
  SiteRecord: {
    schema: SiteRecord,
    value: { ...stamp, domain: made.DOMAIN, site: 'roof', title: 'Roof', was: 'Top floor' },
  },
  FieldDevice: { schema: FieldDevice, value: fieldDevice },
  FieldRecord: { schema: FieldRecord, value: fieldRecord },
  FieldDevices: {
    schema: FieldDevices,
    value: { after: '', cursor: 'c1', more: false, devices: [fieldDevice], records: [fieldRecord] },
  },
  DeviceState: { schema: DeviceState, value: device },
  DeviceAct: {
    schema: DeviceAct,
    value: { act: 'replace', because: 'b', reason: 'lost', with: { maker: 'acme', udid: 'acme-2' } },
  },
  ClientAct: { schema: ClientAct, value: { act: 'suspend', because: 'b', reason: 'lost' } },
  DeviceActed: { schema: DeviceActed, value: { maker: 'acme', udid: 'acme-1', at } },
  TransferState: { schema: TransferState, value: transfer },
  TransferStates: { schema: TransferStates, value: { transfers: [transfer] } },
  TransferDecision: { schema: TransferDecision, value: { decision: 'give_up', because: 'sold' } },
  TransferAnswer: { schema: TransferAnswer, value: { id: made.recordId(1), result: 'offered' } },
  DeviceStates: { schema: DeviceStates, value: { devices: [device] } },
  RecordHeader: {
    schema: RecordHeader,
    value: {
      alg: 'ES256',
      typ: 'void+jws',
      v: 1,
      kid: made.digest(1),
      aud: made.AUD,
      org: made.ORG,
      seq: 2,
      prev: made.digest(2),
      epoch: made.EPOCH,
      anchor: made.digest(3),
    },
  },
  ListRow: { schema: ListRow, value: made.listRow({ model: 'M', order: 'O' }) },
  ListImport: { schema: ListImport, value: { rows: [made.listRow()] } },
  ListImportResult: {
    schema: ListImportResult,
    value: { imported: 1, unchanged: 0, errors: [{ row: 1, code: 'x', detail: 'y' }] },
  },
  Membership: { schema: operator.Membership, value: membership },
  Session: { schema: operator.Session, value: made.session() },
  DemoPerson: { schema: operator.DemoPerson, value: person },
  SignInOptions: { schema: operator.SignInOptions, value: { demo: [person] } },
  SignInRequest: { schema: operator.SignInRequest, value: { operator: 'anna' } },
  EnrolChallenge: { schema: operator.EnrolChallenge, value: { nonce: made.digest(1), expiresAt: at } },
  EnrolProof: { schema: operator.EnrolProof, value: { aud: made.AUD, nonce, epoch: made.EPOCH } },
  EnrolRequest: { schema: operator.EnrolRequest, value: { proof: jws } },
  Credential: {
    schema: operator.Credential,
    value: {
      aud: made.AUD,
      kid: made.digest(1),
      jwk: key,
      operator: 'anna',
      name: 'Anna',
      memberships: [membership],
      notBefore: at,
      notAfter: at,
      maxOfflineSeconds: 60,
      at,
    },
  },
  EnrolResponse: {
    schema: operator.EnrolResponse,
    value: { credential: jws, statementKeys: [jws], previousKid: made.digest(1) },
  },
  Problem: {
    schema: Problem,
    value: { type: 'about:blank', title: 't', status: 400, code: 'request_invalid', detail: 'd' },
  },
  PublicJwk: { schema: PublicJwk, value: key },
  Registration: { schema: Registration, value: fullRegistration },
  NewRegistration: { schema: NewRegistration, value: fullRegistration },
  StatementHeader: {
    schema: StatementHeader,
    value: { alg: 'ES256', typ: 'receipt+jws', v: 1, kid: made.digest(1) },
  },
  StatementKey: { schema: StatementKey, value: { aud: made.AUD, kid: made.digest(1), jwk: key, from: at } },
  Receipt: {
    schema: Receipt,
    value: {
      aud: made.AUD,
      id: made.recordId(1),
      digest: made.digest(1),
      kid: made.digest(2),
      seq: 1,
      status: 'received',
      at,
    },
  },
  VerifyRequest: {
    schema: VerifyRequest,
    value: { certificate: made.certificate().leafPem, domain: made.DOMAIN, udid: 'acme-1' },
  },
  VerifyAnswer: {
    schema: VerifyAnswer,
    value: {
      verdict: 'refused',
      checks: [{ check: 'chain', result: 'failed', code: 'issuer_unknown' }],
      at,
    },
  },
  Void: {
    schema: Void,
    value: {
      id: made.recordId(1),
      app: '1',
      capturedAt: at,
      of: made.recordId(2),
      udid: 'acme-1',
      reason: 'undone',
    },
  },
  PackDomain: { schema: PackDomain, value: made.workPack().domains[0] },
  WorkPack: { schema: WorkPack, value: made.workPack({ rows: [made.listRow()], digests: ['A'.repeat(16)] }) },
  Probe: { schema: API.probe.answer, value: { nonce, at } },
  StatementKeysAnswer: { schema: API.statementKeys.answer, value: { statementKeys: [jws] } },
  ListChanges: { schema: ListChanges, value: LIST_CHANGES },
  ListChangesAnswer: { schema: API.listChanges.answer, value: { list: jws, digests: 'A'.repeat(16) } },
  WorkPackAnswer: { schema: API.workPack.answer, value: { pack: jws } },
  LossReport: { schema: LossReport, value: loss },
  PhoneState: { schema: PhoneState, value: phone },
  PhoneStates: { schema: PhoneStates, value: { phones: [phone] } },
  PhotoPart: {
    schema: photo.PhotoPart,
    value: { record: made.recordId(1), digest: made.digest(1), offset: 0, data: '_9j_' },
  },
  PhotoProgress: {
    schema: photo.PhotoProgress,
    value: { digest: made.digest(1), have: 4, kept: jws },
  },
  PhotoKept: {
    schema: photo.PhotoKept,
    value: { aud: made.AUD, org: made.ORG, digest: made.digest(1), bytes: 4, at },
  },
  PhotosOfRecord: {
    schema: photo.PhotosOfRecord,
    value: { photos: [{ digest: made.digest(1), bytes: 4, here: true }] },
  },
  PhotoAnswer: { schema: photo.PhotoAnswer, value: { data: '_9j_' } },
  RescuePart: { schema: rescue.RescuePart, value: { part: 'aaaa..bbbb.cccc.dddd' } },
  RescueHeader: { schema: rescue.RescueHeader, value: { alg: 'ECDH-ES', enc: 'A256GCM', epk: key } },
  RescueContent: { schema: rescue.RescueContent, value: { records: [jws] } },
  RescueKey: { schema: rescue.RescueKey, value: { aud: made.AUD, jwk: key, at } },
  OwnNotices: {
    schema: notice.OwnNotices,
    value: {
      ...{ mail: true, address: 'ines@example.org', waiting: 'i@example.org', pushKey: `B${'A'.repeat(86)}` },
      wishes: [{ kind: 'alarm', mail: true, push: false }],
      browsers: [{ id: made.digest(1), label: 'Chrome on Android', madeAt: at }],
    },
  },
  NoticesChange: {
    schema: notice.NoticesChange,
    value: {
      ...{ wishes: [{ kind: 'phone_lost', mail: false, push: true }], address: '', code: '01234567' },
      subscribe: {
        endpoint: 'https://push.example.org/x',
        keys: { p256dh: `B${'A'.repeat(86)}`, auth: 'A'.repeat(22) },
      },
      unsubscribe: made.digest(1),
    },
  },
  OwnSession: { schema: OwnSession, value: ownSession },
  OwnSessions: { schema: OwnSessions, value: { sessions: [ownSession] } },
  SessionsEnd: { schema: SessionsEnd, value: { because: 'lost' } },
  SessionsEnded: { schema: SessionsEnded, value: { ended: 2 } },
  Era: { schema: era.Era, value: { aud: made.AUD, era: 'e'.repeat(22), before: null, copyAt: at, at } },
  Anchor: { schema: era.Anchor, value: { aud: made.AUD, at } },
  ChainsRequest: { schema: era.ChainsRequest, value: { nonce, chains: [{ kid: made.digest(1), seq: 1 }] } },
  ChainsAnswer: {
    schema: era.ChainsAnswer,
    value: {
      nonce,
      era: jws,
      chains: [{ kid: made.digest(1), known: true, missing: [{ from: 1, to: 2 }], more: false }],
    },
  },
  HandBack: {
    schema: era.HandBack,
    value: { statements: [jws], certificates: ['-----BEGIN CERTIFICATE-----'], packs: [jws] },
  },
  HandedBack: { schema: era.HandedBack, value: { statements: 1, certificates: 1, holds: 0 } },
  RescueKeyAnswer: { schema: rescue.RescueKeyAnswer, value: { rescueKey: jws } },
  Skip: {
    schema: Skip,
    value: {
      id: made.recordId(1),
      app: '1',
      capturedAt: at,
      of: made.recordId(2),
      seq: 2,
      digest: made.digest(1),
      code: 'bad_signature',
    },
  },
};
