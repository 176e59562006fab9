#!/usr/bin/python3
"""CM's Avro codecs against python3-avro: random records of every type, both directions.

CM_AVRO_TOOL names the built avro_tool.
"""

import io
import json
import os
import pathlib
import random
import subprocess
import unittest

import avro.io
import avro.schema

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "docs" / "avro"
ROUNDS = 200
LONGS = [0, -1, 63, 64, -65, 2**31, 1763821020123, 2**63 - 1, -(2**63)]
INTS = [0, 200, 404, -1, 2**31 - 1, -(2**31)]
PIECES = ["a", "Z", "ä", "鍵", "🔑", "\0", "\n", '"', "\\", "019aa7f0-5e3a-7c31"]


def random_value(kind, source):
    """A value of a field's type as the schema file names it."""
    if isinstance(kind, list):
        return None if source.randrange(3) == 0 else random_value("string", source)
    if isinstance(kind, dict):
        return [random_value("string", source) for _ in range(source.choice([0, 1, 3, 150]))]
    if kind == "long":
        return source.choice(LONGS)
    if kind == "int":
        return source.choice(INTS)
    return "".join(source.choices(PIECES, k=source.choice([0, 1, 7, 80])))


class PythonAvro(unittest.TestCase):
    """The same bytes and the same values as the other implementation."""

    @classmethod
    def setUpClass(cls):
        cls.tool = subprocess.Popen(
            [os.environ["CM_AVRO_TOOL"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    @classmethod
    def tearDownClass(cls):
        cls.tool.stdin.close()
        cls.tool.stdout.close()
        assert cls.tool.wait() == 0

    def ask(self, line):
        """One line to the tool, one line back."""
        self.tool.stdin.write(line + "\n")
        self.tool.stdin.flush()
        return self.tool.stdout.readline().rstrip("\n")

    def test_every_record(self):
        files = sorted(SCHEMAS.glob("*.avsc"))
        self.assertEqual(len(files), 13)
        for file in files:
            with self.subTest(file.stem):
                self.check(file)

    def check(self, file):
        """All rounds for one record."""
        fields = json.loads(file.read_text(encoding="utf-8"))["fields"]
        schema = avro.schema.parse(file.read_text(encoding="utf-8"))
        source = random.Random(file.stem)
        for _ in range(ROUNDS):
            record = {field["name"]: random_value(field["type"], source) for field in fields}
            out = io.BytesIO()
            avro.io.DatumWriter(schema).write(record, avro.io.BinaryEncoder(out))
            encoded = out.getvalue().hex()
            text = json.dumps(record)
            self.assertEqual(self.ask(f"encode {file.stem} {text}"), encoded)
            self.assertEqual(json.loads(self.ask(f"decode {file.stem} {encoded}")), record)
            cut = encoded[: 2 * source.randrange(len(encoded) // 2)]
            self.assertEqual(self.ask(f"decode {file.stem} {cut}"), "refused")


if __name__ == "__main__":
    unittest.main()
