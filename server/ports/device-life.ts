/** `put_back`: a paper of ours, newer than the copy that the database was put back to, says that it was revoked or moved. */
export const SUSPENSION_REASONS = ['lost', 'maintenance', 'put_back'] as const;
/** Those that a person may name. */
export const SAID_REASONS = ['lost', 'maintenance'] as const;
export type SuspensionReason = (typeof SUSPENSION_REASONS)[number];

/** A live binding whose certificates are on hold. */
export interface Suspension {
  readonly binding: string;
  readonly reason: SuspensionReason;
  readonly at: string;
  readonly by: string;
}

/** A device that replaced another one. */
export interface Succession {
  readonly binding: string;
  /** The replaced device's binding. */
  readonly predecessor: string;
  /** Position of the replaced device, from its registration; null if that names none. */
  readonly position: string | null;
  readonly at: string;
}

export interface DeviceLife {
  suspension(binding: string): Promise<Suspension | undefined>;
  suspend(suspension: Suspension): Promise<void>;
  resume(binding: string): Promise<void>;
  succession(binding: string): Promise<Succession | undefined>;
  succeed(succession: Succession): Promise<void>;
}
