/** Multiplication in the dihedral group of order ten, and the permutation of one place (J. Verhoeff, 1969). */
const times = (a: number, b: number): number => {
  if (a < 5) return b < 5 ? (a + b) % 5 : ((a + b) % 5) + 5;
  return b < 5 ? ((a - b + 5) % 5) + 5 : (a - b + 5) % 5;
};
const PERMUTED = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4] as const;

/** True if the last digit is the Verhoeff check digit of the others. */
export function verhoeffValid(digits: string): boolean {
  if (!/^[0-9]{2,}$/.test(digits)) return false;
  let check = 0;
  for (let place = 0; place < digits.length; place++) {
    let digit = digits.charCodeAt(digits.length - 1 - place) - 48;
    for (let turn = place % 8; turn > 0; turn--) digit = PERMUTED[digit] ?? 0;
    check = times(check, digit);
  }
  return check === 0;
}
