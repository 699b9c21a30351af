'use strict';

/**
 * Answers the project's vectors with this gateway's own code, so that they are held against what runs:
 *
 *     fakeconnector vectors run --command 'node examples/gateways/node/test/vectors-port.js'
 *
 * A question about a later revision, or about what only a connector does, is not supported.
 */

const readline = require('node:readline');

const { Actions } = require('../lib/actions');
const { readDescriptor } = require('../lib/descriptor');
const { readEvent, readSource } = require('../lib/event');
const { provisionBody, enrollBody, policyBody, readCredentials } = require('../lib/http-routes');
const { Ladder } = require('../lib/ladder');
const { textLength } = require('../lib/message-parts');
const { readForward, interactionOf, interactionEvent } = require('../lib/passthrough');
const { ScopeMemory } = require('../lib/scope-memory');
const { sessionKey } = require('../lib/session-key');
const { readPolicy, readSettings } = require('../lib/settings');
const { signToken, TokenMint, TOKEN_LIFE } = require('../lib/token');
const { dialUrl, routeUrl } = require('../lib/urls');
const { BadFrame } = require('../lib/fields');

/** A refusal with the code that the vectors have for it. */
class Refusal extends Error {}

/** Members of a descriptor that a baseline gateway does not know. */
const LATER = ['supported_ops', 'supports_context'];

const configured = (base) => readSettings({ GATEWAY_RELAY_URL: base }).base;

const ops = {
  'url/configured': ({ base }) => configured(base),
  'url/dial': ({ base }) => dialUrl(base),
  'url/http-base': ({ base }) => routeUrl(base, ''),
  'url/route': ({ base, route }) => routeUrl(base, route),
  'token/mint': ({ payload, secret, exp }, now) => signToken(payload, exp ?? now + TOKEN_LIFE, secret),
  'hello/open': ({ base, bot_id, gateway_id, platform, secret }, now) => {
    const settings = readSettings({
      GATEWAY_RELAY_URL: base,
      GATEWAY_RELAY_ID: gateway_id,
      GATEWAY_RELAY_SECRET: secret ?? '',
      GATEWAY_RELAY_PLATFORM: platform,
      GATEWAY_RELAY_BOT_ID: bot_id,
    });
    const mint = new TokenMint(() => now * 1000);
    return {
      url: dialUrl(settings.base),
      bearer: settings.secret === '' ? null : mint.mint(settings.gatewayId, settings.secret),
      frames: [{ type: 'hello', platform: settings.platform, botId: settings.botId }],
    };
  },
  'descriptor/parse': ({ json }) => {
    const descriptor = parse(json, 'not-json');
    if (LATER.some((name) => Object.hasOwn(Object(descriptor), name))) return undefined;
    if (descriptor === null) throw new Refusal('mistyped-field'); // in a frame, null is absence
    const inForce = readDescriptor({ descriptor });
    return {
      code_blocks: inForce.supportsCodeBlocks,
      contract_version: inForce.contractVersion,
      emoji: inForce.emoji,
      label: inForce.label,
      len_unit: inForce.lenUnit,
      markdown_dialect: inForce.markdownDialect,
      max_message_length: inForce.maxMessageLength,
      ops: ['edit', 'follow_up', 'send', 'typing'],
      pii_safe: inForce.piiSafe,
      platform: inForce.platform,
      platform_hint: inForce.platformHint,
      supports_context: false,
      supports_draft_streaming: inForce.supportsDraftStreaming,
      supports_edit: inForce.supportsEdit,
      supports_threads: inForce.supportsThreads,
    };
  },
  'text/length': ({ text, unit }) => textLength(text, unit),
  'event/read': ({ event }) => {
    const read = refused(() => readEvent({ event }), 'unmappable');
    const { source } = read;
    return {
      author: source.user_name,
      chat_id: source.chat_id,
      chat_type: source.chat_type,
      media_urls: read.mediaUrls,
      message_id: read.messageId,
      message_type: read.messageType,
      platform: source.platform,
      reply_to_message_id: read.replyToMessageId,
      scope: source.guild_id,
      text: read.text,
      thread_id: source.thread_id,
      user_id: source.user_id,
    };
  },
  'session-key/key': ({ source, profile, group_sessions_per_user, thread_sessions_per_user }) =>
    sessionKey(readSource({ ...source, chat_id: source.chat_id ?? '' }), {
      profile: profile ?? '',
      groupSessionsPerUser: group_sessions_per_user ?? true,
      threadSessionsPerUser: thread_sessions_per_user ?? false,
    }),
  'passthrough/decode': ({ forward }) => {
    const { platform, botId, method, path, headers, body } = readForward({ forward });
    return { platform, botId, method, path, headers, body_hex: body.toString('hex') };
  },
  'interaction/event': ({ body, platform }) => {
    const bytes = 'hex' in body ? Buffer.from(body.hex, 'hex') : Buffer.from(body.text);
    const interaction = interactionOf({ platform, body: bytes });
    if (interaction === null) throw new Refusal('no-interaction');
    const event = readEvent({ event: interactionEvent(interaction) });
    const { source } = event;
    return {
      chat_id: source.chat_id,
      chat_type: source.chat_type,
      message_id: event.messageId,
      message_type: event.messageType,
      parent_chat_id: source.parent_chat_id,
      platform: source.platform,
      scope: source.guild_id,
      text: event.text,
      thread_id: source.thread_id,
      user_id: source.user_id,
      user_name: source.user_name,
    };
  },
  'policy/declare': ({ platform: padded, allow_bots, require_mention, free_response_channels }) => {
    const platform = padded.trim();
    const env = { [`${platform.toUpperCase()}_ALLOW_BOTS`]: allow_bots };
    const file = { [platform]: { require_mention, free_response_channels } };
    return policyBody({ platform: platform || 'relay', policy: readPolicy(env, file, platform) });
  },
  'provision/body': (input) =>
    provisionBody(
      {
        platform: input.platform,
        botId: input.bot_id,
        endpoint: input.endpoint ?? '',
        routeKeys: input.route_keys,
        instanceId: input.instance_id ?? '',
        wakeUrl: input.wake_url ?? '',
      },
      input.gateway_id || `gw-${input.hostname}`,
    ),
  'provision/adopt': adopt,
  'enroll/adopt': adopt,
  'enroll/body': ({ enrollment_token, gateway_id }) =>
    enrollBody({ enrollToken: enrollment_token, gatewayId: gateway_id }),
  'reconnect/ladder': ({ dials }) => {
    const ladder = new Ladder(1, 30, () => 0.5);
    return Array.from({ length: dials }, () => ladder.next());
  },
  'reconnect/waits': ({ outcomes }) => {
    const ladder = new Ladder(1, 30, () => 0.5);
    return outcomes.map((outcome) => {
      if (outcome === 'session') ladder.reset();
      return ladder.next();
    });
  },
  'action/frame': async ({ action, before, len_unit, max_message_length }) => {
    const scopes = new ScopeMemory();
    for (const event of before) scopes.learn(readEvent({ event }).source);
    const sent = [];
    const actions = new Actions(
      async (frame) => {
        sent.push(frame);
        return { success: true };
      },
      () => ({ maxMessageLength: max_message_length || 4096, lenUnit: len_unit }),
      scopes,
    );
    const { op, ...fields } = action;
    const call = { send: 'send', edit: 'edit', typing: 'typing', follow_up: 'followUp', get_chat_info: 'chatInfo' }[op];
    await actions[call](fields);
    if (sent.length > 1) throw new Refusal('over-limit'); // it was not sent whole
    if (Object.keys(sent[0].metadata ?? {}).length === 0) delete sent[0].metadata;
    return sent[0];
  },
  'action/result': async ({ op, result }) => {
    const actions = new Actions(async () => result, () => null, new ScopeMemory());
    const call = { send: 'send', edit: 'edit', typing: 'typing', follow_up: 'followUp' }[op];
    const told = await actions[call]({ chat_id: 'C', content: 'x', message_id: 'm', session_key: 'k', kind: 'k' });
    if (told.success) return { success: true, message_id: told.message_id ?? null };
    return { success: false, error: typeof result.error === 'string' ? told.error : null };
  },
  'chat-info/read': async ({ chat_id, result }) => {
    const told = await new Actions(async () => result, () => null, new ScopeMemory()).chatInfo({ chat_id });
    if (!told.success) throw new Refusal('declined');
    return told.chat_info;
  },
};

function adopt({ body, gatewayId, status }) {
  if (status < 200 || status > 299) throw new Refusal('refused');
  const answer = parse(body, 'unusable');
  const credentials = refused(() => readCredentials(answer, gatewayId), 'unusable');
  return { deliveryKey: answer.deliveryKey ?? '', ...credentials };
}

function parse(text, code) {
  return refused(() => JSON.parse(text), code);
}

/** What the call gives; its failure is the refusal with that code. */
function refused(call, code) {
  try {
    return call();
  } catch {
    throw new Refusal(code);
  }
}

async function answer({ id, op, input, now }) {
  const later = input.revision !== undefined && input.revision !== '2026-06';
  if (later || !Object.hasOwn(ops, op)) return { id, unsupported: true };
  try {
    const value = await ops[op](input, now);
    return value === undefined ? { id, unsupported: true } : { id, value };
  } catch (error) {
    if (error instanceof Refusal) return { id, error: error.message };
    if (error instanceof TypeError && op === 'action/frame') return { id, error: 'mistyped-field' };
    if (error instanceof BadFrame) return { id, error: badFrameCode(error) };
    throw error;
  }
}

function badFrameCode(error) {
  if (error.message.includes('base64')) return 'not-base64';
  return error.message.includes('is missing') ? 'missing-field' : 'mistyped-field';
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(JSON.parse(line))));
  }
})();
