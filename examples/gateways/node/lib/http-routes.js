'use strict';

const { routeUrl } = require('./urls');
const { isObject, required, always, BadFrame } = require('./fields');
const { log } = require('./log');

/** An answer that is of no use. */
class Unusable extends Error {}

/**
 * What the gateway signs with.
 *
 * @typedef {object} Credentials
 * @property {string} gatewayId
 * @property {string} secret  empty for none
 */

/**
 * Gets the credentials for this process (section 18): the pinned secret, else those that the connector issues to the
 * identity token. They are kept in memory only. Whatever fails, the boot goes on with what there is.
 *
 * @param {import('./settings').Settings} settings
 * @returns {Promise<Credentials>}
 */
async function obtainCredentials(settings) {
  let credentials = { gatewayId: settings.gatewayId, secret: settings.secret };
  if (settings.secret !== '' || settings.identityToken === '') return credentials;
  if (settings.enrollToken !== '') {
    credentials = await obtain(settings, '/relay/enroll', enrollBody(settings), credentials);
  }
  return obtain(settings, '/relay/provision', provisionBody(settings, credentials.gatewayId), credentials);
}

/** One attempt; on any failure the credentials stay what they were. */
async function obtain(settings, path, body, before) {
  try {
    const response = await post(settings, path, settings.identityToken, body);
    if (!response.ok) throw new Unusable(`status ${response.status}`);
    const credentials = readCredentials(await response.json(), before.gatewayId);
    log(`${path}: credentials issued`);
    return credentials;
  } catch (error) {
    log(`${path} failed, going on without it: ${reason(error)}`);
    return before;
  }
}

/** Reads an answer. Its other fields are of no use here, but one that is mistyped makes the whole answer suspect. */
function readCredentials(answer, gatewayId) {
  if (!isObject(answer)) throw new Unusable('the answer is no JSON object');
  const secret = required(answer, 'secret', 'string');
  if (secret.trim() === '') throw new Unusable('the answer has an empty secret');
  always(answer, 'deliveryKey', 'string', '');
  always(answer, 'tenant', 'string', '');
  always(answer, 'routeKeys', 'string[]', []);
  return { secret, gatewayId: always(answer, 'gatewayId', 'string', '') || gatewayId };
}

function enrollBody(settings) {
  return { enrollmentToken: settings.enrollToken, gatewayId: settings.gatewayId };
}

function provisionBody(settings, gatewayId) {
  const body = {
    gatewayId,
    platform: settings.platform,
    botId: settings.botId,
    gatewayEndpoint: settings.endpoint,
    routeKeys: settings.routeKeys,
  };
  if (settings.instanceId !== '') body.instanceId = settings.instanceId;
  if (settings.wakeUrl !== '') body.wakeUrl = settings.wakeUrl;
  return body;
}

/**
 * Declares the policy, when it is not the default one and there is a platform to declare it for. A failure is only told.
 *
 * @param {import('./settings').Settings} settings
 * @param {string | null} token  an upgrade token; without a secret there is none, and nothing is declared
 */
async function declarePolicy(settings, token) {
  const body = policyBody(settings);
  if (body === null || token === null) return;
  try {
    const response = await post(settings, '/relay/policy', token, body);
    if (response.status !== 200) throw new Unusable(`status ${response.status}`);
    log('/relay/policy: declared');
  } catch (error) {
    log(`/relay/policy failed, going on without it: ${reason(error)}`);
  }
}

/** The body of a policy request, or null where there is nothing to declare. */
function policyBody({ platform, policy }) {
  const standard = !policy.requireAddress && policy.freeResponseScopes.length === 0 && !policy.allowOtherBots;
  return standard || platform === 'relay' ? null : { platform, ...policy };
}

/** Why a request failed. The text of an error of fetch can quote a header, and with it a token. */
function reason(error) {
  if (error instanceof BadFrame || error instanceof Unusable) return error.message;
  return error.cause?.code ?? error.name;
}

/** A redirect is not followed: the bearer is for the connector alone. */
function post(settings, path, bearer, body) {
  return fetch(routeUrl(settings.base, path), {
    method: 'POST',
    headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(settings.waits.http),
  });
}

module.exports = { obtainCredentials, declarePolicy, provisionBody, enrollBody, policyBody, readCredentials };
