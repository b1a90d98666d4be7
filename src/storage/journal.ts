import type { Journal, JournalEntry } from '../ports/keeping.ts';

const FOLDER = 'outbox';

/**
 * A second copy of what was not sent yet, a file for each record in the origin's private file system. The browser clears
 * it together with the database, but it survives a database that no longer opens or lost rows in an upgrade.
 */
export class OpfsJournal implements Journal {
  readonly #folder: FileSystemDirectoryHandle;

  private constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  /** Undefined where this browser has no such file system, or none that can be written from here. */
  static async open(name = FOLDER): Promise<OpfsJournal | undefined> {
    try {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle(name, { create: true });
      return 'createWritable' in FileSystemFileHandle.prototype ? new OpfsJournal(folder) : undefined;
    } catch {
      return undefined; // private mode, or a browser without it: one copy then
    }
  }

  async keep(entry: JournalEntry): Promise<void> {
    const file = await this.#folder.getFileHandle(entry.row.id, { create: true });
    // What is written takes the file's place when it is closed, whole or not at all.
    const writing = await file.createWritable();
    await writing.write(JSON.stringify(entry));
    await writing.close();
  }

  /** Whole ones only: a file is there, and empty, from when it is made until what was written takes its place. */
  async ids(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    for await (const [name, entry] of this.#folder.entries()) {
      if (entry.kind !== 'file' || name.endsWith('.crswap')) continue;
      const { size } = await (entry as FileSystemFileHandle).getFile().catch(() => ({ size: 0 }));
      if (size > 0) ids.add(name);
    }
    return ids;
  }

  async read(id: string): Promise<JournalEntry | undefined> {
    try {
      const file = await (await this.#folder.getFileHandle(id)).getFile();
      const entry = JSON.parse(await file.text()) as Partial<JournalEntry>;
      const whole = typeof entry.jws === 'string' && entry.row?.id === id;
      return whole ? (entry as JournalEntry) : undefined;
    } catch {
      return undefined;
    }
  }

  async forget(id: string): Promise<void> {
    await this.#folder.removeEntry(id).catch(() => undefined);
  }
}
