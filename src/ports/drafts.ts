/** Under which name the half-done registration is kept. */
export const INSTALL_DRAFT = 'install';

/** Half-done work that survives a restart. Rejects with StorageError only. */
export interface Drafts {
  load(id: string): Promise<unknown>;
  save(id: string, content: unknown): Promise<void>;
  drop(id: string): Promise<void>;
}
