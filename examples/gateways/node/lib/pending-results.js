'use strict';

const crypto = require('node:crypto');

const { required } = require('./fields');

/** The requests that wait for their results (section 12). A caller never waits for ever. */
class PendingResults {
  /** @type {Map<string, {session: object, settle: (result: object) => void}>} */
  #waiting = new Map();
  #wait;

  /** @param {number} wait milliseconds until a request fails */
  constructor(wait) {
    this.#wait = wait;
  }

  /**
   * Sends an action and waits for its result.
   *
   * @param {import('./relay-session').RelaySession | null} session
   * @param {object} action
   * @returns {Promise<object>} the result as it came, or `success` false with an error
   */
  request(session, action) {
    const requestId = crypto.randomBytes(16).toString('hex');
    return new Promise((resolve) => {
      const clock = setTimeout(() => settle(failure('the connector did not answer in time')), this.#wait);
      const settle = (result) => {
        clearTimeout(clock);
        this.#waiting.delete(requestId);
        resolve(result);
      };
      this.#waiting.set(requestId, { session, settle });
      if (!session?.send({ type: 'outbound', requestId, action })) settle(failure('the relay is not connected'));
    });
  }

  /**
   * Takes an `outbound_result`. One that nobody waits for changes nothing.
   *
   * @throws {import('./fields').BadFrame}
   */
  take(frame) {
    const requestId = required(frame, 'requestId', 'string');
    const result = required(frame, 'result', 'object');
    this.#waiting.get(requestId)?.settle(result);
  }

  /** Fails everything that waits on a session that has ended. */
  fail(session) {
    for (const waiting of [...this.#waiting.values()]) {
      if (waiting.session === session) waiting.settle(failure('the connection ended before the result came'));
    }
  }
}

function failure(error) {
  return { success: false, error };
}

module.exports = { PendingResults, failure };
