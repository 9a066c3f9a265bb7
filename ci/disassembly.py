"""The disassembly gate: reads a library or program that has the handlers in it and fails if one of
them calls something, moves the stack pointer, or does not go on by an indirect jump.

Usage: disassembly.py [--lax] FILE. The file must be built with `-C symbol-mangling-version=v0`, so
that names of handlers tell their bodies. Needs `objdump`. With `--lax`, for builds that are not
optimised for speed, it asks only that handlers go on by jumps: they may call what the compiler did
not inline.
"""

import re
import subprocess
import sys

HANDLER = re.compile(r"^[0-9a-f]+ <(_R\S*8dispatch7backend(?:3run|8run_fast)\S*)>:$")
# Bodies that only ever stop, and so have nothing to go on to.
STOP = (
    "CallImport", "ReturnCallImport", "Halt", "SwitchBack", "Slow", "Unreachable", "Throw", "ThrowRef",
)
# Bodies that need more registers than the machine's own leave free (three on x86-64): they may save
# some.
CROWDED = (
    "LoadAny", "StoreAny", "LoadLaneAny", "StoreLaneAny",  # any memory, 64-bit addresses
    "I32DivS", "I32DivU", "I32RemS", "I32RemU", "I64DivS", "I64DivU", "I64RemS", "I64RemU",
    "ReturnCall", "ReturnCallIndirect", "ReturnCallRef", "ReturnMany", "MoveMany",  # loops that move slots
    "Fueled", "GlobalSet", "Shuffle",
    "ArrayGet", "ArraySet", "ArrayNew", "ArrayNewDefault", "StructSet",  # base, index, value; loops
    "NewFirst", "NewLast", "NewZeroed",
    "RefTest", "RefCast", "BrCast",  # a walk up the supertypes
    "AtomicLoad", "AtomicStore", "AtomicRmw", "AtomicCmpxchg",  # any memory, up to three operands
)
# Vector instructions where the CPU has none: lanes one after the other.
VECTOR = re.compile(r"\d(?:I8x16|I16x8|I32x4|I64x2|F32x4|F64x2|V128)")


def handlers(path):
    """Yields the mangled name and the instructions of each handler."""
    command = ["objdump", "--disassemble", "--no-show-raw-insn", "--wide", path]
    name, body = None, []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if not line.strip() or line.endswith(">:\n"):
                if name:
                    yield name, body
                match = HANDLER.match(line.strip())
                name, body = match and match[1], []
            elif name and "\t" in line:
                body.append(line.split("\t", 1)[1].strip())
        if name:
            yield name, body


def complaint(name, body, lax):
    """What is wrong with a handler, if anything is."""
    step = re.search(r"4exec\w*?(?:7numeric|7control|4call|4cast|6atomic|6memory|6object|6vector|9reference)\d+(\w)", name)
    if not step:
        return "its name does not tell its body"
    crowded = VECTOR.search(name) or any(f"{len(word)}{word}" in name for word in CROWDED)
    stops = any(f"4call{len(word)}{word}E" in name for word in STOP)
    for instruction in body:
        if re.match(r"(call|bl|blr|jal)\b", instruction):
            # What a lax build may call has a name; the next handler is in a register.
            if not lax or re.search(r"\*%", instruction):
                return f"calls: {instruction}"
        if lax:
            continue
        if re.match(r"(sub|add|lea)q?\s.*%rsp$", instruction):
            return f"has a stack frame: {instruction}"
        if re.match(r"push", instruction) and not crowded:
            return f"saves registers: {instruction}"
    if not stops and not any(re.match(r"jmp\s+\*", i) for i in body):
        return "does not end in an indirect jump"
    return None


def main():
    count, size, bad = 0, 0, []
    lax = "--lax" in sys.argv
    for name, body in handlers(sys.argv[-1]):
        count += 1
        size += len(body)
        problem = complaint(name, body, lax)
        if problem:
            bad.append(f"{name}: {problem}")
    for line in bad[:20]:
        print(line)
    print(f"{count} handlers, {size / max(count, 1):.1f} instructions in the mean, {len(bad)} bad")
    if count < 1000:
        print("there should be thousands of handlers")
    sys.exit(bool(bad) or count < 1000)


main()
