"""The disassembly gate: reads a library or program that has the handlers in it and fails if one of
them calls something, moves the stack pointer, or does not go on by an indirect jump.

Usage: disassembly.py [--lax|--small] FILE, or disassembly.py --show WORD FILE; with --objdump
PROGRAM for another CPU than this machine's: x86-64, AArch64, RISC-V and Thumb-2 are known.

The file must be built with `-C symbol-mangling-version=v0`, so that names of handlers tell their
bodies. Needs `objdump`. With `--lax`, for builds that are not optimised for speed, it asks only
that handlers go on by jumps: they may call what the compiler did not inline. `--small` is that for
builds without the feature `fast`, which have a tenth of the handlers; these may jump to what they
have in common, which goes on, and which may call what an address tells. A word of the lists below
that is in no handler's name fails, too: it excuses nothing, or what it was made for has got another
name.

With `--show`, prints the handlers whose names contain the word: a body, a type, an instruction.
"""

import argparse
import dataclasses
import re
import subprocess
import sys

HANDLER = re.compile(
    r"^[0-9a-f]+ <(_R\S*"
    r"(?:8dispatch7backend(?:3run|8run_fast)|8handlers6bodies\d+(?:go|put)_)\S*)>:$"
)
# Bodies that cells of small builds have in common: all of that file that has the word in its name.
COMMON = re.compile(r"_R\S*8handlers6bodies\d+go_\w+")
# And those of their own that may go on by one of these.
OF_SMALL = re.compile(r"_R\S*8handlers6bodies\d+(?:go|put)_\w+")
# Bodies that only ever stop, and so have nothing to go on to.
STOP = (
    "CallImport", "ReturnCallImport", "Halt", "SwitchBack", "Slow", "Unreachable",
    "Throw", "ThrowRef",
)
# Bodies that need more registers than the machine's own leave free (three on x86-64): they may save
# some.
CROWDED = (
    "Any",  # a location in any memory, 64-bit addresses
    "I32DivS", "I32DivU", "I32RemS", "I32RemU", "I64DivS", "I64DivU", "I64RemS", "I64RemU",
    # Loops that move slots.
    "ReturnCall", "ReturnCallIndirect", "ReturnCallRef", "ReturnMany", "MoveMany",
    "Fueled", "GlobalSet", "Shuffle",
    "SmallCopy", "SmallFill",  # two addresses, a length, what is read
    "ArrayGet", "ArraySet", "ArrayNew", "ArrayNewDefault", "StructSet",  # base, index, value; loops
    "NewFirst", "NewLast", "NewZeroed",
    "RefTest", "RefCast", "BrCast",  # a walk up the supertypes
    "DescTest", "DescCast",  # base, reference, descriptor, header
    "AtomicLoad", "AtomicStore", "AtomicRmw", "AtomicCmpxchg",  # any memory, up to three operands
    "Sequence",  # what its parts have in common stays in registers
)
# The files of the engine that bodies are in.
FILES = (
    "numeric", "control", "call", "bulk", "cast", "atomic", "memory", "object", "vector",
    "reference", "sequence",
)
# Vector instructions where the CPU has none: lanes one after the other.
VECTOR = re.compile(r"\d(?:I8x16|I16x8|I32x4|I64x2|F32x4|F64x2|V128)")


@dataclasses.dataclass
class Machine:
    """What instructions of a CPU look like; registers are those of objdump."""

    call: str
    # A call of what a register holds: never of a function that has a name.
    indirect_call: str
    frame: str
    # In a frame that is there, or by making one.
    saves: str
    jump: str
    # Bodies that need more registers on this CPU alone.
    crowded: tuple = ()
    # There is no other way to save a register, or to read a lane whose number is data, than in a
    # frame that is made for it. It is given back before each way out.
    saves_in_frames: bool = False
    way_out: str = "(?!)"
    # Calls of what the compiler has made itself, of which one reads and writes a memory and comes
    # back: handlers may call those, from a frame.
    helper: str = "(?!)"


# By the number that a program's header has.
MACHINES = {
    40: Machine(
        call=r"blx?\b",
        indirect_call=r"blx\s+\w+$",
        frame=r"sub\s+sp",
        saves=r"push",
        jump=r"bx\s+(?!lr)\w+$",
    ),
    62: Machine(
        call=r"call\b",
        indirect_call=r"call\s+\*%",
        frame=r"(sub|add|lea)q?\s.*%rsp$",
        saves=r"push",
        # On Windows a function that has ended says so by a prefix.
        jump=r"(rex\.W\w* )?jmp\s+\*",
        way_out=r"jmp\s+\w+ <[^+>]+>$",
    ),
    183: Machine(
        call=r"blr?\b",
        indirect_call=r"blr\b",
        frame=r"(sub|add)\s+sp, sp",
        saves=r"st[rp]\s.*\[sp",
        jump=r"br\s+x\d+$",
        # Not every CPU has instructions for what is atomic: these look which there are.
        helper=r"bl\s+\w+ <__aarch64_(cas|swp|ldadd|ldclr|ldeor|ldset)\d+_\w+>$",
        saves_in_frames=True,
        way_out=r"b\s+\w+ <[^+>]+>$",
    ),
    243: Machine(
        call=r"jalr?\b",
        indirect_call=r"jalr\s+\w+$",
        frame=r"addi?\s+sp,sp,",
        saves=r"f?s[dw]\s.*\(sp\)",
        jump=r"jr\s+\w+$",
        # It need not be able to read words at any address: they are put together of bytes.
        crowded=("Load", "Store"),
        saves_in_frames=True,
        way_out=r"j\s+\w+ <[^+>]+>$",
    ),
}


def machine_of(path):
    """The CPU that a program is for."""
    with open(path, "rb") as file:
        header = file.read(1024)
    number = int.from_bytes(header[18:20], "little") if header[:4] == b"\x7fELF" else 0
    # A program of Windows says where its header is.
    at = int.from_bytes(header[60:64], "little")
    if header[:2] == b"MZ" and header[at : at + 6] == b"PE\0\0\x64\x86":
        # Nothing below the stack pointer is a function's own there.
        return dataclasses.replace(MACHINES[62], saves_in_frames=True)
    if number not in MACHINES:
        sys.exit(f"{path}: this is for a CPU that is not known here")
    return MACHINES[number]


def mangled(word):
    """A name as it stands in a mangled one."""
    return f"{len(word)}{word}"


BODY = re.compile(r"4exec\w*?(?:" + "|".join(map(mangled, FILES)) + r")\d+(\w)")
# Blocks of an embedder's own set: they may have a frame, for what does not fit into registers.
BLOCK = re.compile(r"4exec\w*?6tables3set\d+Block\d+")
STOPS = re.compile(r"4call(?:" + "|".join(map(mangled, STOP)) + ")E")


def handlers(path, objdump):
    """Yields the mangled name and the instructions of each handler."""
    command = [objdump, "--disassemble", "--no-show-raw-insn", "--wide", path]
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


def complaint(machine, name, body, lax):
    """What is wrong with a handler, if anything is."""
    if OF_SMALL.search(name):
        on = any(re.match(machine.jump, i) or to_common(i) for i in body)
        return None if on else "does not end in an indirect jump"
    is_block = BLOCK.search(name)
    if not is_block and not BODY.search(name):
        return "its name does not tell its body"
    words = CROWDED + machine.crowded
    crowded = VECTOR.search(name) or any(mangled(word) in name for word in words)
    stops = STOPS.search(name)
    helped = any(re.match(machine.helper, i) for i in body)
    framed = machine.saves_in_frames and (crowded or helped) and not lax
    if framed and (problem := keeps_its_frame(machine, body)):
        return problem
    for instruction in body:
        if helped and re.match(machine.helper, instruction):
            continue
        if re.match(machine.call, instruction):
            # What a lax build may call has a name; the next handler is in a register.
            if not lax or re.match(machine.indirect_call, instruction):
                return f"calls: {instruction}"
        if lax or is_block:
            continue
        if re.match(machine.frame, instruction) and not framed:
            return f"has a stack frame: {instruction}"
        if re.match(machine.saves, instruction) and not (crowded or helped):
            return f"saves registers: {instruction}"
    jumps = any(re.match(machine.jump, i) or to_common(i) for i in body)
    if not stops and not jumps:
        return "does not end in an indirect jump"
    return None


def to_common(instruction):
    """Whether it is a jump to what handlers of small builds have in common; on RISC-V such a jump
    tells no name."""
    return re.match(rf"(?:b\w*(?:\.w)?|j)\s[^<]*<{COMMON.pattern}>|jr\s-?\d+\(t1\)$", instruction)


# The stack pointer moves by so many bytes: on AArch64 also by the way, on RISC-V, on x86-64.
MOVES = re.compile(
    r"(?:sub|add)\s+sp, sp, #(\w+)|\[sp, #(-\w+)\]!$|\[sp\], #(\w+)$|addi?\s+sp,sp,(-?\w+)"
    r"|(?:sub|add)q?\s+\$(\w+),%rsp$|leaq?\s+(-?\w+)\(%rsp\),%rsp$"
)


def keeps_its_frame(machine, body):
    """What is wrong with a handler that may have a frame, if it does not give it back before each
    way out."""
    size, inside = None, False
    for instruction in body:
        if match := MOVES.search(instruction):
            amount = int(next(filter(None, match.groups())), 0)
            size = size or abs(amount)
            if abs(amount) != size:
                return f"a frame of {abs(amount)} and {size} bytes: {instruction}"
            inside = amount < 0 or instruction.startswith("sub")
        elif re.match(f"{machine.jump}|{machine.way_out}", instruction):
            if inside:
                return f"does not give back its frame: {instruction}"
            # What follows is reached by branches; it gives back the frame, if it is in one.
    return None


def unused(names):
    """The words of the lists that are in no name."""
    names = "\n".join(names)
    words = [word for word in CROWDED if mangled(word) not in names]
    words += [word for word in STOP if not re.search(f"4call{mangled(word)}E", names)]
    return words + [word for word in FILES if not re.search(rf"4exec\w*?{mangled(word)}\d", names)]


def show(path, objdump, word):
    """Prints the handlers whose names contain a word; false if there are none."""
    found, count = 0, 0
    for name, body in handlers(path, objdump):
        count += 1
        if word in name:
            found += 1
            print(f"{name}:")
            print("".join(f"    {instruction}\n" for instruction in body))
    print(f"{found} of {count} handlers have {word} in their names")
    if not count:
        print("was it built with `-C symbol-mangling-version=v0`?")
    return found > 0


def judge(path, objdump, lax, small):
    """Whether all handlers are as they have to be."""
    machine = machine_of(path)
    names, size, bad = [], 0, []
    for name, body in handlers(path, objdump):
        names.append(name)
        size += len(body)
        problem = complaint(machine, name, body, lax)
        if problem:
            bad.append(f"{name}: {problem}")
    for line in bad[:20]:
        print(line)
    mean = size / max(len(names), 1)
    print(f"{len(names)} handlers, {mean:.1f} instructions in the mean, {len(bad)} bad")
    least = 140 if small else 1000
    if len(names) < least:
        print(f"there should be more than {least} handlers")
    idle = [] if small else unused(names)
    if idle:
        print(f"no handler has these words of the lists in its name: {' '.join(idle)}")
    return not bad and not idle and len(names) >= least


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lax", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--show", metavar="WORD")
    parser.add_argument("--objdump", metavar="PROGRAM", default="objdump")
    parser.add_argument("file")
    args = parser.parse_args()
    path, objdump = args.file, args.objdump
    if args.show:
        sys.exit(not show(path, objdump, args.show))
    sys.exit(not judge(path, objdump, args.lax or args.small, args.small))


main()
