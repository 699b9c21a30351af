'use strict';

/**
 * @typedef {'echo' | 'silent' | 'fail' | 'hold'} Mode  what the handler does about an event: it sends the text back,
 *   does nothing, fails, or waits until it is released
 * @typedef {'accept' | 'turn'} Step  where it does it: before the event is accepted, or in its turn
 */

/** What the agent does about an event. This one has no mind of its own: it echoes. */
class Handler {
  #echo;
  /** @type {Mode} */
  #mode;
  /** @type {Step} */
  #step = 'turn';
  /** @type {Set<{key: string, end: (interrupted: boolean) => void}>} what is held at the accept step */
  #held = new Set();
  /** @type {Set<() => void>} turns that are held */
  #heldTurns = new Set();

  /**
   * @param {Mode} mode
   * @param {(event: import('./event').Event, signal: AbortSignal) => Promise<void>} echo
   */
  constructor(mode, echo) {
    this.#mode = mode;
    this.#echo = echo;
  }

  /**
   * Sets what is done about the events to come. What is held stays held.
   *
   * @param {Mode} mode
   * @param {Step} step
   */
  set(mode, step) {
    this.#mode = mode;
    this.#step = step;
  }

  /** Lets everything go on that is held. */
  release() {
    for (const held of [...this.#held]) held.end(false);
    for (const end of [...this.#heldTurns]) end();
  }

  /** Ends what is held at the accept step of one session. Its held turn ends by its signal. */
  interrupt(key) {
    for (const held of [...this.#held]) if (held.key === key) held.end(true);
  }

  /**
   * The accept step.
   *
   * @param {string} key the session key
   * @returns {Promise<boolean> | null} whether it was interrupted; null when there is nothing to wait for
   * @throws {Error} when the event is not accepted
   */
  accept(key) {
    if (this.#step !== 'accept') return null;
    if (this.#mode === 'fail') throw new Error('the handler was told to fail');
    if (this.#mode !== 'hold') return null;
    return new Promise((resolve) => {
      const held = {
        key,
        end: (interrupted) => {
          this.#held.delete(held);
          resolve(interrupted);
        },
      };
      this.#held.add(held);
    });
  }

  /**
   * The turn, in the mode that is set now.
   *
   * @param {import('./event').Event} event
   * @returns {import('./turns').Turn}
   */
  turn(event) {
    const mode = this.#step === 'turn' ? this.#mode : 'silent';
    return async (signal) => {
      if (mode === 'fail') throw new Error('the handler was told to fail');
      if (mode === 'hold') await this.#hold(signal);
      if (mode === 'echo') await this.#echo(event, signal);
    };
  }

  #hold(signal) {
    return new Promise((resolve) => {
      const end = () => {
        this.#heldTurns.delete(end);
        resolve();
      };
      this.#heldTurns.add(end);
      signal.addEventListener('abort', end, { once: true });
    });
  }
}

module.exports = { Handler };
