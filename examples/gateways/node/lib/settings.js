'use strict';

const fs = require('node:fs');
const os = require('node:os');

const { isObject } = require('./fields');

/**
 * Everything that can be configured. Times are milliseconds.
 *
 * @typedef {object} Settings
 * @property {string} base           the connector's base URL; empty when the relay is off
 * @property {string} gatewayId
 * @property {string} secret         the pinned secret, or empty
 * @property {string} identityToken  what the HTTP routes are called with, or empty
 * @property {string} enrollToken    an invitation, or empty
 * @property {string} platform
 * @property {string} botId
 * @property {string} endpoint
 * @property {string[]} routeKeys
 * @property {string} instanceId     or empty
 * @property {string} wakeUrl        or empty
 * @property {Policy} policy
 * @property {import('./session-key').KeySettings} keys
 * @property {string} driverUrl      or empty
 * @property {Waits} waits
 *
 * @typedef {object} Policy
 * @property {boolean} requireAddress
 * @property {string[]} freeResponseScopes
 * @property {boolean} allowOtherBots
 *
 * @typedef {object} Waits
 * @property {number} upgrade     from a dial to the end of the WebSocket upgrade
 * @property {number} descriptor  from the hello to a readable descriptor
 * @property {number} result      from an outbound to its result
 * @property {number} idleAck     from going_idle to its acknowledgement
 * @property {number} shutdown    from the start of a shutdown to its end
 * @property {number} redialBase  the first rung of the ladder
 * @property {number} redialCap   the last rung of the ladder
 * @property {number} http        for the whole of an HTTP route
 * @property {number} driver      for the driver channel, before the relay is dialed without it
 */

/** A setting that cannot be used. Its message says which one, and what was expected. */
class SettingsError extends Error {}

/** The bounds: variable, default in seconds. The defaults are the contract's where it has one (section 22). */
const WAITS = {
  upgrade: ['RELAY_NODE_UPGRADE_WAIT', 10],
  descriptor: ['RELAY_NODE_DESCRIPTOR_WAIT', 30],
  result: ['RELAY_NODE_RESULT_WAIT', 30],
  idleAck: ['RELAY_NODE_IDLE_ACK_WAIT', 10],
  shutdown: ['RELAY_NODE_SHUTDOWN_BUDGET', 15],
  redialBase: ['RELAY_NODE_REDIAL_BASE', 1],
  redialCap: ['RELAY_NODE_REDIAL_CAP', 30],
  http: ['RELAY_NODE_HTTP_WAIT', 10],
  driver: ['RELAY_NODE_DRIVER_WAIT', 5],
};

/**
 * Reads the settings from the environment, and from the JSON file that RELAY_NODE_CONFIG names. A value of the
 * environment goes before the same value of the file, and an empty one counts as not configured.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {Settings}
 * @throws {SettingsError}
 */
function readSettings(env) {
  const file = readConfigFile(variable(env, 'RELAY_NODE_CONFIG'));
  const relay = section(file, 'gateway');
  const value = (name, key) => variable(env, name) || text(relay[key], `gateway.${key}`);

  const platform = variable(env, 'GATEWAY_RELAY_PLATFORM') || 'relay';
  return {
    base: withoutTrailingSlash(value('GATEWAY_RELAY_URL', 'relay_url')),
    gatewayId: value('GATEWAY_RELAY_ID', 'relay_id') || `gw-${os.hostname()}`,
    secret: value('GATEWAY_RELAY_SECRET', 'relay_secret'),
    identityToken: variable(env, 'GATEWAY_RELAY_IDENTITY_TOKEN'),
    enrollToken: variable(env, 'GATEWAY_RELAY_ENROLL_TOKEN'),
    platform,
    botId: variable(env, 'GATEWAY_RELAY_BOT_ID'),
    endpoint: withoutTrailingSlash(value('GATEWAY_RELAY_ENDPOINT', 'relay_endpoint')),
    routeKeys: commaList(
      variable(env, 'GATEWAY_RELAY_ROUTE_KEYS') || relay.relay_route_keys,
      'gateway.relay_route_keys',
    ),
    instanceId: value('GATEWAY_RELAY_INSTANCE_ID', 'relay_instance_id'),
    wakeUrl: withoutTrailingSlash(value('GATEWAY_RELAY_WAKE_URL', 'relay_wake_url')),
    policy: readPolicy(env, file, platform),
    keys: {
      profile: variable(env, 'RELAY_NODE_PROFILE') || text(file.profile, 'profile'),
      groupSessionsPerUser: flag(env, file, 'group_sessions_per_user', true),
      threadSessionsPerUser: flag(env, file, 'thread_sessions_per_user', false),
    },
    driverUrl: variable(env, 'RELAY_DRIVER_URL'),
    waits: readWaits(env),
  };
}

/** The policy of one platform, from its section of the config file and its variable. */
function readPolicy(env, file, platform) {
  const own = section(file, platform);
  const bots = variable(env, `${platform.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_ALLOW_BOTS`);
  return {
    requireAddress: own.require_mention === true,
    freeResponseScopes: commaList(own.free_response_channels, `${platform}.free_response_channels`),
    allowOtherBots: bots === 'mentions' || bots === 'all',
  };
}

/** @returns {Waits} */
function readWaits(env) {
  const waits = {};
  for (const [name, [key, standard]] of Object.entries(WAITS)) {
    const given = variable(env, key);
    const seconds = given === '' ? standard : Number(given);
    if (!(seconds > 0 && seconds <= 86400)) {
      throw new SettingsError(`${key} is ${JSON.stringify(given)}; expected seconds, more than 0 and at most 86400`);
    }
    waits[name] = seconds * 1000;
  }
  return waits;
}

/** @param {string} path empty for no file */
function readConfigFile(path) {
  if (path === '') return {};
  let file;
  try {
    file = JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingsError(`RELAY_NODE_CONFIG: cannot read ${path} as JSON: ${error.message}`);
  }
  if (!isObject(file)) throw new SettingsError(`RELAY_NODE_CONFIG: ${path} holds no JSON object`);
  return file;
}

/** The section of that name, or an empty one. */
function section(file, name) {
  const found = Object.hasOwn(file, name) ? file[name] : undefined;
  if (found === undefined || found === null) return {};
  if (!isObject(found)) throw new SettingsError(`config file: ${name} is no object`);
  return found;
}

function variable(env, name) {
  return (env[name] ?? '').trim();
}

/** A config value as trimmed text; a number stands for its digits. */
function text(value, name) {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number') return String(value);
  throw new SettingsError(`config file: ${name} is neither a text nor a number`);
}

/** A switch: `RELAY_NODE_<KEY>` with true or false, else the key of the config file. */
function flag(env, file, key, standard) {
  const name = `RELAY_NODE_${key.toUpperCase()}`;
  const given = variable(env, name) || file[key];
  if (given === undefined || given === null) return standard;
  if (given === true || given === 'true') return true;
  if (given === false || given === 'false') return false;
  throw new SettingsError(`${name} or ${key} of the config file is ${JSON.stringify(given)}; expected true or false`);
}

/** The entries of a list, or of a text with commas: trimmed, and without empty ones. */
function commaList(value, name) {
  if (value === undefined || value === null) return [];
  const entries = Array.isArray(value) ? value : text(value, name).split(',');
  return entries.map((entry) => text(entry, name)).filter((entry) => entry !== '');
}

function withoutTrailingSlash(url) {
  return url.replace(/\/+$/, '');
}

module.exports = { readSettings, readPolicy, SettingsError };
