"""How long calls and accesses to memory take; beside the package `wasmtime`, if it is installed.

Nanoseconds each, the least of 15 rounds in which they take turns. Only what a release build says
means anything: `pip install .` makes one.
"""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any, Callable, Dict, Tuple

TEXT = """(module
  (import "env" "host" (func $host (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "hosts") (param i32)
    (loop $next
      (drop (call $host (local.get 0)))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add
        (call $fib (i32.sub (local.get 0) (i32.const 1)))
        (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"""


def host(n: int) -> int:
    return n


Work = Dict[str, Tuple[int, Callable[[], None]]]


def repeat(count: int, f: Callable[..., Any], *args: Any) -> Tuple[int, Callable[[], None]]:
    def run() -> None:
        for _ in range(count):
            f(*args)

    return count, run


def work(package: Any, config: Any = None, count: int = 20_000) -> Work:
    """What is measured: how often a function does something, and the function."""
    engine = package.Engine() if config is None else package.Engine(config)
    linker, store = package.Linker(engine), package.Store(engine)
    i32 = package.ValType.i32()
    linker.define_func("env", "host", package.FuncType([i32], [i32]), host)
    instance = linker.instantiate(store, package.Module(engine, TEXT))
    exports = instance.exports(store)
    add, hosts, fib, memory = (exports[name] for name in ("add", "hosts", "fib", "memory"))
    return {
        "call of a guest": repeat(count, add, store, 40, 2),
        "call of a host function": (count, lambda: hosts(store, count)),
        "read 16 bytes": repeat(count, memory.read, store, 64, 80),
        "write 16 bytes": repeat(count, memory.write, store, bytes(16), 64),
        "fib(22), a call": (57_313, lambda: fib(store, 22)),
    }


def measure(columns: Dict[str, Work], rounds: int) -> Dict[str, Dict[str, float]]:
    """Nanoseconds each. The columns take turns, so that what slows the machine slows them all."""
    least = {name: {row: float("inf") for row in rows} for name, rows in columns.items()}
    for _ in range(rounds):
        for name, rows in columns.items():
            for row, (count, run) in rows.items():
                start = time.perf_counter()
                run()
                each = (time.perf_counter() - start) / count * 1e9
                least[name][row] = min(least[name][row], each)
    return least


def main() -> None:
    import windlass

    quick = "--quick" in sys.argv
    count = 200 if quick else 20_000
    columns = {
        "windlass": work(windlass, None, count),
        "no interrupts": work(windlass, windlass.Config(interrupts=False), count),
    }
    try:
        if not quick:
            columns["wasmtime"] = work(importlib.import_module("wasmtime"), None, count)
    except ImportError:
        pass
    measured = measure(columns, 1 if quick else 15)
    print(" " * 24 + "".join(f"{name:>16}" for name in columns))
    for row in columns["windlass"]:
        print(f"{row:24}" + "".join(f"{column[row]:16.0f}" for column in measured.values()))


if __name__ == "__main__":
    main()
