'use strict';

/**
 * What a session key depends on besides the source (section 10).
 *
 * @typedef {object} KeySettings
 * @property {string} profile                 the profile under which turns run; empty for the default
 * @property {boolean} groupSessionsPerUser
 * @property {boolean} threadSessionsPerUser
 */

const KNOWN_PLATFORMS = new Set([
  'local', 'telegram', 'discord', 'whatsapp', 'whatsapp_cloud', 'slack', 'signal', 'mattermost', 'matrix',
  'homeassistant', 'email', 'sms', 'dingtalk', 'api_server', 'webhook', 'msgraph_webhook', 'feishu', 'wecom',
  'wecom_callback', 'weixin', 'bluebubbles', 'qqbot', 'yuanbao', 'relay',
]);

/** The platform that an event is handled under: its own where it is a known one, else `relay`. */
function knownPlatform(platform) {
  return KNOWN_PLATFORMS.has(platform) ? platform : 'relay';
}

/**
 * The name of the conversation that a source belongs to.
 *
 * @param {import('./event').Source} source
 * @param {KeySettings} settings
 */
function sessionKey(source, settings) {
  const { profile } = settings;
  const namespace = profile === '' || profile === 'default' ? 'agent:main' : `agent:${profile}`;
  const platform = knownPlatform(source.platform);
  const id = platform === 'whatsapp' || platform === 'whatsapp_cloud' ? whatsappId : (value) => value;
  const participant = id(source.user_id_alt || source.user_id || '');
  const thread = source.thread_id;

  if (source.chat_type === 'dm') {
    return join(namespace, platform, 'dm', id(source.chat_id) || participant, thread);
  }
  const withParticipant = settings.groupSessionsPerUser && (!thread || settings.threadSessionsPerUser);
  return join(namespace, platform, source.chat_type, source.chat_id, thread, withParticipant && participant);
}

/** `+15551234567:12@s.whatsapp.net` is `15551234567`: no leading plus, device or domain. */
function whatsappId(value) {
  return value.replace(/^\+/, '').replace(/@.*$/s, '').replace(/:.*$/s, '');
}

/** A part that is absent, null or empty is left out together with its colon. */
function join(...parts) {
  return parts.filter(Boolean).join(':');
}

module.exports = { sessionKey, knownPlatform };
