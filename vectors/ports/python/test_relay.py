import json
import pathlib
import unittest

import port

VECTORS = pathlib.Path(__file__).resolve().parent.parent.parent


class Vectors(unittest.TestCase):
    def test_every_vector_of_a_supported_op(self):
        seen = set()
        for path in sorted(VECTORS.glob("*.json")):
            for case in json.loads(path.read_bytes())["cases"]:
                if case["op"] not in port.OPS:
                    continue
                seen.add(case["op"])
                want = {"error": case["error"]} if "error" in case else {"value": case["expected"]}
                with self.subTest(case["id"]):
                    self.assertEqual(port.answer(case), want, case["comment"])
        self.assertEqual(seen, set(port.OPS), "every op has vectors")


if __name__ == "__main__":
    unittest.main()
