#!/usr/bin/env python3
"""Compares the messages in proto/ with proto/baseline.binpb: what is stored in a stream today must be readable tomorrow.

proto_compatibility.py ROOT            fails on breaking changes, and on additions that the baseline does not have yet
proto_compatibility.py ROOT --update   takes additions into the baseline; refuses breaking changes
proto_compatibility.py ROOT --force    takes everything; only for messages that no release has stored
proto_compatibility.py ROOT --self-test   shows that each kind of breaking change is found
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BASELINE = "proto/baseline.binpb"
KINDS = {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string", 10: "group",
         11: "message", 12: "bytes", 13: "uint32", 14: "enum", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64"}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def decode(data):
    """The fields of one message on the wire: number -> list of integers or bytes."""
    fields, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = varint(data, at)
        else:
            size, at = varint(data, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
            value, at = data[at:at + size], at + size
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def text(fields, number):
    return fields[number][0].decode() if number in fields else ""


def number(fields, key):
    value = fields.get(key, [0])[0]
    return value - (1 << 64) if value >= 1 << 63 else value


def reserved(message, key):
    """Ranges [from, to) of reserved numbers; field numbers as in descriptor.proto."""
    return [(number(r, 1), number(r, 2)) for r in map(decode, message.get(key, []))]


class Schema:
    """Of a FileDescriptorSet: messages by full name, with their fields by number, and enums likewise."""

    def __init__(self, descriptor_set):
        self.messages, self.enums = {}, {}
        for file in map(decode, decode(descriptor_set).get(1, [])):
            package = "." + text(file, 2)
            for message in file.get(4, []):
                self.add_message(package, decode(message))
            for enum in file.get(5, []):
                self.add_enum(package, decode(enum))

    def add_message(self, scope, message):
        name = f"{scope}.{text(message, 1)}"
        oneofs = [text(decode(o), 1) for o in message.get(8, [])]
        fields = {}
        for field in map(decode, message.get(2, [])):
            kind = KINDS[number(field, 5)] + (" " + text(field, 6) if 6 in field else "")
            label = "repeated " if number(field, 4) == 3 else ""
            oneof = f" in oneof {oneofs[number(field, 9)]}" if 9 in field else ""
            fields[number(field, 3)] = (text(field, 1), label + kind + oneof)
        self.messages[name] = (fields, reserved(message, 9))
        for nested in message.get(3, []):
            self.add_message(name, decode(nested))
        for enum in message.get(4, []):
            self.add_enum(name, decode(enum))

    def add_enum(self, scope, enum):
        values = {number(v, 2): (text(v, 1), "value") for v in map(decode, enum.get(2, []))}
        # Unlike those of messages, reserved ranges of enums include their end.
        self.enums[f"{scope}.{text(enum, 1)}"] = (values, [(a, b + 1) for a, b in reserved(enum, 4)])


def differences(old, new, what):
    """Yields (breaking, sentence)."""
    for name, (members, _) in old.items():
        if name not in new:
            yield True, f"{what} {name} is gone"
            continue
        present, ranges = new[name]
        for key, (label, kind) in members.items():
            if key not in present:
                if not any(begin <= key < end for begin, end in ranges):
                    yield True, f"{name}.{label} = {key} is gone without `reserved {key}`"
            elif present[key][1] != kind:
                yield True, f"{name}.{label} = {key} was {kind} and is {present[key][1]}"
            elif present[key][0] != label:
                yield True, f"{name}: number {key} was {label} and is {present[key][0]}"
        for key in present.keys() - members.keys():
            yield False, f"{name}.{present[key][0]} = {key} is new"
    for name in new.keys() - old.keys():
        yield False, f"{what} {name} is new"


def compare(old, new):
    old, new = Schema(old), Schema(new)
    return [*differences(old.messages, new.messages, "message"), *differences(old.enums, new.enums, "enum")]


def compile_protos(folder):
    folder = pathlib.Path(folder)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as scratch:
        output = pathlib.Path(scratch, "set.binpb")
        subprocess.run(["protoc", f"--proto_path={folder}", f"--descriptor_set_out={output}", "--include_imports", *files], check=True)
        return output.read_bytes()


BREAKING_EDITS = [
    (r"string upload_id = 7;", r"string upload_id = 8000;"),
    (r"string upload_id = 7;", r"bytes upload_id = 7;"),
    (r"uint64 file_bytes = 9;", r""),
    (r"repeated Passage passages = 7;", r"Passage passages = 7;"),
    (r"VectorFormat format = 2;", r"uint32 format = 2;"),
    (r"ACTION_DELETE = 2;", r"ACTION_DELETE = 3000;"),
    (r"message CancelJobResponse \{", r"message CancelJobResponse2 {"),
]


def self_test(root):
    baseline = compile_protos(root / "proto")
    with tempfile.TemporaryDirectory() as scratch:
        for pattern, replacement in BREAKING_EDITS:
            copy = pathlib.Path(scratch, "proto")
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(root / "proto", copy)
            log = copy / "kefu/v1/log.proto"
            edited, count = re.subn(pattern, replacement, log.read_text(encoding="utf-8"), count=1)
            if count != 1:
                return [f"the edit {pattern} does not apply any more"]
            log.write_text(edited, encoding="utf-8")
            if not any(breaking for breaking, _ in compare(baseline, compile_protos(copy))):
                return [f"not found: {pattern} -> {replacement}"]
    return []


def main():
    root, mode = pathlib.Path(sys.argv[1]), (sys.argv[2] if len(sys.argv) > 2 else "")
    baseline = root / BASELINE
    if mode == "--self-test":
        problems = self_test(root)
    else:
        current = compile_protos(root / "proto")
        found = compare(baseline.read_bytes(), current) if baseline.exists() else []
        problems = [sentence for breaking, sentence in found if breaking or not mode]
        if mode == "--force" or (mode == "--update" and not problems):
            baseline.write_bytes(current)
            problems = []
        elif problems and not any(breaking for breaking, _ in found):
            problems.append(f"Only additions: {pathlib.Path(__file__).name} {root} --update takes them into {BASELINE}.")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
