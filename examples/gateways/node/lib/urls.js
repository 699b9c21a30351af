'use strict';

/**
 * The URL that the gateway dials (`connect/dial-path`). A base such as `https://connector.example` and the dial URL
 * itself give the same.
 *
 * @param {string} base
 */
function dialUrl(base) {
  const url = base
    .trim()
    .replace(/^https:\/\//, 'wss://')
    .replace(/^http:\/\//, 'ws://')
    .replace(/\/+$/, '');
  return url.endsWith('/relay') ? url : `${url}/relay`;
}

/**
 * The URL of an HTTP route (`connect/route-url`).
 *
 * @param {string} base
 * @param {string} path such as `/relay/provision`
 */
function routeUrl(base, path) {
  const url = base
    .trim()
    .replace(/^wss:\/\//, 'https://')
    .replace(/^ws:\/\//, 'http://')
    .replace(/\/+$/, '')
    .replace(/\/relay$/, '');
  return url + path;
}

module.exports = { dialUrl, routeUrl };
