'use strict';

/**
 * The presence words of the contract (section 3) as functions. Each takes an object and a field's name, and gives the
 * field's value; what makes the whole frame bad is thrown as a BadFrame.
 */

/** A frame that is left out: a field is missing or has the wrong type. The session goes on. */
class BadFrame extends Error {}

/** Whether a value is a JSON object: no null, no array. */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @type {Record<string, (value: any) => boolean>} */
const TYPES = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int: (value) => Number.isInteger(value),
  object: isObject,
  'string[]': (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};

/** Reads an own field: names such as `constructor` that JSON did not bring are absent. */
function own(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A field whose absence or wrong type makes the frame bad; null is absence. */
function required(object, name, type) {
  const value = own(object, name);
  if (!TYPES[type](value)) throw new BadFrame(`${name} is ${describe(value)}, expected ${type}`);
  return value;
}

/** A field that has a default when it is absent or null, and makes the frame bad when it is mistyped. */
function always(object, name, type, standard) {
  const value = own(object, name);
  if (value === undefined || value === null) return standard;
  return required(object, name, type);
}

/** A field that can be absent, null or mistyped, which is all the same. Serves `nullable` and `optional`. */
function optional(object, name, type, standard = null) {
  const value = own(object, name);
  return TYPES[type](value) ? value : standard;
}

/** What a mistyped value is, without saying what it holds: it may not be for a log. */
function describe(value) {
  if (value === undefined || value === null) return 'missing';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

module.exports = { BadFrame, isObject, own, required, always, optional, describe };
