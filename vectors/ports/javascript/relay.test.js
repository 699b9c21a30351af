import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { answer, ops } from "./port.js";

const vectors = new URL("../../", import.meta.url);

test("every vector of a supported op", () => {
  const seen = new Set();
  for (const name of readdirSync(vectors).filter((n) => n.endsWith(".json"))) {
    for (const c of JSON.parse(readFileSync(new URL(name, vectors), "utf8")).cases) {
      if (!Object.hasOwn(ops, c.op)) continue;
      seen.add(c.op);
      const want = c.error === undefined ? { value: c.expected } : { error: c.error };
      assert.deepEqual(answer(c), want, `${c.id}: ${c.comment}`);
    }
  }
  assert.deepEqual([...seen].sort(), Object.keys(ops).sort(), "every op has vectors");
});
