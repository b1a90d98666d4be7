/**
 * A scan is felt within a tenth of a second: a short tone and, where the phone really does it, a buzz. The flash and the
 * words come from the next screen. Sound needs an earlier tap, which opening the scanner was.
 */
let audio: AudioContext | undefined;

export function announceScan(): void {
  // Chromium refuses a buzz before the first tap on a page, and complains on the console.
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(40);
  try {
    audio ??= new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    volume.gain.setValueAtTime(0.18, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.16);
    tone.frequency.value = 1180;
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.17);
  } catch {
    // No sound on this machine: the flash and the words remain.
  }
}
