/** Who was signed in when a phone said that it lost its storage: its own operator's word stands above a colleague's. */
export const LOSS_REPORTERS = ['alter table phone_losses add column reporter text'] as const;
