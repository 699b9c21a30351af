'use strict';

const { isObject } = require('./fields');

const CODES = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  failed: -32000,
};

/** An error that a method answers with. */
class RpcError extends Error {
  /** @param {number} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Answers one JSON-RPC 2.0 message. Batches are not served, and parameters are objects.
 *
 * @param {string} text
 * @param {Record<string, (params: object) => any>} methods
 * @returns {Promise<object | null>} the response; null where there is nothing to answer
 */
async function answer(text, methods) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return response(null, { error: { code: CODES.parse, message: 'not JSON' } });
  }
  if (isObject(message) && !Object.hasOwn(message, 'method')) return null; // a response: nothing was asked
  if (!isObject(message) || message.jsonrpc !== '2.0' || typeof message.method !== 'string') {
    return response(null, { error: { code: CODES.request, message: 'not a JSON-RPC 2.0 request' } });
  }
  const outcome = await call(message, methods);
  return Object.hasOwn(message, 'id') ? response(message.id, outcome) : null;
}

async function call({ method, params = {} }, methods) {
  try {
    if (!Object.hasOwn(methods, method)) throw new RpcError(CODES.method, `no method ${method}`);
    if (!isObject(params)) throw new RpcError(CODES.params, 'params are no object');
    return { result: await methods[method](params) };
  } catch (error) {
    if (error instanceof RpcError) return { error: { code: error.code, message: error.message } };
    const data = { exception: `${error.name}: ${error.message}` };
    return { error: { code: CODES.failed, message: 'the gateway failed', data } };
  }
}

function response(id, outcome) {
  return { jsonrpc: '2.0', id, ...outcome };
}

/**
 * Checks the parameters of a method. One that it does not have is refused, never dropped in silence.
 *
 * @param {object} params
 * @param {Record<string, string>} types  name to JSON type; a `?` at its end lets it be absent or null
 */
function checkParams(params, types) {
  for (const name of Object.keys(params)) {
    if (!Object.hasOwn(types, name)) throw new RpcError(CODES.params, `${name} cannot be set`);
  }
  for (const [name, type] of Object.entries(types)) {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    const absent = value === undefined || value === null;
    if (absent && type.endsWith('?')) continue;
    const wanted = type.replace('?', '');
    const fits = wanted === 'object' ? isObject(value) : typeof value === wanted;
    if (!fits) throw new RpcError(CODES.params, `${name} is not of the type ${wanted}`);
  }
}

module.exports = { answer, checkParams, RpcError, CODES };
