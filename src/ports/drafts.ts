/** Under which name the half-done registrations are kept. */
export const INSTALL_DRAFT = 'install';
/** Where each person put the last device. */
export const LAST_PLACE = 'last-place';

/** Half-done work that survives a restart. Rejects with StorageError only. */
export interface Drafts {
  load(id: string): Promise<unknown>;
  save(id: string, content: unknown): Promise<void>;
  drop(id: string): Promise<void>;
}
