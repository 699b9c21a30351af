'use strict';

const WebSocket = require('ws');

const { PromptSocket } = require('./prompt-socket');
const { answer } = require('./json-rpc');
const { log } = require('./log');

/** The waits between dials of the driver, in milliseconds: it is on this machine, and dialing it costs nothing. */
const REDIAL = 500;

/** How long the upgrade may take. */
const UPGRADE_WAIT = 5000;

/** How long the closing handshake may take. */
const CLOSE_WAIT = 1000;

/**
 * The driver's channel: JSON-RPC 2.0, one message in one text message. It is dialed again when it drops. What is to be
 * told while it is down is not told.
 */
class DriverChannel {
  #url;
  #ready;
  #methods = {};
  /** @type {PromptSocket | null} */
  #socket = null;
  #closing = false;
  #clock;
  #onOpen = () => {};

  /**
   * @param {string} url
   * @param {{name: string, version: string}} ready  who says that it is ready
   */
  constructor(url, ready) {
    this.#url = url;
    this.#ready = ready;
  }

  /** @param {Record<string, (params: object) => any>} methods  what the driver can call */
  serve(methods) {
    this.#methods = methods;
  }

  /**
   * Dials, and goes on dialing.
   *
   * @param {number} wait milliseconds
   * @returns {Promise<void>} settled when the channel is open, or after the wait
   */
  open(wait) {
    return new Promise((resolve) => {
      const clock = setTimeout(() => {
        log('driver: not there, going on without it');
        resolve();
      }, wait);
      this.#onOpen = () => {
        clearTimeout(clock);
        resolve();
      };
      this.#dial();
    });
  }

  /** Tells the driver something, if it is there. */
  notify(method, params) {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  /** Closes the channel in order. */
  async close() {
    this.#closing = true;
    clearTimeout(this.#clock);
    const socket = this.#socket;
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.lingerMs = CLOSE_WAIT;
    socket.close(1000);
    await closed;
  }

  #dial() {
    try {
      this.#socket = new PromptSocket(this.#url, { handshakeTimeout: UPGRADE_WAIT, perMessageDeflate: false });
    } catch {
      log('driver: RELAY_DRIVER_URL is no WebSocket URL'); // the URL itself is a secret
      return;
    }
    const socket = this.#socket;
    socket.on('open', () => {
      this.notify('driver/ready', this.#ready);
      this.#onOpen();
    });
    socket.on('message', async (text) => {
      const response = await answer(text.toString(), this.#methods);
      if (response !== null) this.#send(response, socket);
    });
    socket.on('error', (error) => log(`driver: ${error.code ?? error.name}`));
    socket.on('close', () => {
      if (!this.#closing) this.#clock = setTimeout(() => this.#dial(), REDIAL);
    });
  }

  #send(message, socket = this.#socket) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message), () => {});
  }
}

module.exports = { DriverChannel };
