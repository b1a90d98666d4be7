/** Columns as they stand in the database: instants and JSON are text, truth values 0 or 1, bytes are blobs. */
export interface Tables {
  settings: { name: string; value: string };
  orgs: { name: string; title: string; training: number; salt: string; created_at: string };
  people: {
    operator: string;
    name: string;
    about: string;
    demo_role: string | null;
    revoked_at: string | null;
  };
  memberships: { operator: string; org: string; role: string };
  sessions: { hash: string; operator: string; expires_at: string };
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
  phone_losses: { kid: string; report: string; reported_at: string };
  statement_keys: { kid: string; jws: string; from_at: string };
  statements: { digest: string; typ: string; at: string };
  domains: { name: string; org: string; title: string; created_at: string };
  versions: { topic: string; n: number };
  sites: { domain: string; id: string; title: string };
  list_rows: {
    scope: string;
    maker: string;
    udid: string;
    org: string;
    public_key: string | null;
    row: string;
    imported_by: string;
    imported_at: string;
  };
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
    org: string;
    header: string;
    author: string;
    payload: string;
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
  };
  certificates: {
    serial: string;
    issuer: string;
    binding: string;
    state: string;
    tbs: Uint8Array;
    tbs_digest: string;
    not_before: string;
    not_after: string;
    fingerprint: string | null;
    der: Uint8Array | null;
    revoked_at: string | null;
    reason: string | null;
  };
  crls: { issuer: string; number: number; der: Uint8Array; this_update: string; next_update: string };
  responders: { issuer: string; certificate: Uint8Array; not_after: string };
  authorities: {
    name: string;
    root: string | null;
    certificate: Uint8Array;
    anchor: Uint8Array;
    not_after: string;
  };
  transfer_cases: { id: string; record: string; claimant: string; binding: string; opened_at: string };
  give_ups: { binding: string; by_whom: string; because: string; at: string };
  transfer_verdicts: { id: string; verdict: string; by_whom: string; at: string };
  suspensions: { binding: string; reason: string; at: string; by_whom: string };
  successions: { binding: string; predecessor: string; position: string | null; at: string };
  policies: { org: string; domain: string; policy: string; at: string; by_whom: string };
  hold_releases: { issuer: string; at: string };
  clients: {
    name: string;
    org: string;
    rights: string;
    hash: string;
    made_at: string;
    made_by: string;
    revoked_at: string | null;
  };
  audit: {
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
  };
}
