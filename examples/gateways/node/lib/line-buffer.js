'use strict';

const { isObject } = require('./fields');

/** A frame with its newline is shorter than this (`framing/frame-limit`); a longer line is given up. */
const FRAME_LIMIT = 1024 * 1024;

const NEWLINE = 0x0a;

/** Every line is decoded by itself, as a character can be cut across messages. A byte order mark is no JSON. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Cuts what one socket brings into frames (section 5). Each socket has a buffer of its own, so that an unfinished line
 * ends with it.
 */
class LineBuffer {
  /** @type {Buffer[]} */
  #pieces = [];
  #size = 0;
  #skipped;

  /** @param {(why: string) => void} skipped is told of each line that is no frame */
  constructor(skipped = () => {}) {
    this.#skipped = skipped;
  }

  /**
   * Takes the payload of one message.
   *
   * @param {Buffer} payload
   * @returns {object[]} the JSON objects of the lines that it completes, in their order
   */
  push(payload) {
    const frames = [];
    let start = 0;
    for (let end = payload.indexOf(NEWLINE); end >= 0; end = payload.indexOf(NEWLINE, start)) {
      this.#append(payload.subarray(start, end));
      start = end + 1;
      const frame = this.#takeFrame();
      if (frame !== undefined) frames.push(frame);
    }
    this.#append(payload.subarray(start));
    return frames;
  }

  #append(piece) {
    this.#size += piece.length;
    if (this.#size >= FRAME_LIMIT) {
      this.#pieces = []; // nothing more of this line is kept; its size says so when it ends
    } else if (piece.length > 0) {
      this.#pieces.push(piece);
    }
  }

  #takeFrame() {
    const tooLong = this.#size >= FRAME_LIMIT;
    const line = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#size = 0;
    if (tooLong) {
      this.#skipped(`a line of more than ${FRAME_LIMIT} bytes`);
      return undefined;
    }
    return this.#parse(line);
  }

  #parse(line) {
    let value;
    try {
      const text = decoder.decode(line);
      if (text.trim() === '') return undefined;
      value = JSON.parse(text);
    } catch {
      this.#skipped('a line that is not JSON in UTF-8');
      return undefined;
    }
    if (!isObject(value)) {
      this.#skipped('a line that is JSON but no object');
      return undefined;
    }
    return value;
  }
}

/** A frame as it goes out: one line. JSON.stringify writes no line break and escapes a lone surrogate. */
function encodeFrame(frame) {
  return `${JSON.stringify(frame)}\n`;
}

module.exports = { LineBuffer, encodeFrame, FRAME_LIMIT };
