import type { AuditLog } from '../ports/audit-log.ts';
import type { Stores } from '../ports/stores.ts';
import { administratorTimes } from './administrator-times.ts';
import { auditLog } from './audit-log.ts';
import { authorities } from './authorities.ts';
import { bindingHistory } from './binding-history.ts';
import { bindings } from './bindings.ts';
import { certificates, intents } from './certificates.ts';
import { changeStream } from './changes.ts';
import { clients } from './clients.ts';
import { crls } from './crls.ts';
import type { Db } from './db.ts';
import { decisionQueue } from './decision-queue.ts';
import { deviceLife } from './device-life.ts';
import { domains } from './domains.ts';
import { dueNotices } from './due-notices.ts';
import type { BulkRows } from './engine.ts';
import { envelopes } from './envelopes.ts';
import { eras } from './eras.ts';
import { events } from './events.ts';
import { foundCertificates } from './found-certificates.ts';
import { ceremonies, installationAdministrators, invitations } from './invitations.ts';
import { keyLineages } from './key-lineage.ts';
import { leases } from './leases.ts';
import { listBulk } from './list-bulk.ts';
import { listFeed } from './list-feed.ts';
import { listJobs } from './list-jobs.ts';
import { liveBindings, quotas } from './live-bindings.ts';
import { makerKeys } from './maker-keys.ts';
import { makerList } from './maker-list.ts';
import { noticeOutbox, noticeWishes, pushedBrowsers } from './notices.ts';
import { heads, operatorKeys } from './operator-keys.ts';
import { orgs } from './orgs.ts';
import { passkeys, userHandles } from './passkeys.ts';
import { people } from './people.ts';
import { phones } from './phones.ts';
import { photos } from './photos.ts';
import { handedCertificates, places } from './places.ts';
import { policies } from './policies.ts';
import { deviceFeed } from './read-device-feed.ts';
import { receivers } from './receivers.ts';
import { records } from './records.ts';
import { responders } from './responders.ts';
import { certificateStates, revocations } from './revocations.ts';
import { rowClaims } from './row-claims.ts';
import { acmeChallenges, serverCertificates } from './server-certificates.ts';
import { sessions } from './sessions.ts';
import { settings } from './settings.ts';
import { statementLog } from './statement-log.ts';
import { tombstones } from './tombstones.ts';
import { tpms } from './tpms.ts';
import { offers, transferCases } from './transfer-cases.ts';
import { versions } from './versions.ts';

/** Every store over one database or transaction. */
export function storesOver(db: Db, bulk: BulkRows, audit: AuditLog = auditLog(db)): Stores {
  return {
    orgs: orgs(db),
    people: people(db),
    sessions: sessions(db),
    passkeys: passkeys(db),
    userHandles: userHandles(db),
    invitations: invitations(db),
    ceremonies: ceremonies(db),
    installationAdministrators: installationAdministrators(db),
    administratorTimes: administratorTimes(db),
    notices: noticeOutbox(db),
    noticeWishes: noticeWishes(db),
    pushedBrowsers: pushedBrowsers(db),
    operatorKeys: operatorKeys(db),
    heads: heads(db),
    statements: statementLog(db),
    domains: domains(db),
    list: makerList(db),
    listBulk: listBulk(db),
    listFeed: listFeed(db),
    listJobs: listJobs(db),
    makerKeys: makerKeys(db),
    tpms: tpms(db),
    tombstones: tombstones(db),
    envelopes: envelopes(db),
    records: records(db),
    queue: decisionQueue(db, bulk),
    changes: changeStream(db),
    bindings: bindings(db),
    liveBindings: liveBindings(db),
    bindingHistory: bindingHistory(db),
    quotas: quotas(db),
    intents: intents(db),
    certificates: certificates(db),
    revocations: revocations(db),
    certificateStates: certificateStates(db),
    lineage: keyLineages(db),
    crls: crls(db),
    responders: responders(db),
    authorities: authorities(db),
    audit,
    leases: leases(db),
    eras: eras(db),
    found: foundCertificates(db),
    events: events(db),
    receivers: receivers(db),
    dueNotices: dueNotices(db),
    settings: settings(db),
    transfers: transferCases(db),
    offers: offers(db),
    rowClaims: rowClaims(db),
    life: deviceLife(db),
    clients: clients(db),
    policies: policies(db),
    versions: versions(db),
    phones: phones(db),
    photos: photos(db),
    places: places(db),
    handed: handedCertificates(db),
    deviceFeed: deviceFeed(db, bulk),
    serverCertificates: serverCertificates(db),
    acmeChallenges: acmeChallenges(db),
  };
}
