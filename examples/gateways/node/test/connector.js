'use strict';

const { once } = require('node:events');
const { spawn } = require('node:child_process');
const path = require('node:path');

const { WebSocketServer } = require('ws');

const GATEWAY = path.join(__dirname, '..', 'gateway.js');

/** A queue of what a socket brings, to be awaited one by one. */
class Received {
  #items = [];
  #waiting = [];

  add(item) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(item);
    else this.#items.push(item);
  }

  next() {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A WebSocket server of the test's own on a free port. It ends with the test. */
async function serve(t) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const sockets = new Received();
  server.on('connection', (socket, request) => {
    const frames = new Received();
    const closed = once(socket, 'close');
    socket.on('message', (text) => frames.add(JSON.parse(text.toString())));
    sockets.add({ socket, request, frames, closed, send: (frame) => socket.send(`${JSON.stringify(frame)}\n`) });
  });
  await once(server, 'listening');
  t.after(() => {
    server.clients.forEach((client) => client.terminate());
    server.close();
  });
  return { port: server.address().port, sockets };
}

/** Starts the gateway as a process with nothing but these variables. It ends with the test at the latest. */
function start(t, env) {
  const child = spawn(process.execPath, [GATEWAY], {
    env: { PATH: process.env.PATH, NODE_PATH: process.env.NODE_PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (text) => {
    log += text;
  });
  const exited = once(child, 'exit');
  t.after(() => child.kill('SIGKILL'));
  /** Waits until the log has it. */
  const logged = async (text) => {
    while (!log.includes(text)) await once(child.stderr, 'data');
  };
  return { child, exited, logged };
}

module.exports = { serve, start };
