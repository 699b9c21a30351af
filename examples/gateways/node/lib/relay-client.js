'use strict';

const { RelaySession } = require('./relay-session');
const { Ladder } = require('./ladder');
const { log } = require('./log');

/** The close code of a refused or revoked credential. */
const UNAUTHORIZED = 4401;

/**
 * The state of the relay, as it is reported.
 *
 * @typedef {object} Status
 * @property {'connecting' | 'connected' | 'reconnecting' | 'disabled' | 'stopped'} state
 * @property {string} [code]
 * @property {number} [close_code]
 * @property {boolean} [retryable]
 * @property {string} [message]
 *
 * @typedef {object} ClientOptions
 * @property {string} url
 * @property {() => string | null} mintToken  called for every dial
 * @property {object} hello
 * @property {import('./settings').Waits} waits
 * @property {(frame: object, session: RelaySession) => void} onFrame
 * @property {(session: RelaySession) => void} onSessionEnd
 * @property {(status: Status) => void} onStatus
 */

/**
 * Holds on to the connector: one dial at a time, a ladder of waits between them, and an end only on a shutdown or when
 * the credential is revoked (section 17).
 */
class RelayClient {
  /** @type {RelaySession | null} the newest session */
  #session = null;
  #options;
  #ladder;
  #handshakeSucceeded = false;
  #revoked = false;
  #stopping = false;
  #wakeUp = () => {};

  /** @param {ClientOptions} options */
  constructor(options) {
    this.#options = options;
    this.#ladder = new Ladder(options.waits.redialBase, options.waits.redialCap);
  }

  /** The session with a handshake in force, or null. */
  get session() {
    return this.#session?.ready ? this.#session : null;
  }

  /** Dials, and dials again after whatever ends a session. Settled when it dials no more. */
  async run() {
    this.#options.onStatus({ state: 'connecting' });
    while (!this.#stopping) {
      const session = this.#dial();
      const end = await session.ended;
      this.#options.onSessionEnd(session);
      if (this.#stopping || this.#revoked) return;
      if (session.used) this.#ladder.reset();
      await this.#pause(end);
      session.terminate(); // whatever is left of it: the next dial is the only socket
      if (this.#revoked) return;
    }
  }

  /** Dials no more, and gives up a dial or handshake that is under way. A session in force stays open. */
  stop() {
    this.#stopping = true;
    if (this.session === null) this.#session?.terminate();
    this.#wakeUp();
  }

  #dial() {
    const { url, mintToken, hello, waits, onFrame } = this.#options;
    this.#session = new RelaySession({
      url,
      token: mintToken(),
      hello,
      waits,
      onFrame,
      onReady: (session) => this.#ready(session),
      onClose: (code) => this.#closed(code),
    });
    return this.#session;
  }

  #ready(session) {
    this.#handshakeSucceeded = true;
    log(`relay: connected, descriptor for ${JSON.stringify(session.capabilities.platform)}`);
    this.#options.onStatus({ state: 'connected' });
  }

  /** A 4401 after any successful handshake of the process is a revocation, even while the next dial is waited for. */
  #closed(code) {
    if (code !== UNAUTHORIZED || !this.#handshakeSucceeded || this.#stopping || this.#revoked) return;
    this.#revoked = true;
    log('relay: relay_disabled (fatal, not retryable): the connector closed with 4401, the credential was revoked');
    this.#options.onStatus({
      state: 'disabled',
      code: 'relay_disabled',
      close_code: UNAUTHORIZED,
      retryable: false,
      message: 'the connector revoked the credential of this gateway',
    });
    this.#wakeUp();
  }

  async #pause(end) {
    const wait = this.#ladder.next();
    log(`relay: ${end.why}; dialing again in ${(wait / 1000).toFixed(2)} s`);
    const status = { state: 'reconnecting', code: 'relay_lost', retryable: true, message: end.why };
    if (end.code !== null) status.close_code = end.code;
    this.#options.onStatus(status);
    await new Promise((resolve) => {
      const clock = setTimeout(resolve, wait);
      this.#wakeUp = () => {
        clearTimeout(clock);
        resolve();
      };
    });
  }
}

module.exports = { RelayClient };
