/** Keeps secrets in the database so that a copy of it alone shows none of them. */
export interface Sealer {
  /** `purpose` is bound to what is sealed: it is opened for no other. Text that is sealed twice looks different each time. */
  seal(text: string, purpose: string): string;
  /** Undefined if it was sealed by another key, for another purpose, or not at all. */
  open(sealed: string, purpose: string): string | undefined;
}
