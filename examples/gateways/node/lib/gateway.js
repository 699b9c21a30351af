'use strict';

const { Actions } = require('./actions');
const { Handler } = require('./handler');
const { Inbox } = require('./inbox');
const { PendingResults, failure } = require('./pending-results');
const { RelayClient } = require('./relay-client');
const { ScopeMemory } = require('./scope-memory');
const { SeenEvents } = require('./seen-events');
const { TokenMint } = require('./token');
const { Turns } = require('./turns');
const { dialUrl } = require('./urls');
const { obtainCredentials, declarePolicy } = require('./http-routes');
const { log } = require('./log');

/** @typedef {import('./relay-client').Status} Status */

/** The gateway: an agent that echoes, and its way to the connector. */
class Gateway {
  /** @type {Status | null} the last one that was reported */
  status = null;

  #settings;
  #notify;
  #scopes = new ScopeMemory();
  #mint = new TokenMint();
  #pending;
  #turns;
  #inbox;
  /** @type {RelayClient | null} */
  #client = null;
  #idleAck = () => {};
  #stopping = null;

  /**
   * @param {import('./settings').Settings} settings
   * @param {(method: string, params: object) => void} notify  tells the driver, if there is one
   */
  constructor(settings, notify) {
    this.#settings = settings;
    this.#notify = notify;
    this.#pending = new PendingResults(settings.waits.result);
    const inForce = () => this.capabilities;
    this.actions = new Actions((action) => this.#pending.request(this.#session, action), inForce, this.#scopes);
    // With a driver the handler is silent until the driver says otherwise.
    this.handler = new Handler(settings.driverUrl === '' ? 'echo' : 'silent', (event, signal) => this.#echo(event, signal));
    this.#turns = new Turns((key, outcome) => notify('event/turn', { session_key: key, outcome }));
    this.#inbox = new Inbox({
      keys: settings.keys,
      scopes: this.#scopes,
      seen: new SeenEvents(),
      handler: this.handler,
      turns: this.#turns,
      notify,
    });
  }

  /** What the descriptor in force says, or null when the relay is not connected. */
  get capabilities() {
    return this.#session?.capabilities ?? null;
  }

  /** Gets the credentials, declares the policy and holds on to the connector. Without a base it does nothing. */
  async run() {
    if (this.#settings.base === '') {
      log('relay: off, as GATEWAY_RELAY_URL is not set');
      return;
    }
    const credentials = await obtainCredentials(this.#settings);
    const mintToken = () =>
      credentials.secret === '' ? null : this.#mint.mint(credentials.gatewayId, credentials.secret);
    await declarePolicy(this.#settings, mintToken());
    if (this.#stopping) return;
    this.#client = new RelayClient({
      url: dialUrl(this.#settings.base),
      mintToken,
      hello: { type: 'hello', platform: this.#settings.platform, botId: this.#settings.botId },
      waits: this.#settings.waits,
      onFrame: (frame, session) => this.#take(frame, session),
      onSessionEnd: (session) => {
        this.#pending.fail(session);
        this.#idleAck();
      },
      onStatus: (status) => this.#report(status),
    });
    await this.#client.run();
  }

  /**
   * Asks for the turn of a session to stop, wherever it runs.
   *
   * @param {{session_key: string, reason?: string | null}} fields
   * @returns {import('./actions').Result}
   */
  interrupt({ session_key, reason = null }) {
    const sent = this.#session?.send({ type: 'interrupt', session_key, reason });
    return sent ? { success: true } : failure('the relay is not connected');
  }

  /**
   * Drains: announces it, goes on serving until that is acknowledged, lets the running turns end, and closes. All of
   * it within the shutdown budget; what is not needed for the idle acknowledgement is for the closing.
   *
   * @returns {Promise<void>} the same for every call
   */
  shutdown() {
    this.#stopping ??= this.#drain();
    return this.#stopping;
  }

  async #drain() {
    const { idleAck, shutdown } = this.#settings.waits;
    const start = performance.now();
    const left = (bound) => Math.max(0, bound - (performance.now() - start));
    const servingEnds = Math.min(idleAck, shutdown);

    const session = this.#session;
    this.#client?.stop();
    if (session !== null) {
      log('relay: going idle');
      await this.#goIdle(session, servingEnds);
    }
    await this.#turns.idle(left(servingEnds));
    this.#turns.stop();
    await session?.close(1000, left(shutdown));
    this.#report({ state: 'stopped', code: 'relay_stopped', retryable: false });
  }

  /** Sends `going_idle` and waits for its acknowledgement, the end of the session, or the bound. */
  #goIdle(session, wait) {
    return new Promise((resolve) => {
      const clock = setTimeout(() => {
        log('relay: going_idle was not acknowledged in time');
        resolve();
      }, wait);
      this.#idleAck = () => {
        clearTimeout(clock);
        resolve();
      };
      session.send({ type: 'going_idle' });
    });
  }

  get #session() {
    return this.#client?.session ?? null;
  }

  /** A frame beyond the handshake. A type that is unknown, or that only a gateway sends, is ignored. */
  #take(frame, session) {
    switch (frame.type) {
      case 'inbound':
        this.#inbox.inbound(frame, session);
        break;
      case 'passthrough_forward':
        this.#inbox.passthrough(frame, session);
        break;
      case 'interrupt_inbound':
        this.#inbox.interrupt(frame);
        break;
      case 'outbound_result':
        this.#pending.take(frame);
        break;
      case 'going_idle_ack':
        this.#idleAck();
        break;
      default:
        break;
    }
  }

  async #echo(event, signal) {
    const { source, text, messageId } = event;
    const reply = { chat_id: source.chat_id, content: `echo: ${text}` };
    // The id of an interaction names no message that could be answered.
    if (messageId && !event.interaction) reply.reply_to = messageId;
    const result = await this.actions.send(reply, signal);
    if (!result.success && !signal.aborted) throw new Error(`the echo was not sent: ${JSON.stringify(result.error)}`);
  }

  /** Reports a status once for each change of the state. */
  #report(status) {
    if (this.status?.state === status.state) return;
    this.status = status;
    this.#notify('event/status', status);
  }
}

module.exports = { Gateway };
