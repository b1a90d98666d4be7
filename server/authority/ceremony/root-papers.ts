import { isRootFile, openRootFile } from '../keys/root-file.ts';

/** Whether a file that was given to be brought in is a root file. */
export { isRootFile };

/** Throws VaultError unless this text can be opened by this passphrase: what cannot be must not leave its machine. */
export function checkRootFile(text: string, passphrase: string): void {
  openRootFile(text, passphrase);
}
