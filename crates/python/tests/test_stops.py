"""What stops guests: traps, exceptions, signals, deadlines, interrupts; and threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, List

import pytest

import windlass as wl

SPIN = '(func $spin (export "spin") (loop (br 0)))'
COUNT = """(func (export "count") (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0))"""


def test_traps() -> None:
    text = """(module $m (func $inner (param i32) (result i32)
          (i32.div_s (i32.const 1) (local.get 0)))
        (func $outer (export "run") (result i32) (call $inner (i32.const 0))))"""
    with pytest.raises(wl.Trap) as trap:
        wl.load(text).run()
    assert trap.value.message == "integer divide by zero"
    assert trap.value.trap_code == wl.TrapCode.INTEGER_DIVISION_BY_ZERO
    names = [(each.module_name, each.func_name) for each in trap.value.frames]
    assert names == [("m", "inner"), ("m", "outer")]
    assert "m!inner" in str(trap.value)


def test_trap_codes_are_known() -> None:
    with pytest.raises(wl.Trap) as trap:
        wl.load('(func (export "run") unreachable)').run()
    assert trap.value.trap_code == wl.TrapCode.UNREACHABLE
    assert wl.Trap("mine").trap_code is None and wl.Trap("mine").frames == []


class Mine(Exception):
    pass


def test_exceptions_of_host_functions_come_through() -> None:
    error = Mine("mine")

    def fail() -> None:
        raise error

    text = '(import "env" "fail" (func $fail)) (func (export "run") (call $fail))'
    guest = wl.load(text, {"env": {"fail": fail}})
    with pytest.raises(Mine) as raised:
        guest.run()
    assert raised.value is error
    # Through two guests.
    outer = wl.load(text, {"env": {"fail": guest.run}})
    with pytest.raises(Mine) as raised:
        outer.run()
    assert raised.value is error
    with pytest.raises(wl.UncaughtException):
        wl.load('(tag $t) (func (export "run") (throw $t))').run()


def test_start_functions() -> None:
    seen: List[int] = []
    text = """(import "env" "see" (func $see (param i32)))
        (func $start (call $see (i32.const 1))) (start $start)"""
    wl.load(text, {"env": {"see": seen.append}})
    assert seen == [1]
    with pytest.raises(wl.Trap):
        wl.load("(func $start unreachable) (start $start)")


def interrupted_by_signal(run: Any) -> float:
    # Who is started in the background may ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run()
    timer.join()
    return time.monotonic() - start


def test_keyboard_interrupt_stops_a_guest() -> None:
    guest = wl.load(SPIN + COUNT)
    interrupted_by_signal(guest.spin)
    # The store can be used again.
    assert guest.count(5) == 0


def test_keyboard_interrupt_stops_a_start_function() -> None:
    interrupted_by_signal(lambda: wl.load("(func $s (loop (br 0))) (start $s)"))


def test_keyboard_interrupt_stops_a_guest_with_a_view() -> None:
    guest = wl.load(SPIN + '(memory (export "memory") 1)')
    with guest.memory.view():
        interrupted_by_signal(guest.spin)


SLEEP = """(import "wasi_snapshot_preview1" "poll_oneoff"
      (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "sleep") (param i64) (result i32)
      (i32.store offset=16 (i32.const 0) (i32.const 1))
      (i64.store offset=24 (i32.const 0) (local.get 0))
      (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))"""


def test_keyboard_interrupt_stops_a_guest_that_waits() -> None:
    guest = wl.load(SLEEP, wasi=wl.WasiConfig())
    interrupted_by_signal(lambda: guest.sleep(10**12))


def test_waiting_is_not_disturbed() -> None:
    guest = wl.load(SLEEP, wasi=wl.WasiConfig())
    start = time.monotonic()
    assert guest.sleep(100_000_000) == 0
    assert time.monotonic() - start >= 0.1


def test_deadlines() -> None:
    engine = wl.Engine(wl.Config(epoch_interruption=True))
    store = wl.Store(engine)
    guest = wl.load(SPIN + COUNT, store=store)
    store.set_epoch_deadline(2)
    for _ in range(2):
        engine.increment_epoch()
    for _ in range(2):
        with pytest.raises(wl.Trap) as trap:
            guest.spin()
        assert trap.value.trap_code == wl.TrapCode.INTERRUPT
        assert trap.value.frames[0].func_name == "spin"
    store.set_epoch_deadline(1)
    assert guest.count(5) == 0


def test_interrupts() -> None:
    store = wl.Store()
    guest = wl.load(SPIN, store=store)
    threading.Timer(0.1, store.interrupt).start()
    with pytest.raises(wl.Trap, match="interrupted"):
        guest.spin()
    with pytest.raises(wl.WindlassError, match="cannot be interrupted"):
        wl.Store(wl.Engine(wl.Config(interrupts=False))).interrupt()


def test_threads() -> None:
    """Other threads run meanwhile; one that uses the store gets an error, and does not wait."""
    store = wl.Store()
    guest = wl.load(SPIN + COUNT, store=store)
    traps: List[BaseException] = []

    def spin() -> None:
        try:
            guest.spin()
        except wl.Trap as trap:
            traps.append(trap)

    thread = threading.Thread(target=spin)
    thread.start()
    while True:
        try:
            guest.count(1)
        except wl.StoreInUse as error:
            assert "another thread" in str(error)
            break
    own = wl.load(COUNT)
    assert own.count(100_000) == 0
    store.interrupt()
    thread.join(timeout=60)
    assert not thread.is_alive() and len(traps) == 1
    assert guest.count(1) == 0


def test_guests_in_threads_run_at_once() -> None:
    """Each waits for the other: both are in their host functions at the same time."""
    barrier = threading.Barrier(2, timeout=60)
    text = """(import "env" "wait" (func $w (result i32)))
        (func (export "run") (result i32) (call $w))"""
    results: List[int] = []

    def run() -> None:
        results.append(wl.load(text, {"env": {"wait": barrier.wait}}).run())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 1]


def test_other_threads_run_while_a_view_is_held() -> None:
    guest = wl.load(SPIN + '(memory (export "memory") 1)')
    store = guest._store
    threading.Timer(0.05, store.interrupt).start()
    with guest.memory.view():
        with pytest.raises(wl.Trap, match="interrupted"):
            guest.spin()


WRITE = """(import "wasi_snapshot_preview1" "fd_write"
      (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\\08\\00\\00\\00\\02\\00\\00\\00hi")
    (func (export "run") (result i32)
      (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))"""


def test_a_store_in_use_is_not_used() -> None:
    """By the thread that uses it, but from code in the middle of something."""
    store = wl.Store()
    errors: List[BaseException] = []

    def write(text: bytes) -> None:
        try:
            store.gc()
        except wl.StoreInUse as error:
            errors.append(error)

    def show(_: bytes) -> None:
        shown.append(repr(guest.run))

    text = WRITE
    assert wl.load(text, wasi=wl.WasiConfig(stdout=write), store=store).run() == 0
    assert len(errors) == 1
    # What a function is called can be told all the same.
    shown: List[str] = []
    guest = wl.load(text, wasi=wl.WasiConfig(stdout=show))
    assert guest.run() == 0 and "wasm function run" in shown[0]

    def fail(_: bytes) -> None:
        raise Mine

    with pytest.raises(Mine):
        wl.load(text, wasi=wl.WasiConfig(stdout=fail)).run()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_children_have_their_own_pulse() -> None:
    script = f"""
import os, signal, threading, windlass
guest = windlass.load({SPIN!r})
threading.Timer(0.05, guest._store.interrupt).start()
try: guest.spin()
except windlass.Trap: pass
child = os.fork()
if child == 0:
    def stop(*_): os._exit(7)
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(1)
    guest.spin()
_, status = os.waitpid(child, 0)
assert os.WEXITSTATUS(status) == 7, status
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_many_stores_take_no_more_memory() -> None:
    resource = pytest.importorskip("resource")
    engine = wl.Engine()
    module = wl.Module(engine, COUNT + '(memory (export "memory") 1)')

    def some(count: int) -> None:
        for _ in range(count):
            store = wl.Store(engine)
            guest = wl.load(module, {"env": {"f": lambda: store}}, store=store)
            guest.count(3)

    some(2000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    some(2000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 << 10


# Methods end in the middle of what they are of: functions would be put off by Python itself.
CHAINS = {
    "data": "store = Store(engine, last)",
    "host function": """store = Store(engine)
        Func(store, FuncType([], []), MethodType(print, last))""",
    "stream": """store = Store(engine)
        store.set_wasi(WasiConfig(stdout=MethodType(print, last)))""",
    "linker": """store = Linker(engine)
        store.define_func("", "f", FuncType([], []), MethodType(print, last))""",
    "result": """store = echo.start(root, last)
        store.run(root)""",
}


@pytest.mark.parametrize("cyclic", [False, True])
@pytest.mark.parametrize("kind", CHAINS)
def test_long_chains_end_one_after_the_other(kind: str, cyclic: bool) -> None:
    """Each has the last reference to the one before. On a small stack, which a few are too deep
    for."""
    script = f"""
import gc, threading
from types import MethodType
from windlass import Engine, Func, FuncType, Linker, Store, WasiConfig
ended = []
class First:
    def __del__(self):
        ended.append(1)
def chain():
    engine, root, last = Engine(), Store(), First()
    cycle = []
    if {cyclic}:
        last.cycle = cycle
    echo = Func(root, FuncType(["externref"], ["externref"]), lambda value: value)
    for _ in range(3000):
        {CHAINS[kind]}
        last = store
    cycle.append(last)
def run():
    chain()
    gc.collect()
threading.stack_size(512 << 10)
thread = threading.Thread(target=run)
thread.start()
thread.join()
assert ended == [1]
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)


def test_the_process_ends_while_a_host_function_of_a_daemon_thread_waits() -> None:
    """Python ends such threads when they want to go on, in the middle of the guest's call."""
    for kind in ("host", "wasi"):
        script = f"""
import sys, threading, time, windlass
entered = threading.Event()
def wait(*_):
    entered.set()
    while True:
        time.sleep(0.001)
text = {WRITE!r}
imports = {{"env": {{"wait": wait}}}} if {kind!r} == "host" else None
text = text if imports is None else '(import "env" "wait" (func)) (export "run" (func 0))'
wasi = windlass.WasiConfig(stdout=wait) if imports is None else None
guest = windlass.load(text, imports, wasi=wasi)
threading.Thread(target=guest.run, daemon=True).start()
entered.wait()
class Slow:
    def __del__(self): time.sleep(0.1)
kept = sys.modules["kept"] = Slow()
"""
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")


NESTS = """
import threading, windlass
text = '(import "env" "again" (func $again)) (func (export "run") (call $again))'
def again():
    depth[0] += 1
    guest.run()
guest = windlass.load(text, imports={"env": {"again": again}})
ends = []
def nest():
    for _ in range(2):
        depth[0] = 0
        try:
            guest.run()
        except windlass.Trap as trap:
            ends.append((trap.trap_code, depth[0] > 0))
depth = [0]
threading.stack_size(SIZE << 10)
thread = threading.Thread(target=nest)
thread.start()
thread.join()
assert ends == [(windlass.TrapCode.STACK_OVERFLOW, True)] * 2, ends
"""


@pytest.mark.parametrize("size", [192, 256, 512, 1024])
def test_calls_that_nest_end_as_a_trap_on_small_stacks(size: int) -> None:
    program = NESTS.replace("SIZE", str(size))
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.returncode, done.stderr)
