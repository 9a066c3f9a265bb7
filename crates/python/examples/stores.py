"""Many stores, one after the other, with a guest each: how much more the process has after them.

Takes how many; 2,000 by default.
"""

from __future__ import annotations

import gc
import os
import sys

import windlass

TEXT = """(module
  (import "env" "host" (func $host (param i32) (result i32)))
  (memory (export "memory") 1)
  (table 10 funcref)
  (func (export "run") (param i32) (result i32)
    (i32.add (call $host (local.get 0)) (i32.const 1))))"""


def resident() -> int:
    """What is resident, in KiB; 0 where that can't be told."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except OSError:
        return 0


def one(engine: windlass.Engine, module: windlass.Module) -> None:
    store = windlass.Store(engine)
    # The host function has the store: a cycle, which the collector finds.
    imports = {"env": {"host": lambda n: n if store else 0}}
    guest = windlass.load(module, imports, store=store)
    assert guest.run(20) == 21


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    engine = windlass.Engine()
    module = windlass.Module(engine, TEXT)
    before = 0
    for done in range(count):
        if done == count // 10:
            gc.collect()
            before = resident()
        one(engine, module)
    gc.collect()
    grown = resident() - before
    print(f"{count} stores: {grown} KiB more than after a tenth of them")


if __name__ == "__main__":
    main()
