/** Ends the verification at the first fault. */
export class Fault extends Error {
  readonly where: string;
  constructor(where: string, why: string) {
    super(why);
    this.where = where;
  }
}
