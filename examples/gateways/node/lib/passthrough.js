'use strict';

const { required, own, isObject, optional, describe, BadFrame } = require('./fields');

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A request that the connector passed on (section 14).
 *
 * @typedef {object} Forward
 * @property {string} platform
 * @property {string} botId
 * @property {string} method
 * @property {string} path
 * @property {[string, string][]} headers  in their order, with duplicates
 * @property {Buffer} body                 exactly the bytes of the request's body
 */

/**
 * Reads the forward of a `passthrough_forward` frame.
 *
 * @param {object} frame
 * @returns {Forward}
 * @throws {BadFrame} when it is malformed
 */
function readForward(frame) {
  const raw = required(frame, 'forward', 'object');
  const headers = own(raw, 'headers');
  if (!Array.isArray(headers) || !headers.every(isHeader)) {
    throw new BadFrame(`headers is ${describe(headers)}, expected a list of pairs of name and value`);
  }
  return {
    platform: required(raw, 'platform', 'string'),
    botId: required(raw, 'botId', 'string'),
    method: required(raw, 'method', 'string'),
    path: required(raw, 'path', 'string'),
    headers,
    body: decodeBase64(required(raw, 'bodyB64', 'string')),
  };
}

/** Buffer.from() reads anything. Base64 with padding and without stray bits is what comes out again when it is encoded. */
function decodeBase64(text) {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new BadFrame('bodyB64 is no base64 with padding');
  return bytes;
}

function isHeader(pair) {
  return Array.isArray(pair) && pair.length === 2 && pair.every((item) => typeof item === 'string');
}

/**
 * The Discord interaction that a forward carries.
 *
 * @param {Forward} forward
 * @returns {object | null} null when it is no interaction
 */
function interactionOf(forward) {
  if (forward.platform !== 'discord') return null;
  try {
    const value = JSON.parse(decoder.decode(forward.body));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Makes an event, in the wire's shape, of an interaction. What the interaction lacks is empty.
 *
 * @param {object} interaction
 */
function interactionEvent(interaction) {
  const guild = optional(interaction, 'guild_id', 'string', '');
  const member = optional(interaction, 'member', 'object', {});
  const user = optional(member, 'user', 'object') ?? optional(interaction, 'user', 'object', {});
  const messageId = optional(interaction, 'id', 'string');
  const source = {
    platform: 'relay',
    chat_id: optional(interaction, 'channel_id', 'string', ''),
    chat_type: guild === '' ? 'dm' : 'channel',
    chat_name: null,
    user_id: optional(user, 'id', 'string'),
    user_name: optional(user, 'username', 'string'),
    thread_id: null,
    chat_topic: null,
  };
  if (guild !== '') source.guild_id = guild;
  if (messageId !== null) source.message_id = messageId;
  const event = { text: interactionText(interaction), message_type: 'text', source };
  if (messageId !== null) event.message_id = messageId;
  return event;
}

/** The name of a command (type 2), the custom id of a component (type 3), nothing of any other. */
function interactionText(interaction) {
  const data = optional(interaction, 'data', 'object', {});
  switch (own(interaction, 'type')) {
    case 2:
      return optional(data, 'name', 'string', '');
    case 3:
      return optional(data, 'custom_id', 'string', '');
    default:
      return '';
  }
}

module.exports = { readForward, interactionOf, interactionEvent };
