/** How long "Undo" is offered. The backend takes a void for as long as nothing was installed. */
export const UNDO_MS = 10_000;
