'use strict';

const { PromptSocket } = require('./prompt-socket');
const { LineBuffer, encodeFrame, FRAME_LIMIT } = require('./line-buffer');
const { readDescriptor } = require('./descriptor');
const { BadFrame } = require('./fields');
const { log } = require('./log');

/**
 * How a session ended.
 *
 * @typedef {object} SessionEnd
 * @property {number | null} code  the close code; null when the gateway gave the socket up itself
 * @property {string} why          for people
 *
 * @typedef {object} SessionOptions
 * @property {string} url
 * @property {string | null} token  the upgrade token, or null for no header
 * @property {object} hello         the hello frame
 * @property {import('./settings').Waits} waits
 * @property {(session: RelaySession) => void} onReady  the handshake was successful
 * @property {(frame: object, session: RelaySession) => void} onFrame  a frame beyond the handshake
 * @property {(code: number) => void} onClose  the socket is closed, also when the session had ended before
 */

/** One socket, from its dial to its close: upgrade, hello, descriptor, frames. It is used once. */
class RelaySession {
  /** @type {import('./descriptor').Capabilities | null} null until the handshake is successful */
  capabilities = null;

  /** Whether a frame beyond the handshake has gone over this socket, in either direction. */
  used = false;

  /** @type {Promise<SessionEnd>} */
  ended;

  #options;
  #socket;
  #end;
  #over = false;
  #clock;

  /** @param {SessionOptions} options */
  constructor(options) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    try {
      this.#socket = this.#dial();
    } catch (error) {
      this.#finish(1006, `cannot dial: ${error.message}`); // the base makes no URL
    }
  }

  /** Whether the handshake is in force: frames can be sent. */
  get ready() {
    return this.capabilities !== null && !this.#over && this.#socket.readyState === PromptSocket.OPEN;
  }

  /**
   * Sends a frame beyond the handshake.
   *
   * @returns {boolean} false when the handshake is not in force
   */
  send(frame) {
    if (!this.ready) return false;
    this.used = true;
    this.#write(frame);
    return true;
  }

  /**
   * Closes the socket in order, and ends it when the peer has not answered within the wait.
   *
   * @param {number} code
   * @param {number} wait milliseconds
   * @returns {Promise<void>} settled when the socket is closed
   */
  async close(code, wait) {
    if (!this.#socket || this.#socket.readyState === PromptSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.lingerMs = wait;
    this.#socket.close(code);
    await closed;
  }

  /** Ends the socket at once. */
  terminate() {
    this.#socket?.terminate();
  }

  #dial() {
    const { url, token, waits, onClose } = this.#options;
    const socket = new PromptSocket(url, {
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
      handshakeTimeout: waits.upgrade,
      maxPayload: FRAME_LIMIT,
      perMessageDeflate: false,
      skipUTF8Validation: true, // a line that is no UTF-8 is skipped by itself, in a text message too
    });
    const lines = new LineBuffer((why) => log(`relay: skipped ${why}`));
    let failure = '';
    socket.on('open', () => this.#greet());
    socket.on('message', (payload) => {
      for (const frame of lines.push(payload)) this.#take(frame);
    });
    socket.on('error', (error) => {
      failure = error.message; // 'close' follows
    });
    socket.on('close', (code, reason) => {
      this.#finish(code, failure || `closed with ${code} ${JSON.stringify(reason.toString())}`);
      onClose(code);
    });
    return socket;
  }

  #greet() {
    this.#write(this.#options.hello);
    this.#clock = setTimeout(() => this.#giveUp('no descriptor came in time'), this.#options.waits.descriptor);
  }

  #take(frame) {
    if (this.#over || this.#socket.readyState !== PromptSocket.OPEN) return; // it could not be answered any more
    if (this.capabilities === null) {
      this.#awaitDescriptor(frame);
      return;
    }
    this.used = true;
    if (frame.type === 'descriptor') return; // the first one stays in force
    try {
      this.#options.onFrame(frame, this);
    } catch (error) {
      const what = error instanceof BadFrame ? 'a bad frame' : 'a frame that failed';
      log(`relay: skipped ${what} of type ${JSON.stringify(frame.type)}: ${error.message}`);
    }
  }

  /** Until the first descriptor nothing else is acted on, as acting means sending. */
  #awaitDescriptor(frame) {
    if (frame.type !== 'descriptor') {
      log(`relay: skipped a frame of type ${JSON.stringify(frame.type)} before the descriptor`);
      return;
    }
    try {
      this.capabilities = readDescriptor(frame);
    } catch (error) {
      this.#giveUp(`unreadable descriptor: ${error.message}`);
      return;
    }
    clearTimeout(this.#clock);
    this.#options.onReady(this);
  }

  #giveUp(why) {
    this.#socket.close(1002, 'handshake failed');
    this.#finish(null, why);
  }

  #finish(code, why) {
    clearTimeout(this.#clock);
    this.#over = true;
    this.#end({ code, why });
  }

  #write(frame) {
    this.#socket.send(encodeFrame(frame), () => {}); // a write that fails ends the socket, which is heard of there
  }
}

module.exports = { RelaySession };
