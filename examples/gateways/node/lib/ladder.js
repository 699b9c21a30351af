'use strict';

/** The part of a rung by which a wait can differ from it. Less than the contract's quarter: a timer is late, too. */
const JITTER = 0.2;

/** The waits before redials (section 17): base, twice of it, and so on up to the cap, until a session proves good. */
class Ladder {
  #base;
  #cap;
  #random;
  #rung = 0;

  /**
   * @param {number} base milliseconds
   * @param {number} cap  milliseconds
   * @param {() => number} random from 0 up to 1
   */
  constructor(base, cap, random = Math.random) {
    this.#base = base;
    this.#cap = cap;
    this.#random = random;
  }

  /** The wait before the next redial, in milliseconds. */
  next() {
    const wait = Math.min(this.#cap, this.#base * 2 ** this.#rung);
    if (wait < this.#cap) this.#rung += 1;
    return wait * (1 + JITTER * (2 * this.#random() - 1));
  }

  /** Begins again at the first rung. */
  reset() {
    this.#rung = 0;
  }
}

module.exports = { Ladder };
