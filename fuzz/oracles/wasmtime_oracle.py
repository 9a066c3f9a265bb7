"""Runs the modules of a folder on Wasmtime and compares with the transcripts beside them, which
`soak export` has written. `cargo xtask soak oracles` calls it: python3 wasmtime_oracle.py FOLDER
"""

import importlib.metadata
import pathlib
import re
import struct
import sys
import zlib

import wasmtime

CLASSES = [
    (r"unreachable", "unreachable"),
    (r"stack|too large|memory allocation|heap", "limit"),
    (r"out of bounds|undefined element", "bounds"),
    (r"uninitialized element|indirect call|type mismatch", "call"),
    (r"divide by zero|integer overflow|invalid conversion", "number"),
    (r"cast failure", "cast"),
    (r"null", "null"),
    (r"exception", "exception"),
]


def kind(error):
    """What kind of thing was wrong."""
    text = getattr(error, "message", str(error))
    text = text.split("wasm trap:")[-1]
    for pattern, name in CLASSES:
        if re.search(pattern, text):
            return name
    return "unknown: " + text


def value(word):
    """A value by its word."""
    kind_of, digits = word.split(":")
    if digits == "nan":
        return float("nan")
    bits = int(digits, 16)
    if kind_of == "i32":
        return struct.unpack("<i", struct.pack("<I", bits))[0]
    if kind_of == "i64":
        return struct.unpack("<q", struct.pack("<Q", bits))[0]
    if kind_of == "f32":
        return struct.unpack("<f", struct.pack("<I", bits))[0]
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def word(found, like):
    """The word of a value, of the type that another word has."""
    kind_of = like.split(":")[0]
    if found != found:
        return kind_of + ":nan"
    if kind_of == "i32":
        return "i32:%x" % (found & 0xFFFFFFFF)
    if kind_of == "i64":
        return "i64:%x" % (found & 0xFFFFFFFFFFFFFFFF)
    if kind_of == "f32":
        return "f32:%x" % struct.unpack("<I", struct.pack("<f", found))[0]
    return "f64:%x" % struct.unpack("<Q", struct.pack("<d", found))[0]


def answer(store, exports, left, expected):
    """What a line's right side is here."""
    what, hexed, *args = left.split()
    item = exports[bytes.fromhex(hexed[1:]).decode()]
    if what == "global":
        return word(item.value(store), expected[0])
    if what == "memory":
        data = bytes(item.get_buffer_ptr(store)[: item.data_len(store)])
        return "%d %08x" % (len(data), zlib.crc32(data))
    try:
        results = item(store, *[value(arg) for arg in args])
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        return kind(error)
    if results is None:
        return ""
    if not isinstance(results, list):
        results = [results]
    return " ".join(word(*pair) for pair in zip(results, expected))


def differs(engine, path):
    """The first line that differs, none if none does; and how many were compared."""
    lines = path.with_suffix(".txt").read_text().splitlines()
    store = wasmtime.Store(engine)
    try:
        module = wasmtime.Module(engine, path.read_bytes())
    except wasmtime.WasmtimeError as error:
        return str(error).splitlines()[0], 0
    try:
        exports = wasmtime.Instance(store, module, []).exports(store)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        # A start function may need more room than the transcript's store had.
        known = ["instantiate = limit", "instantiate = " + kind(error)]
        return None if lines and lines[0] in known else "instantiate: " + kind(error), 1
    for count, line in enumerate(lines):
        left, right = (side.strip() for side in line.split(" =", 1))
        if left == "instantiate":
            return line + "; it is an instance", count
        found = answer(store, exports, left, right.split(" "))
        if "limit" in (right, found):
            return None, count
        if found != right:
            return line + "; found " + found, count
    return None, len(lines)


def main():
    config = wasmtime.Config()
    for name in ["tail_call", "memory64", "multi_memory", "exceptions", "function_references"]:
        try:
            setattr(config, "wasm_" + name, True)
        except Exception:  # This version does not know it.
            pass
    engine = wasmtime.Engine(config)
    modules = skipped = answers = differ = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.wasm")):
        # Its library for Python ends the process at types of structures and arrays.
        if path.stem.endswith("-gc"):
            skipped += 1
            continue
        modules += 1
        difference, count = differs(engine, path)
        answers += count
        if difference is not None:
            differ += 1
            print(f"{path.name}: {difference}")
    print(
        f"Wasmtime {importlib.metadata.version('wasmtime')}: {modules} modules, {answers} answers, "
        f"{differ} modules differ, {skipped} with structures and arrays skipped"
    )
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
