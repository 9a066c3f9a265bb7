"""Real programs: CPython, SQLite, a plugin in Rust. `cargo xtask python` says where they are."""

from __future__ import annotations

import os
import pathlib
from typing import Any, Dict, List

import pytest

import windlass as wl


def program(name: str) -> str:
    """The file; skips the test if there is none."""
    path = os.environ.get(f"WINDLASS_{name}")
    if path is None:
        pytest.skip(f"WINDLASS_{name} is not set")
    return path


def test_cpython(tmp_path: pathlib.Path) -> None:
    module = wl.Module.from_file(wl.Store().engine, program("CPYTHON"))
    script = """
import json, re, sys
words = re.findall("[a-z]+", open("/data/text").read())
json.dump({"words": words, "version": sys.version_info[:2]}, sys.stdout)
sys.exit(3)
"""
    (tmp_path / "text").write_text("one, two; three")
    wasi = wl.WasiConfig(["python", "-I", "-S", "-c", script])
    wasi.preopen_dir(tmp_path, "/data", fs_mutable=False)
    stdout, stderr = wasi.capture_stdout(), wasi.capture_stderr()
    with pytest.raises(wl.ExitTrap) as exit_:
        wl.load(module, wasi=wasi)._start()
    told = '{"words": ["one", "two", "three"], "version": [3, 12]}'
    assert (exit_.value.code, stdout.text(), stderr.text()) == (3, told, "")


class Database:
    """SQLite in a guest. The package shortens its names."""

    def __init__(self, path: str) -> None:
        def sizes(count: int, size: int) -> int:
            self.guest.O.write(count, bytes(4))
            self.guest.O.write(size, bytes(4))
            return 0

        def missing(*_: Any) -> None:
            raise NotImplementedError

        store = wl.Store()
        module = wl.Module.from_file(store.engine, path)
        imports: Dict[str, Any] = {each.name: missing for each in module.imports}
        imports |= {"c": lambda: 0.0, "d": lambda: 0.0, "x": lambda *_: -44, "H": sizes}
        imports |= dict.fromkeys("lpG", lambda *_: 0)
        self.guest: Any = wl.load(module, {"a": imports}, store=store)
        self.guest.P()
        self.room = self.guest.Ia(4)
        assert self.guest.Ha(self.put(":memory:"), self.room) == 0
        self.handle = self.word()

    def put(self, text: str) -> int:
        at: int = self.guest.Ia(len(text.encode()) + 1)
        self.guest.O.write_string(at, text)
        return at

    def word(self) -> int:
        return int.from_bytes(self.guest.O[self.room : self.room + 4], "little")

    def run(self, sql: str) -> List[List[str]]:
        guest = self.guest
        assert guest.T(self.handle, self.put(sql), -1, self.room, 0) == 0, sql
        statement, rows = self.word(), []
        while (code := guest.U(statement)) == 100:
            texts = [guest.Z(statement, i) for i in range(guest.ra(statement))]
            rows.append([guest.O.read_string(text) for text in texts])
        assert code == 101 and guest.X(statement) == 0
        return rows


def test_sqlite() -> None:
    database = Database(program("SQLITE"))
    database.run("create table planet(name text primary key, moons int)")
    database.run("insert into planet values('Earth', 1), ('Mars', 2), ('Venus', 0)")
    rows = database.run("select name, moons from planet order by moons desc")
    assert rows == [["Mars", "2"], ["Earth", "1"], ["Venus", "0"]]
    numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)"
    database.run(f"{numbers} insert into planet select 'ü' || i, i from n")
    assert database.run("select sum(moons), max(name) from planet") == [["500503", "ü999"]]
    assert database.run("pragma integrity_check") == [["ok"]]


def test_a_plugin_in_rust() -> None:
    logged: List[str] = []
    guest: Any = None

    def log(at: int, size: int) -> None:
        logged.append(guest.memory.read_string(at, size))

    guest = wl.load(program("PLUGIN"), {"host": {"log": log}})
    text = "Größe zählt. Die Größe!".encode()
    at = guest.room(len(text))
    guest.memory.write(at, text)
    packed = guest.count(at, len(text)) % 2**64
    report = guest.memory.read_string(packed >> 32, packed % 2**32)
    assert report == "die=1;größe=2;zählt=1;" and logged == ["4 words, 3 different"]
