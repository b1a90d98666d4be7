/** TPMs: credentials that were handed out to be activated, and keys that were shown to live in a TPM. */
export const TPMS = [
  'create table tpm_challenges (id text primary key, ek text not null, secret text not null, ak blob not null, expires_at text not null)',
  'create index tpm_challenges_ended on tpm_challenges (expires_at)',
  'create table tpm_keys (ek text not null, key_digest text not null, at text not null, primary key (ek, key_digest))',
] as const;
