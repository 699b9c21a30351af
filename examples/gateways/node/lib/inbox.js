'use strict';

const { required, optional } = require('./fields');
const { readEvent } = require('./event');
const { readForward, interactionOf, interactionEvent } = require('./passthrough');
const { sessionKey } = require('./session-key');
const { log } = require('./log');

/**
 * @typedef {object} InboxOptions
 * @property {import('./session-key').KeySettings} keys
 * @property {import('./scope-memory').ScopeMemory} scopes
 * @property {import('./seen-events').SeenEvents} seen
 * @property {import('./handler').Handler} handler
 * @property {import('./turns').Turns} turns
 * @property {(method: string, params: object) => void} notify  tells the driver, if there is one
 */

/** Takes what the connector delivers: events, forwarded requests and interrupts. */
class Inbox {
  #options;

  /** @param {InboxOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * Takes an `inbound` frame.
   *
   * @param {object} frame
   * @param {import('./relay-session').RelaySession} session  where its acknowledgement goes
   * @throws {import('./fields').BadFrame}
   */
  inbound(frame, session) {
    const event = readEvent(frame);
    const key = sessionKey(event.source, this.#options.keys);
    this.#deliver(frame, session, event, key, () => {
      this.#options.notify('event/inbound', { event: event.raw, session_key: key });
    });
  }

  /**
   * Takes a `passthrough_forward` frame. One that is no interaction starts no turn; it is acknowledged, as there is
   * nothing more that could become of it.
   *
   * @param {object} frame
   * @param {import('./relay-session').RelaySession} session
   * @throws {import('./fields').BadFrame}
   */
  passthrough(frame, session) {
    const interaction = interactionOf(readForward(frame));
    if (interaction === null) {
      log('relay: a forward that is no interaction was dropped');
      this.#options.notify('event/passthrough', { forward: frame.forward });
      acknowledge(session, bufferIdOf(frame));
      return;
    }
    const raw = interactionEvent(interaction);
    const event = { ...readEvent({ event: raw }), interaction: true };
    const key = sessionKey(event.source, this.#options.keys);
    this.#deliver(frame, session, event, key, () => {
      this.#options.notify('event/passthrough', { forward: frame.forward, event: raw, session_key: key });
    });
  }

  /**
   * Takes an `interrupt_inbound` frame: the turn of its session stops.
   *
   * @throws {import('./fields').BadFrame}
   */
  interrupt(frame) {
    const key = required(frame, 'session_key', 'string');
    const chatId = required(frame, 'chat_id', 'string');
    this.#options.notify('event/interrupt', { session_key: key, chat_id: chatId });
    this.#options.handler.interrupt(key);
    this.#options.turns.interrupt(key);
  }

  /** Handles an event once, however often it is sent, and acknowledges it each time. */
  #deliver(frame, session, event, key, tell) {
    const { seen, scopes } = this.#options;
    const bufferId = bufferIdOf(frame);
    const message = messageName(event);
    const earlier = bufferId === '' ? undefined : seen.find(bufferId, message);
    if (earlier) {
      earlier.then((accepted) => accepted && acknowledge(session, bufferId));
      return;
    }
    scopes.learn(event.source); // not of a repeat, which can be older than what came since
    tell();
    const accepted = this.#accept(event, key, () => acknowledge(session, bufferId));
    if (bufferId !== '') seen.remember(bufferId, message, accepted);
  }

  /**
   * Accepts an event: queues its turn, and then has it acknowledged. Without a held accept step all of this happens
   * before the next frame is looked at.
   *
   * @returns {Promise<boolean>} whether it was accepted
   */
  async #accept(event, key, acknowledgeIt) {
    const { handler, turns } = this.#options;
    let interrupted = false;
    try {
      const held = handler.accept(key);
      if (held !== null) interrupted = await held;
    } catch (error) {
      log(`an event was not accepted: ${error.message}`);
      return false;
    }
    turns.add(key, handler.turn(event), interrupted);
    acknowledgeIt();
    return true;
  }
}

/** The `bufferId` of a frame; empty when there is none to be acknowledged. */
function bufferIdOf(frame) {
  return optional(frame, 'bufferId', 'string', '');
}

function acknowledge(session, bufferId) {
  if (bufferId !== '') session.send({ type: 'inbound_ack', bufferId });
}

/** What names the message of an event: an id means something within its platform and chat only. */
function messageName(event) {
  if (!event.messageId) return null;
  return [event.interaction ? 'interaction' : event.sentPlatform, event.source.chat_id, event.messageId];
}

module.exports = { Inbox };
