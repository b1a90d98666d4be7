import type { Handle, PKCS11 } from 'pkcs11js';
import { VaultError } from '../../ports/signer.ts';
import { asVaultError, codeOf, guarded } from './token-errors.ts';

type Module = typeof import('pkcs11js');

export interface TokenOptions {
  /** Path of the PKCS#11 library. */
  readonly module: string;
  /** Label of the token. */
  readonly token: string;
  readonly pin: string;
}

/** Most concurrent sessions: more than libuv has threads gain nothing. */
const MOST_SESSIONS = 4;
/** After these errors the login is lost; the next call logs in anew (PKCS#11 2.40, section 5.1.2 ff.). */
const LOST: readonly string[] = [
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_DEVICE_REMOVED',
  'CKR_DEVICE_ERROR',
  'CKR_TOKEN_NOT_PRESENT',
];

/** A PKCS#11 token that this process is logged in to. */
export interface Token {
  readonly lib: PKCS11;
  readonly constants: Module;
  /** Grows whenever the login was lost, which makes object handles invalid. */
  epoch(): number;
  /** Runs work in a session of its own. An error of the token becomes a VaultError with its code and nothing else. */
  use<T>(work: (session: Handle) => T | Promise<T>): Promise<T>;
  close(): void;
}

/** Logs in once. A token locks itself after a few wrong PINs, so a PIN that was refused is never tried again. */
export function openToken(options: TokenOptions, constants: Module): Token {
  const lib = new constants.PKCS11();
  try {
    lib.load(options.module);
  } catch {
    throw new VaultError(
      `FIELDBIND_PKCS11_MODULE is ${options.module}, which cannot be loaded as a PKCS#11 library`,
    );
  }
  guarded(() => lib.C_Initialize({ flags: constants.CKF_OS_LOCKING_OK }));
  let idle: Handle[] = [];
  let open = 0;
  let epoch = 0;
  let signedIn: Handle | undefined;
  let refused: VaultError | undefined;
  const waiting: (() => void)[] = [];

  function session(): Handle {
    if (refused !== undefined) throw refused;
    const slot = slotOf(lib, options);
    const flags = constants.CKF_SERIAL_SESSION | constants.CKF_RW_SESSION;
    if (signedIn === undefined) {
      const first = guarded(() => lib.C_OpenSession(slot, flags));
      try {
        guarded(() => signIn(lib, first, constants.CKU_USER, options.pin));
      } catch (error) {
        closed(first);
        if (error instanceof VaultError && error.message.includes('PIN')) refused = error;
        throw error;
      }
      // This session stays open: closing an application's last session logs it out.
      signedIn = first;
    }
    return guarded(() => lib.C_OpenSession(slot, flags));
  }

  function closed(handle: Handle): void {
    try {
      lib.C_CloseSession(handle);
    } catch {
      // The session is closed already.
    }
  }

  function forget(): void {
    epoch++;
    idle = [];
    signedIn = undefined;
  }

  return {
    lib,
    constants,
    epoch: () => epoch,
    async use(work) {
      while (open >= MOST_SESSIONS) await new Promise<void>((resolve) => waiting.push(resolve));
      open++;
      const began = epoch;
      let mine: Handle | undefined;
      try {
        mine = idle.pop() ?? session();
        const result = await work(mine);
        if (began === epoch) idle.push(mine);
        return result;
      } catch (error) {
        if (began === epoch && LOST.includes(codeOf(error))) forget();
        // The session is not reused, since an operation may still be active in it.
        else if (mine !== undefined) closed(mine);
        throw asVaultError(error);
      } finally {
        open--;
        waiting.shift()?.();
      }
    },
    close() {
      lib.C_Finalize();
      lib.close();
    },
  };
}

function signIn(lib: PKCS11, session: Handle, user: number, pin: string): void {
  try {
    lib.C_Login(session, user, pin);
  } catch (error) {
    // This happens if only one session was lost: the login belongs to the whole process.
    if (codeOf(error) !== 'CKR_USER_ALREADY_LOGGED_IN') throw error;
  }
}

function slotOf(lib: PKCS11, options: TokenOptions): Handle {
  const found = guarded(() =>
    lib.C_GetSlotList(true).map((slot) => ({ slot, label: lib.C_GetTokenInfo(slot).label.trimEnd() })),
  );
  const fitting = found.filter(({ label }) => label === options.token);
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only.slot;
  const names = found.map(({ label }) => label).filter((label) => label !== '');
  throw new VaultError(
    only === undefined
      ? `FIELDBIND_PKCS11_TOKEN is ${options.token}, but there is ${names.length === 0 ? 'no token' : `only ${names.join(', ')}`}`
      : `two tokens are called ${options.token}`,
  );
}
