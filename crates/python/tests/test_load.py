"""The short way, views of memories, WASI, asyncio, the command."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import pathlib
import subprocess
import sys
import threading
from typing import Any, Callable, List

import pytest

import windlass as wl

GUEST = """(import "env" "log" (func $log (param i32 i32)))
    (import "env" "scale" (func $scale (param f64) (result f64)))
    (memory (export "memory") 1 10) (data (i32.const 8) "hello")
    (global (export "count") (mut i32) (i32.const 0))
    (table (export "table") 2 funcref) (elem (i32.const 0) $run)
    (func $run (export "run") (param f64) (result f64)
      (call $log (i32.const 8) (i32.const 5))
      (global.set 0 (i32.add (global.get 0) (i32.const 1)))
      (call $scale (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"""


def load() -> Any:
    logged: List[str] = []
    guest: Any = None

    def log(at: int, size: int) -> None:
        logged.append(guest.memory.read_string(at, size))

    guest = wl.load(GUEST, {"env": {"log": log, "scale": lambda x: 2 * x, "unused": None}})
    return guest, logged


def test_short() -> None:
    guest, logged = load()
    assert guest.run(1.5) == 3.0 and logged == ["hello"]
    assert guest["run"].__name__ == "run" and "f64" in repr(guest.run)
    assert guest.count.value == 1
    guest.count.value = 10
    guest.table[1] = guest.run
    assert guest.table[1](2) == 4.0 and guest.count.value == 11
    assert set(guest) == {"memory", "count", "table", "run", "grow"} <= set(dir(guest))
    with pytest.raises(AttributeError, match="`jump`; there are: memory, count"):
        guest.jump()


def test_bytes() -> None:
    memory = load()[0].memory
    assert memory[8] == ord("h") and memory[8:13] == b"hello" and len(memory) == 65536
    memory[8] = ord("j")
    memory[9:11] = b"el"
    assert memory.read_string(8) == "jello"
    assert memory.write_string(100, "grüße") == 8 and memory.read_string(100) == "grüße"
    with pytest.raises(ValueError, match="keeps its size"):
        memory[0:2] = b"abc"
    with pytest.raises(IndexError):
        memory.read_string(65530, 10)
    memory[65530:] = b"no end"
    for wrong in ((65530,), (-7, 8), (0, -1), (65537,), (-65537,)):
        with pytest.raises(IndexError):
            memory.read_string(*wrong)
    assert memory.read_string(-6, 6) == "no end" and memory[-1] == ord("d")
    memory[-2:] = b"\0!"
    assert memory.read_string(-6) == "no e"
    with pytest.raises(TypeError):
        memory[0:5] = 5
    for far in (65536, -65537, 2**80):
        with pytest.raises(IndexError):
            memory[far]


def test_indices_of_tables() -> None:
    guest, _ = load()
    assert guest.table[-1] is None and guest.table[-2](1) == 2.0
    guest.table[-1] = guest.run
    assert guest.table[1](1) == 2.0
    for wrong in (2, -3):
        with pytest.raises(IndexError):
            guest.table[wrong]
        with pytest.raises(IndexError):
            guest.table[wrong] = None


def test_views() -> None:
    guest, _ = load()
    view = guest.memory.view()
    assert view[8:13] == b"hello" and len(view) == 65536 and not view.readonly
    view[8] = ord("c")
    assert guest.memory.read_string(8, 5) == "cello"
    guest.run(1)
    # It grows where it is, or not at all.
    grown = guest.grow(1)
    assert grown in (1, -1) and bytes(view[8:13]) == b"cello"
    view[9] = ord("a")
    assert guest.memory[9] == ord("a")
    part = view[8:10]
    view.release()
    del guest, view
    gc.collect()
    assert bytes(part) == b"ca"


def test_a_memory_that_would_move_does_not_grow_while_it_is_viewed() -> None:
    # So small that it lies with the allocator.
    guest = wl.load(
        """(memory (export "memory") 1 3)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"""
    )
    view = guest.memory.view()
    assert guest.grow(1) == -1
    with pytest.raises(BufferError, match="by 1 page: there are views of it"):
        guest.memory.grow(1)
    with pytest.raises(wl.MemoryInUse):
        guest.memory.grow(2)
    # No view is why this fails.
    with pytest.raises(wl.WindlassError, match="by 3 pages$") as raised:
        guest.memory.grow(3)
    assert not isinstance(raised.value, BufferError)
    second = guest.memory.view()
    del view
    with pytest.raises(BufferError):
        guest.memory.grow(1)
    del second
    assert guest.grow(1) == 1 and guest.memory.grow(1) == 2
    with pytest.raises(wl.WindlassError) as raised:
        guest.memory.grow(1)
    assert not isinstance(raised.value, BufferError)


def test_a_view_keeps_its_own_memory_alone() -> None:
    guest = wl.load('(memory (export "a") 1 3) (memory (export "b") 1 3)')
    view = guest.a.view()
    assert guest.b.grow(1) == 1
    with pytest.raises(BufferError):
        guest.a.grow(1)
    # Without the store, as another thread may.
    del view
    assert guest.a.grow(1) == 1


def test_a_view_that_a_host_function_makes() -> None:
    """Its guest goes on with the GIL: nobody sees bytes while they change."""
    views: List[memoryview] = []
    seen: List[bool] = []
    guest: Any = None

    def look() -> int:
        views.append(guest.memory.view())
        return 7

    def watch() -> None:
        # Both numbers are written without anything between that would give the GIL away.
        while not seen or views:
            if views and (numbers := bytes(views[0][:8])):
                seen.append(numbers[:4] == numbers[4:])

    text = """(import "env" "look" (func $look (result i32)))
        (memory (export "memory") 1 1)
        (func (export "run") (param i32) (result i32) (local i32)
          (local.set 1 (call $look))
          (loop $next
            (i32.store (i32.const 0) (local.get 0))
            (i32.store (i32.const 4) (local.get 0))
            (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (local.get 1))"""
    guest = wl.load(text, {"env": {"look": look}})
    watcher = threading.Thread(target=watch)
    watcher.start()
    assert guest.run(3_000_000) == 7
    views.clear()
    watcher.join()
    assert all(seen) and guest.run(3) == 7
    # What it returns is still looked at.
    with pytest.raises(TypeError, match="i32"):
        broken = wl.load(text, {"env": {"look": lambda: [guest.memory.view()]}})
        guest = broken
        broken.run(3)


def test_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    guest, _ = load()
    numbers = numpy.frombuffer(guest.memory.view(), dtype="<u4", count=4, offset=64)
    numbers[:] = [1, 2, 3, 2**32 - 1]
    assert guest.memory[64:80] == numbers.tobytes()
    memory, store = guest.memory.memory, guest.memory.store
    numbers = numpy.frombuffer(memory.get_buffer_ptr(store, 4, 8), dtype=numpy.uint8)
    assert bytes(numbers) == b"hell"
    assert memory.data_ptr(store)[8] == ord("h")
    with pytest.raises(IndexError):
        memory.get_buffer_ptr(store, 65536, 1)


WASI = """(import "wasi_snapshot_preview1" "fd_write"
      (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (drop (call $args (i32.const 0) (i32.const 256)))
      (i32.store (i32.const 100) (i32.load (i32.const 4)))
      (i32.store (i32.const 104) (i32.const 5))
      (drop (call $write (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 200)))
      (call $exit (i32.const 3)))"""


def test_wasi() -> None:
    wasi = wl.WasiConfig(["program", "words"])
    stdout = wasi.capture_stdout()
    with pytest.raises(wl.ExitTrap) as exit_:
        wl.load(WASI, wasi=wasi)._start()
    assert exit_.value.code == 3
    assert stdout.contents() == b"words" and stdout.text() == "words"
    written: List[bytes] = []
    wasi = wl.WasiConfig(["program", "words"], stdout=written.append)
    with pytest.raises(wl.ExitTrap):
        wl.load(WASI, wasi=wasi)._start()
    assert written == [b"words"]


def test_wasi_files(tmp_path: pathlib.Path) -> None:
    wasi = wl.WasiConfig(["program", "words"])
    wasi.stdout_file = str(tmp_path / "out")
    with pytest.raises(wl.ExitTrap):
        wl.load(WASI, wasi=wasi)._start()
    assert (tmp_path / "out").read_text() == "words"
    text = """(import "wasi_snapshot_preview1" "path_create_directory"
          (func $make (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "made")
        (func (export "make") (result i32)
          (call $make (i32.const 3) (i32.const 0) (i32.const 4)))"""
    for mutable in (False, True):
        wasi = wl.WasiConfig()
        wasi.preopen_dir(tmp_path, "/", mutable)
        assert (wl.load(text, wasi=wasi).make() == 0) == mutable
        assert (tmp_path / "made").exists() == mutable
    wasi = wl.WasiConfig()
    wasi.preopen_dir(tmp_path / "nothing", "/")
    with pytest.raises(FileNotFoundError, match="nothing"):
        wl.load(text, wasi=wasi)


def test_command(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.wat"
    program.write_text(WASI)

    def run(*args: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "windlass", "run", *args]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    done = run(str(program), "words")
    assert (done.returncode, done.stdout, done.stderr) == (3, "words", "")
    program.write_text(
        '(func (export "add") (param i32 f64) (result f64)'
        " (f64.add (f64.convert_i32_s (local.get 0)) (local.get 1)))"
        ' (func (export "bad") unreachable)'
    )
    done = run("--invoke", "add", str(program), "40", "2.5")
    assert (done.returncode, done.stdout) == (0, "42.5\n")
    done = run("--invoke", "bad", str(program))
    assert done.returncode == 134 and done.stderr.startswith("trap: unreachable")
    assert run("--invoke", "none", str(program)).returncode == 1
    assert run(str(tmp_path / "nothing")).returncode == 1


ASK = """(import "env" "ask" (func $ask (param i32) (result i32)))
    (func (export "run") (param i32) (result i32)
      (i32.add (call $ask (local.get 0)) (call $ask (i32.const 10))))
    (func (export "spin") (loop (br 0)))"""


def asking() -> Any:
    async def ask(n: int) -> int:
        await asyncio.sleep(0)
        if n < 0:
            raise ValueError(n)
        return 2 * n

    return wl.load(ASK, {"env": {"ask": ask}})


def test_async() -> None:
    async def main() -> None:
        guests = [asking() for _ in range(10)]
        results = await asyncio.gather(*(g.run.call_async(i) for i, g in enumerate(guests)))
        assert results == [2 * i + 20 for i in range(10)]
        with pytest.raises(ValueError):
            await guests[0].run.call_async(-1)
        # Two calls of one store wait at the same time.
        same = await asyncio.gather(*(guests[0].run.call_async(i) for i in range(3)))
        assert same == [20, 22, 24]

    asyncio.run(main())


def test_async_guests_give_way_and_are_cancelled() -> None:
    async def main() -> None:
        guest = asking()
        task = asyncio.ensure_future(guest.spin.call_async())
        for _ in range(3):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await guest.run.call_async(1) == 22

    asyncio.run(main())


def test_async_functions_need_async_calls() -> None:
    with pytest.raises(wl.WindlassError, match="call_async"):
        asking().run(1)


def test_executions() -> None:
    store = wl.Store(wl.Engine(wl.Config(consume_fuel=True)))
    text = """(func (export "count") (param i32) (result i32) (local i32)
        (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
          (br_if 0 (i32.lt_s (local.get 1) (local.get 0)))) (local.get 1))"""
    execution = wl.load(text, store=store).count.start(10_000)
    events = []
    while True:
        store.set_fuel(5_000)
        events.append(execution.run(store))
        if events[-1] == "finished":
            break
    assert execution.result == 10_000 and len(events) > 3
    assert set(events) == {"out of fuel", "finished"}
    with pytest.raises(wl.WindlassError):
        execution.run(store)
    with pytest.raises(wl.WindlassError):
        execution.resume(store, 1)


def test_mistakes_on_the_command_line_are_errors(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "add.wasm"
    text = """(memory (export "memory") 1)
        (func (export "add") (param i32 i64) (result i64) (local.get 1))"""
    file.write_bytes(wl.wat2wasm(text))
    for args, message in [
        (["--invoke", "add", str(file), "1"], "`add` takes 2 arguments, not 1"),
        (["--invoke", "add", str(file), "x", "1"], "`x` is no i32"),
        (["--invoke", "add", str(file), "99999999999", "2"], "error: "),
        (["--invoke", "memory", str(file)], "no function is exported as `memory`"),
        (["--env", "FOO", str(file)], "expected NAME=VALUE, not `FOO`"),
    ]:
        command = [sys.executable, "-m", "windlass", "run", *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode in (1, 2) and message in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


def test_the_command_tells_its_version_and_names_files(tmp_path: pathlib.Path) -> None:
    command = [sys.executable, "-m", "windlass"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout == f"windlass {wl.__version__}\n" and done.returncode == 0
    file = tmp_path / "none.wasm"
    command += ["run", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == f"error: {file}: {os.strerror(errno.ENOENT)}\n" and done.returncode == 1


def test_errors_of_files_are_those_of_python(tmp_path: pathlib.Path) -> None:
    none, module = str(tmp_path / "none"), wl.Module(wl.Engine(), "(module)")

    def preopen() -> wl.WasiConfig:
        wasi = wl.WasiConfig()
        wasi.preopen_dir(none, "/")
        return wasi

    def wasi(config: wl.WasiConfig) -> None:
        wl.Store().set_wasi(config)

    uses: List[Callable[[], object]] = [
        lambda: wl.load(none),
        lambda: wl.load(pathlib.Path(none)),
        lambda: wl.Module.from_file(wl.Engine(), none),
        lambda: wl.Module.deserialize_file(wl.Engine(), none),
        lambda: wasi(preopen()),
        lambda: wasi(wl.WasiConfig(stdin=none)),
        lambda: wasi(wl.WasiConfig(stdout=str(pathlib.Path(none) / "out"))),
    ]
    for use in uses:
        with pytest.raises(FileNotFoundError) as raised:
            use()
        error = raised.value
        assert error.errno == errno.ENOENT and error.strerror == os.strerror(errno.ENOENT)
        assert str(error.filename).startswith(none)
    assert module.serialize() == wl.wat2wasm("(module)")


def test_stop_iteration_ends_an_awaited_call_as_it_ends_a_coroutine() -> None:
    def stop() -> None:
        raise StopIteration(7)

    text = '(import "env" "stop" (func $stop)) (func (export "run") (call $stop))'
    guest = wl.load(text, {"env": {"stop": stop}})
    with pytest.raises(StopIteration) as stopped:
        guest.run()
    assert stopped.value.value == 7
    with pytest.raises(RuntimeError) as raised:
        asyncio.run(guest.run.call_async())
    assert isinstance(raised.value.__cause__, StopIteration)
