/**
 * An intent records whether it contains a TBSCertificate or an order for a third party's CA; and the columns say
 * receiver, as the code does.
 */
export const NAMED_FOR_WHAT_THEY_HOLD = [
  "alter table intents add column kind text not null default 'tbs'",
  // The end of a third party's name (authority/est-ca/with-est-ca.ts).
  "update intents set kind = 'order' where issuer like '%@est-ca'",
  'alter table intents rename column tbs to to_be_signed',
  'alter table intents rename column tbs_digest to digest',
  'alter table event_sinks rename to event_receivers',
  'alter table event_refusals rename column sink to receiver',
] as const;
