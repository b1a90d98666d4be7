/** The person who was signed in when a phone reported lost storage: a report by the key's own operator replaces a colleague's. */
export const LOSS_REPORTERS = ['alter table phone_losses add column reporter text'] as const;
