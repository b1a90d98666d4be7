/** One table of the database below the other, so that all of it is seen at once: so it is long. */
import type { Generated } from 'kysely';
import type { IssuerName } from '../ports/issuer-name.ts';

/** The tables' columns. Instants and JSON are text, truth values are 0 or 1, bytes are blobs. */
export interface Tables {
  settings: { name: string; value: string };
  orgs: { name: string; title: string; training: number; salt: string; created_at: string };
  people: {
    operator: string;
    name: string;
    about: string;
    demo_role: string | null;
    revoked_at: string | null;
    handle: Generated<string | null>;
    installation_admin: Generated<number>;
    email: Generated<string | null>;
  };
  passkeys: {
    id: string;
    operator: string;
    public_key: string;
    counter: number;
    transports: string;
    backed_up: number;
    label: string;
    made_at: string;
    used_at: Generated<string | null>;
    ended_at: Generated<string | null>;
    ended_why: Generated<string | null>;
  };
  invitations: {
    id: string;
    hash: string;
    kind: string;
    org: string | null;
    role: string | null;
    operator: string | null;
    name: string;
    made_by: string | null;
    made_at: string;
    expires_at: string;
    waits: number;
    approved_by: Generated<string | null>;
    used_at: Generated<string | null>;
    used_by: Generated<string | null>;
    withdrawn_at: Generated<string | null>;
  };
  notices: {
    id: string;
    kind: string;
    way: string;
    org: string | null;
    operator: string | null;
    browser: string | null;
    about: string;
    sealed: string | null;
    made_at: string;
    ends_at: string;
    tries: number;
    next_at: string;
    fault: Generated<string | null>;
    ended_how: Generated<string | null>;
    ended_at: Generated<string | null>;
  };
  notice_wishes: { operator: string; kind: string; mail: number; push: number; at: string };
  address_proofs: {
    operator: string;
    address: string;
    hash: string;
    tries: number;
    made_at: string;
    expires_at: string;
  };
  address_codes: { hash: string; operator: string; address: string; made_at: string };
  pushed_browsers: {
    id: string;
    operator: string;
    endpoint: string;
    p256dh: string;
    auth: string;
    label: string;
    made_at: string;
  };
  ceremonies: {
    hash: string;
    browser: string;
    kind: string;
    invitation: string | null;
    about: string;
    expires_at: string;
    made_at: Generated<string | null>;
  };
  memberships: { operator: string; org: string; role: string };
  administrator_times: { operator: string; org: string; since: string; until: string | null };
  sessions: {
    hash: string;
    operator: string;
    expires_at: string;
    begun_at: string | null;
    seen_at: string | null;
    label: Generated<string | null>;
    passkey: Generated<string | null>;
  };
  nonces: { hash: string; session: string; expires_at: string };
  operator_keys: {
    kid: string;
    operator: string;
    jwk: string;
    enrolled_at: string;
    revoked_at: string | null;
    covered_seq: number | null;
    covered_digest: string | null;
  };
  credentials: { digest: string; kid: string; not_before: string; not_after: string; max_offline: number };
  heads: {
    kid: string;
    seq: number;
    digest: string | null;
    epoch: string;
    unsent: number;
    oldest_unsent_at: string | null;
    persisted: number | null;
    reported_at: string;
  };
  photos: {
    org: string;
    digest: string;
    bytes: number;
    have: number;
    begun_at: string;
    kept_at: string | null;
    operator: string | null;
    touched_at: string | null;
  };
  photo_parts: { org: string; digest: string; begins: number; data: Uint8Array };
  phone_losses: { kid: string; report: string; reported_at: string; reporter: string | null };
  statement_key_ends: { kid: string; jws: string; at: string };
  statement_keys: { kid: string; jws: string; from_at: string };
  statements: { digest: string; typ: string; at: string };
  domains: { name: string; org: string; title: string; created_at: string };
  versions: { topic: string; n: number };
  sites: {
    domain: string;
    id: string;
    title: string;
    closed_at: string | null;
    latitude: number | null;
    longitude: number | null;
  };
  list_rows: {
    scope: string;
    maker: string;
    udid: string;
    org: string;
    public_key: string | null;
    row: string;
    imported_by: string;
    imported_at: string;
    signed_by: string | null;
    handed_to: string | null;
    tpm: string | null;
    /** Null in a row from before digests stood here, until it is computed. */
    digest: Uint8Array | null;
    /** Number of its last change, by which phones are told. */
    n: number;
  };
  /** Digests that rows have no more. With an organisation: the row is another's now, and this one's phones are told. */
  list_gone: { scope: string; n: number; digest: Uint8Array; org: string | null };
  list_jobs: {
    id: string;
    org: string;
    digest: string;
    maker: string;
    started_at: string;
    finished_at: string | null;
    file_offset: number;
    line: number;
    imported: number;
    unchanged: number;
    faults: number;
    rejected_bytes: number;
    /** Empty if nobody signed the file. */
    signer: string;
  };
  maker_keys: {
    org: string;
    maker: string;
    digest: string;
    spki: Uint8Array;
    added_at: string;
    added_by: string;
    ended_at: string | null;
  };
  tpm_challenges: { id: string; ek: string; secret: string; ak: Uint8Array; expires_at: string };
  tpm_keys: { ek: string; key_digest: string; at: string };
  tombstones: {
    digest: string;
    reason: string;
    at: string;
    by_whom: string;
    lifted_at: string | null;
    lifted_by: string | null;
    lift_reason: string | null;
  };
  envelopes: {
    digest: string;
    kid: string;
    seq: number;
    prev: string | null;
    in_chain: number;
    id: string | null;
    jws: string;
    uploader: string;
    received_at: string;
    code: string | null;
    receipt: string | null;
  };
  records: {
    id: string;
    digest: string;
    kid: string;
    seq: number;
    typ: string;
    org: string;
    author: string;
    udid: string;
    captured_at: string;
    received_at: string;
    outcome: string | null;
    code: string | null;
    decided_at: string | null;
    binding: string | null;
    approved_by: string | null;
  };
  changes: { org: string; n: number; record: string; change: string };
  bindings: {
    id: string;
    scope: string;
    org: string;
    domain: string;
    site: string | null;
    maker: string;
    udid: string;
    key_digest: string;
    registration: string;
    state: string;
    unproven: number;
    first_use: number;
    bound_at: string;
    ended_at: string | null;
    /** Its organisation, where another organisation's device has the same name; else empty. */
    apart: string;
  };
  /** Certificates about to be signed, until they are signed or abandoned. The audit trail keeps naming their serials. */
  intents: {
    serial: string;
    issuer: IssuerName;
    binding: string;
    kind: 'tbs' | 'order';
    to_be_signed: Uint8Array;
    digest: string;
    not_before: string;
    not_after: string;
    turn: number;
  };
  certificates: {
    serial: string;
    issuer: IssuerName;
    binding: string;
    not_before: string;
    not_after: string;
    fingerprint: string;
    der: Uint8Array;
    revoked_at: string | null;
    reason: string | null;
    /** Order of issuing within the binding. */
    turn: number;
  };
  lineage: {
    key_digest: string;
    spki: Uint8Array;
    maker: string;
    udid: string;
    binding: string;
    request: Uint8Array | null;
    serial: string | null;
    state: string;
    first_use: number;
    at: string;
  };
  crls: {
    issuer: IssuerName;
    number: number;
    der: Uint8Array;
    this_update: string;
    next_update: string;
    revocations: number;
  };
  responders: { issuer: IssuerName; certificate: Uint8Array; not_after: string };
  authorities: {
    name: IssuerName;
    root: string | null;
    certificate: Uint8Array;
    anchor: Uint8Array;
    not_after: string;
    org: string | null;
    generation: number;
    new_with_old: Uint8Array | null;
    old_with_new: Uint8Array | null;
    replaced_at: string | null;
    watched_until: string | null;
    above: string | null;
  };
  transfer_cases: {
    id: string;
    record: string;
    claimant: string;
    binding: string;
    opened_at: string;
    /** Binding and claimant, until it is decided: so each pair has one open case. */
    open_pair: string | null;
  };
  row_claims: {
    record: string;
    owner: string;
    claimant: string;
    scope: string;
    maker: string;
    udid: string;
    opened_at: string;
  };
  give_ups: { binding: string; transfer: string; by_whom: string; because: string; at: string };
  transfer_verdicts: { id: string; verdict: string; by_whom: string; at: string };
  suspensions: { binding: string; reason: string; at: string; by_whom: string };
  successions: { binding: string; predecessor: string; position: string | null; at: string };
  policies: { org: string; domain: string; policy: string; at: string; by_whom: string };
  revocation_counts: { issuer: IssuerName; n: number };
  clients: {
    name: string;
    org: string;
    rights: string;
    hash: string;
    made_at: string;
    made_by: string;
    revoked_at: string | null;
  };
  event_receivers: {
    name: string;
    org: string;
    kind: string;
    target: string;
    topic: string | null;
    kinds: string;
    made_at: string;
    made_by: string;
    told: number;
    tries: number;
    next_at: string;
    failing_since: string | null;
    fault: string | null;
    dead_at: string | null;
    not_taken: number;
  };
  events: { org: string; n: number; id: string; kind: string; at: string; body: string };
  event_refusals: { receiver: string; n: number; id: string; why: string; at: string };
  due_notices: { serial: string; at: string };
  audit: {
    writer: string;
    n: number;
    at: string;
    step: string;
    event: string;
    actor: string;
    org: string | null;
    subject: string;
    detail: string;
    prev: string;
    hash: string;
    salt: string;
  };
  audit_heads: { writer: string; n: number; hash: string; sealed: number };
  audit_seals: { n: number; at: string; heads: string; jws: string };
  leases: { name: string; owner: string; until: string };
  eras: { n: number; era: string; copy_at: string; at: string; jws: string };
  /** People and machine clients that a copy brought back. */
  revived: { name: string; era: string; confirmed_at: string | null; confirmed_by: string | null };
  found_certificates: {
    issuer: IssuerName;
    serial: string;
    der: Uint8Array | null;
    fingerprint: string | null;
    not_before: string;
    not_after: string;
    udid: string | null;
    domain: string | null;
    key_digest: string | null;
    revoked_at: string | null;
    reason: string | null;
    found_at: string;
    found_by: string;
  };
  /** Corrections and moves of a device, by its first registration. `before` is how it stood until then. */
  places: {
    registration: string;
    n: number;
    /** Null while the registration is held. */
    binding: string | null;
    domain: string;
    site: string | null;
    position: string | null;
    stands_by: string;
    record: string;
    at: string;
    by_whom: string;
    because: string | null;
    before: string;
  };
  device_feed: { kind: 'binding' | 'record'; id: string; org: string; n: number };
  handed: { serial: string; how: string; at: string };
  server_certificates: {
    host: string;
    n: number;
    chain: string;
    failures: number;
    next_at: string | null;
    asked_until: string | null;
  };
  acme_challenges: { token: string; kind: string; host: string; answer: string; until: string };
}
