/* How long to wait before the next try. Does not wait by itself. */

export class Backoff {
  #tries = 0;

  /**
   * @param {object} limits
   * @param {number} limits.first milliseconds before the second try
   * @param {number} limits.longest the longest wait in milliseconds, jitter included
   */
  constructor({ first, longest }) {
    this.first = first;
    this.longest = longest;
  }

  get tries() {
    return this.#tries;
  }

  /** Count one failed try; the wait doubles and is drawn from its upper half, so that pages do not return together. */
  next() {
    const whole = Math.min(this.longest, this.first * 2 ** Math.min(this.#tries, 16));
    this.#tries += 1;
    return whole * (0.5 + Math.random() / 2);
  }

  reset() {
    this.#tries = 0;
  }
}
