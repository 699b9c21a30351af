'use strict';

/** How many buffered events are remembered. A drain repeats what was not acknowledged, which is the newest. */
const REMEMBERED = 10000;

/**
 * Knows the buffered events that were accepted, so that a repeat is acknowledged again and not handled again
 * (`inbound/repeat-once`). An event is known by its bufferId, and by its message id within its platform and chat.
 */
class SeenEvents {
  /** @type {Map<string, Promise<boolean>>} name to whether it was accepted; the oldest first */
  #names = new Map();

  /**
   * The acceptance of an earlier frame with the same event.
   *
   * @param {string} bufferId  not empty: an event that was not buffered is sent once, and is always new
   * @param {string[] | null} message  what names its message: platform, chat and message id; null for nothing
   * @returns {Promise<boolean> | undefined} undefined when the event is new
   */
  find(bufferId, message) {
    return names(bufferId, message).map((name) => this.#names.get(name)).find(Boolean);
  }

  /**
   * Remembers a buffered event from its receipt on. When it is not accepted after all, it is forgotten, and its repeat
   * is a new event.
   *
   * @param {string} bufferId  not empty
   * @param {string[] | null} message
   * @param {Promise<boolean>} accepted
   */
  remember(bufferId, message, accepted) {
    const own = names(bufferId, message);
    for (const name of own) {
      this.#names.delete(name); // so that it counts as the newest
      this.#names.set(name, accepted);
    }
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= 2 * REMEMBERED) break;
      this.#names.delete(oldest);
    }
    accepted.then((yes) => {
      if (!yes) for (const name of own) this.#names.delete(name);
    });
  }
}

function names(bufferId, message) {
  const found = [`buffer ${bufferId}`];
  if (message !== null) found.push(`message ${JSON.stringify(message)}`);
  return found;
}

module.exports = { SeenEvents };
