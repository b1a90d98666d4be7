export const SUSPENSION_REASONS = ['lost', 'maintenance'] as const;
export type SuspensionReason = (typeof SUSPENSION_REASONS)[number];

/** A live binding whose certificates are on hold. */
export interface Suspension {
  readonly binding: string;
  readonly reason: SuspensionReason;
  readonly at: string;
  readonly by: string;
}

/** A device that took an old one's place. */
export interface Succession {
  readonly binding: string;
  /** The old one's binding. */
  readonly predecessor: string;
  /** Where the old one stood, as its registration said; null if it did not say. */
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
