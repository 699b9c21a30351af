'use strict';

const { checkParams, RpcError, CODES } = require('./json-rpc');
const { textLength } = require('./message-parts');
const { readSource } = require('./event');
const { sessionKey } = require('./session-key');
const { BadFrame } = require('./fields');

const MODES = ['echo', 'silent', 'fail', 'hold'];

/**
 * What a driver can ask of the gateway. Results are what the gateway tells its own callers.
 *
 * @param {import('./gateway').Gateway} gateway
 * @param {import('./settings').Settings} settings
 * @param {() => void} exit  closes the channel and ends the process, after a shutdown
 * @returns {Record<string, (params: object) => any>}
 */
function driverMethods(gateway, settings, exit) {
  const { actions, handler } = gateway;
  return {
    'gateway/send': (params) => {
      checkParams(params, { chat_id: 'string', content: 'string', reply_to: 'string?', metadata: 'object?' });
      return actions.send(params);
    },
    'gateway/edit': (params) => {
      checkParams(params, { chat_id: 'string', message_id: 'string', content: 'string', metadata: 'object?' });
      return actions.edit(params);
    },
    'gateway/typing': (params) => {
      checkParams(params, { chat_id: 'string', content: 'string?', metadata: 'object?' });
      return actions.typing(params);
    },
    'gateway/follow_up': (params) => {
      checkParams(params, { session_key: 'string', kind: 'string', content: 'string', metadata: 'object?' });
      return actions.followUp(params);
    },
    'gateway/chat_info': (params) => {
      checkParams(params, { chat_id: 'string' });
      return actions.chatInfo(params);
    },
    'gateway/interrupt': (params) => {
      checkParams(params, { session_key: 'string', reason: 'string?' });
      return gateway.interrupt(params);
    },
    'gateway/shutdown': async (params) => {
      checkParams(params, {});
      await gateway.shutdown();
      setImmediate(exit); // after the answer
      return {};
    },
    'gateway/status': (params) => {
      checkParams(params, {});
      return gateway.status ?? { state: 'stopped' }; // the relay is off, or is not dialed yet
    },
    'gateway/capabilities': (params) => {
      checkParams(params, { chat_id: 'string?', text: 'string?' });
      return capabilities(gateway.capabilities, params.text ?? null);
    },
    'gateway/session_key': (params) => {
      checkParams(params, { source: 'object' });
      return { session_key: keyOf(params.source, settings.keys) };
    },
    'handler/set': (params) => {
      checkParams(params, { mode: 'string', at: 'string?' });
      setHandler(handler, params.mode, params.at ?? 'turn');
      return {};
    },
    'handler/release': (params) => {
      checkParams(params, {});
      handler.release();
      return {};
    },
  };
}

/** @param {import('./descriptor').Capabilities | null} inForce */
function capabilities(inForce, text) {
  if (inForce === null) throw new Error('no descriptor is in force');
  const result = {
    max_message_length: inForce.maxMessageLength,
    len_unit: inForce.lenUnit,
    platform: inForce.platform,
    label: inForce.label,
    supports_draft_streaming: inForce.supportsDraftStreaming,
    supports_edit: inForce.supportsEdit,
    supports_threads: inForce.supportsThreads,
    markdown_dialect: inForce.markdownDialect,
    code_blocks: inForce.supportsCodeBlocks,
    emoji: inForce.emoji,
    platform_hint: inForce.platformHint,
    pii_safe: inForce.piiSafe,
  };
  if (text !== null) result.message_length = textLength(text, inForce.lenUnit);
  return result;
}

/** The session key of a source, which here can leave out everything, its chat too. */
function keyOf(source, keys) {
  try {
    return sessionKey(readSource({ ...source, chat_id: source.chat_id ?? '' }), keys);
  } catch (error) {
    if (error instanceof BadFrame) throw new RpcError(CODES.params, `source: ${error.message}`);
    throw error;
  }
}

function setHandler(handler, mode, step) {
  if (!MODES.includes(mode)) throw new RpcError(CODES.params, `mode is none of ${MODES.join(', ')}`);
  if (step !== 'accept' && step !== 'turn') throw new RpcError(CODES.params, 'at is neither accept nor turn');
  if (step === 'accept' && (mode === 'echo' || mode === 'silent')) {
    throw new RpcError(CODES.params, `${mode} is for the turn: the accept step can only fail or hold`);
  }
  handler.set(mode, step);
}

module.exports = { driverMethods };
