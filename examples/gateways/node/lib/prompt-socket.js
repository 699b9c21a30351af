'use strict';

const WebSocket = require('ws');

/**
 * How long a socket that is closing waits for the peer to end the connection, in milliseconds. ws itself waits 30 s,
 * which a redial would have to wait for too.
 */
const LINGER = 250;

/**
 * A WebSocket client that does not wait long for a peer that has sent its close frame and then leaves the connection
 * open. ws answers the peer's close frame by calling close(), which is where the clock starts.
 */
class PromptSocket extends WebSocket {
  #closing = false;

  close(...args) {
    super.close(...args);
    if (this.#closing) return;
    this.#closing = true;
    const clock = setTimeout(() => this.terminate(), this.lingerMs);
    this.once('close', () => clearTimeout(clock));
  }

  /** A socket that is closed in order, at the end of a shutdown, can be given longer. */
  lingerMs = LINGER;
}

module.exports = { PromptSocket, LINGER };
