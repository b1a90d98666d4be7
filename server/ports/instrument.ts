/**
 * Called with the name of each durable step after it. Empty in production; tests end the process in it to see what a
 * restart does.
 */
export type StepListener = (step: 'received' | 'intended' | 'signed' | 'issued' | 'told') => void;
