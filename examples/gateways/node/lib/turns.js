'use strict';

const { log } = require('./log');

/** @typedef {'done' | 'failed' | 'interrupted'} Outcome */

/**
 * A turn: what is done about one event. It is asked to stop by the signal.
 *
 * @callback Turn
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */

/** Runs the turns: one after the other within a session key, side by side otherwise. */
class Turns {
  /** @type {Map<string, {running: AbortController, queue: {turn: Turn, interrupted: boolean}[]}>} */
  #sessions = new Map();
  #onEnd;
  #idle = [];

  /** @param {(key: string, outcome: Outcome) => void} onEnd */
  constructor(onEnd) {
    this.#onEnd = onEnd;
  }

  /**
   * Queues a turn to its session. Where the session has none it counts as running at once, so that an interrupt in the
   * very next frame finds it.
   *
   * @param {string} key
   * @param {Turn} turn
   * @param {boolean} [interrupted]  it was interrupted before it was queued, and only ends
   */
  add(key, turn, interrupted = false) {
    const item = { turn, interrupted };
    const session = this.#sessions.get(key);
    if (session) session.queue.push(item);
    else this.#run(key, [item]);
  }

  /** Cancels the turn that runs under the key, and no other. Nothing happens when none runs. */
  interrupt(key) {
    this.#sessions.get(key)?.running.abort();
  }

  /** Cancels the turns of all sessions and forgets those that wait. */
  stop() {
    for (const session of this.#sessions.values()) {
      session.queue.length = 0;
      session.running.abort();
    }
  }

  /**
   * Waits until no turn runs or waits.
   *
   * @param {number} wait milliseconds at most
   */
  async idle(wait) {
    if (this.#sessions.size === 0) return;
    await new Promise((resolve) => {
      const clock = setTimeout(resolve, Math.max(0, wait));
      this.#idle.push(() => {
        clearTimeout(clock);
        resolve();
      });
    });
  }

  async #run(key, queue) {
    const session = { running: new AbortController(), queue };
    this.#sessions.set(key, session);
    await null; // what follows the queueing, such as the acknowledgement, comes before the turn
    for (let item = queue.shift(); item; item = queue.shift()) {
      if (item.interrupted) session.running.abort();
      this.#onEnd(key, await outcomeOf(item.turn, session.running.signal));
      session.running = new AbortController();
    }
    this.#sessions.delete(key);
    if (this.#sessions.size === 0) this.#idle.splice(0).forEach((tell) => tell());
  }
}

/**
 * Runs one turn. An interrupted one ends at once, also when it waits for something that does not heed the signal.
 *
 * @returns {Promise<Outcome>}
 */
async function outcomeOf(turn, signal) {
  if (signal.aborted) return 'interrupted';
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  try {
    await Promise.race([turn(signal), aborted]);
    return signal.aborted ? 'interrupted' : 'done';
  } catch (error) {
    if (signal.aborted) return 'interrupted';
    log(`turn failed: ${error.message}`);
    return 'failed';
  }
}

module.exports = { Turns };
