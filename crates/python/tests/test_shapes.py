"""The long way: items that get their store first."""

from __future__ import annotations

import gc
import weakref
from typing import Any, Callable, List

import pytest

import windlass as wl
from windlass import Engine, Func, FuncType, Instance, Limits, Linker, Module, Store, ValType

ADD = '(func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))'


def instantiate(text: str, linker: "Linker | None" = None, store: "Store | None" = None) -> Any:
    store = store or Store()
    linker = linker or Linker(store.engine)
    instance = linker.instantiate(store, Module(store.engine, text))
    return store, instance.exports(store)


def test_call() -> None:
    store, exports = instantiate(ADD)
    assert exports["add"](store, 40, 2) == 42
    assert exports["add"](store, 2**31 - 1, 1) == -(2**31)
    assert exports["add"](store, 2**32 - 1, 0) == -1
    assert exports["add"].type(store) == FuncType(["i32", "i32"], [ValType.i32()])
    with pytest.raises(OverflowError):
        exports["add"](store, 2**32, 1)
    with pytest.raises(TypeError, match="expected 2 arguments, found 1"):
        exports["add"](store, 1)
    with pytest.raises(TypeError, match="i32.*str"):
        exports["add"](store, "1", 2)
    with pytest.raises(TypeError, match="Store or Caller"):
        exports["add"](1, 2)


def test_values() -> None:
    text = """(func (export "all") (param i64 f32 f64 v128 externref)
        (result i64 f32 f64 v128 externref)
        (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4))"""
    store, exports = instantiate(text)
    value = object()
    given = [-(2**63), 1.5, 0.1, 2**127 + 5, value]
    assert exports["all"](store, *given) == given
    assert exports["all"](store, 2**64 - 1, 1, 2, bytes(16), None) == [-1, 1.0, 2.0, 0, None]


def test_modules() -> None:
    module = Module(Engine(), f'(module $named (import "a" "b" (memory 1 3)) {ADD})')
    assert module.name == "named"
    [imported] = module.imports
    assert (imported.module, imported.name) == ("a", "b")
    assert imported.type == wl.MemoryType(Limits(1, 3))
    assert [each.name for each in module.exports] == ["add"]
    with pytest.raises(wl.CompileError, match="type mismatch"):
        Module(Engine(), "(func (result i32))")
    with pytest.raises(wl.WindlassError):
        wl.wat2wasm("(func")
    assert wl.wat2wasm("(module)") == b"\0asm\1\0\0\0"
    Module.validate(Engine(), b"\0asm\1\0\0\0")


def test_items() -> None:
    store = Store()
    memory = wl.Memory(store, wl.MemoryType(Limits(1, 4)))
    counter = wl.Global(store, wl.GlobalType("i64", True), 7)
    double = Func(store, FuncType(["i32"], ["i32"]), lambda n: 2 * n)
    table = wl.Table(store, wl.TableType("funcref", Limits(2)), None)
    table.set(store, 1, double)
    text = """
        (import "m" "memory" (memory 1)) (import "m" "counter" (global $c (mut i64)))
        (import "m" "table" (table 1 funcref)) (type $t (func (param i32) (result i32)))
        (func (export "run") (param i32) (result i32)
          (global.set $c (i64.add (global.get $c) (i64.const 1)))
          (i32.store (i32.const 8) (call_indirect (type $t) (local.get 0) (i32.const 1)))
          (i32.load (i32.const 8)))"""
    instance = Instance(store, Module(store.engine, text), [memory, counter, table])
    run = instance.exports(store).by_index[0]
    assert run(store, 21) == 42  # type: ignore[operator]
    assert counter.value(store) == 8
    assert memory.read(store, 8, 12) == b"\x2a\0\0\0"
    assert (memory.size(store), memory.grow(store, 2), memory.size(store)) == (1, 1, 3)
    assert table.get(store, 1)(store, 4) == 8
    assert (table.get(store, 0), table.grow(store, 3, None), table.size(store)) == (None, 2, 5)
    counter.set_value(store, 1)
    assert counter.value(store) == 1


def test_bytes() -> None:
    store = Store()
    memory = wl.Memory(store, wl.MemoryType(Limits(1)))
    assert memory.write(store, b"hello", -5) == 5
    assert memory.read(store, -5) == b"hello"
    assert memory.read(store, 10, 5) == b""
    for start in (65532, 2**62, -2):
        with pytest.raises(IndexError):
            memory.write(store, b"hello", start)
    assert memory.get_item(store, slice(-5, None)) == b"hello"
    assert memory.get_item(store, -1) == ord("o")
    with pytest.raises(IndexError):
        memory.get_item(store, 65536)


def test_linker() -> None:
    engine = Engine()
    linker = Linker(engine)
    seen: List[int] = []
    linker.define_func("env", "see", FuncType(["i32"], []), seen.append)
    with pytest.raises(wl.WindlassError, match="defined already"):
        linker.define_func("env", "see", FuncType(["i32"], []), seen.append)
    text = """(import "env" "see" (func $see (param i32)))
        (func (export "run") (call $see (i32.const 3)))"""
    for _ in range(2):
        store, exports = instantiate(text, linker, Store(engine))
        exports["run"](store)
    assert seen == [3, 3]
    with pytest.raises(wl.LinkError, match="missing"):
        instantiate('(import "env" "missing" (func))', linker, Store(engine))
    store = Store(engine)
    linker.define_module(store, "lib", Module(engine, ADD))
    assert linker.get(store, "lib", "add")(store, 1, 2) == 3  # type: ignore[operator]
    module = Module(engine, '(import "x" "y" (func $y)) (func (export "run") (call $y))')
    linker.define_unknown_imports_as_traps(module)
    with pytest.raises(wl.WindlassError, match="`x`::`y` is not defined"):
        run = linker.instantiate(store, module).exports(store)["run"]
        run(store)  # type: ignore[operator]


def test_caller() -> None:
    store = Store()
    kept = []

    def hear(caller: wl.Caller, at: int, size: int) -> int:
        kept.append(caller)
        memory = caller["memory"]
        assert isinstance(memory, wl.Memory)
        assert caller.get("nothing") is None
        # Both name the same store.
        assert memory.read(store, at, at + size) == memory.read(caller, at, at + size)
        return len(memory.read(caller, at, at + size).decode())

    linker = Linker(store.engine)
    linker.define_func("env", "hear", FuncType(["i32", "i32"], ["i32"]), hear, access_caller=True)
    text = """(import "env" "hear" (func $hear (param i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 16) "gr\\c3\\bc\\c3\\9fe")
        (func (export "run") (result i32) (call $hear (i32.const 16) (i32.const 7)))"""
    _, exports = instantiate(text, linker, store)
    assert exports["run"](store) == 5
    with pytest.raises(wl.WindlassError, match="has returned"):
        kept[0]["memory"]


def test_nested_calls() -> None:
    store = Store()
    exports: Any = None

    def down(n: int) -> int:
        return 1 + exports["run"](store, n - 1) if n else 0

    linker = Linker(store.engine)
    linker.define_func("env", "down", FuncType(["i32"], ["i32"]), down)
    text = """(import "env" "down" (func $down (param i32) (result i32)))
        (func (export "run") (param i32) (result i32) (call $down (local.get 0)))"""
    _, exports = instantiate(text, linker, store)
    assert exports["run"](store, 20) == 20


def test_results_of_host_functions() -> None:
    for results, value, error in [
        (["i32", "i64"], (1, 2), None),
        (["i32", "i64"], (1,), "expected 2 results, found 1"),
        ([], 1, "has no results"),
        (["f32"], "x", "f32"),
    ]:
        store = Store()
        func = Func(store, FuncType([], results), lambda value=value: value)
        if error is None:
            assert func(store) == list(value)  # type: ignore[call-overload]
        else:
            with pytest.raises(TypeError, match=error):
                func(store)


def test_annotations() -> None:
    store = Store()

    def mixed(a: int, b: wl.i64, c: float, d: wl.f32, e: "wl.f64") -> "tuple[int, float]":
        return int(a + b), c + d + e

    func = Func(store, None, mixed)
    assert func.type(store) == FuncType(["i32", "i64", "f64", "f32", "f64"], ["i32", "f64"])
    with pytest.raises(TypeError, match="`x` .* has no annotation"):
        Func(store, None, lambda x: x)


def test_other_stores() -> None:
    store, exports = instantiate(ADD + '(memory (export "memory") 1)')
    other = Store()
    with pytest.raises(wl.WindlassError, match="belongs to another store"):
        exports["add"](other, 1, 2)
    with pytest.raises(wl.WindlassError, match="belongs to another store"):
        exports["memory"].read(other)
    assert exports["add"](store, 1, 2) == 3


def test_limits() -> None:
    store = Store()
    store.set_limits(memory_size=3 << 16)
    memory = wl.Memory(store, wl.MemoryType(Limits(1)))
    memory.grow(store, 2)
    with pytest.raises(wl.WindlassError, match="failed to grow"):
        memory.grow(store, 1)


def test_fuel() -> None:
    store = Store(Engine(wl.Config(consume_fuel=True)))
    store.set_fuel(1000)
    _, exports = instantiate('(func $spin (export "spin") (loop (br 0)))', store=store)
    with pytest.raises(wl.Trap) as trap:
        exports["spin"](store)
    assert trap.value.trap_code == wl.TrapCode.OUT_OF_FUEL
    assert trap.value.frames[0].func_name == "spin"
    assert store.get_fuel() == 0
    with pytest.raises(wl.WindlassError, match="does not count fuel"):
        Store().get_fuel()
    with pytest.raises(AttributeError, match="no setting `fuel`"):
        wl.Config().fuel = True


def test_cycles_are_collected() -> None:
    class Target:
        pass

    target = Target()
    gone = weakref.ref(target)
    store = Store()
    linker = Linker(store.engine)
    both = [store, linker, target]
    linker.define_func("env", "f", FuncType([], []), lambda: both and None)
    _, exports = instantiate('(import "env" "f" (func $f)) (export "f" (func $f))', linker, store)
    exports["f"](store)
    both.append(exports)
    del store, linker, target, both, exports, _
    gc.collect()
    assert gone() is None


class Node:
    """Something that is in a cycle."""

    other: Any = None

    def __call__(self, *args: Any) -> None: ...


def externref(node: Node) -> None:
    text = '(global (export "g") (mut externref) (ref.null extern))'
    node.other = wl.load(text)
    node.other.g.value = node


def stream(node: Node) -> None:
    store = Store()
    store.set_wasi(wl.WasiConfig(stdout=node))
    node.other = store


def view(node: Node) -> None:
    """The store is left to the view."""
    guest = wl.load('(import "" "f" (func)) (memory (export "m") 1)', {"": {"f": node}})
    node.other = guest.m.view()


def data(node: Node) -> None:
    node.other = Store(None, (node,))  # A tuple can't be cleared.


def result(node: Node) -> None:
    store = Store()
    echo = Func(store, FuncType(["externref"], ["externref"]), lambda value: value)
    execution = echo.start(store, node)
    assert execution.run(store) == "finished" and execution.result is node
    node.other = execution


def awaitable(node: Node) -> None:
    async def wait() -> None:
        node()

    store = Store()
    execution = Func(store, FuncType([], []), wait).start(store)
    assert execution.run(store) == "pending"
    coroutine: Any = execution.awaitable
    coroutine.close()
    node.other = execution


@pytest.mark.parametrize("make", [externref, stream, view, data, result, awaitable])
def test_cycles_of_all_kinds_are_collected(make: Any) -> None:
    node = Node()
    gone = weakref.ref(node)
    make(node)
    gc.collect()
    assert gone() is node
    del node
    gc.collect()
    assert gone() is None


def test_what_guests_let_go_ends() -> None:
    """Also in the middle of a call, and when another stream takes its place."""
    alive: List[Any] = []

    def make() -> Node:
        node = Node()
        alive.append(weakref.ref(node))
        return node

    store = Store()
    make_ = Func(store, FuncType([], ["externref"]), make)
    collect = Func(store, FuncType([], []), store.gc)
    count = Func(store, FuncType([], ["i32"]), lambda: sum(ref() is not None for ref in alive))
    text = """(import "" "make" (func $make (result externref))) (import "" "gc" (func $gc))
        (import "" "count" (func $count (result i32)))
        (func (export "run") (result i32)
          (drop (call $make)) (drop (call $make)) (call $gc) (call $count))"""
    items = {"": {"make": make_, "gc": collect, "count": count}}
    assert wl.load(text, items, store=store).run() == 0 and len(alive) == 2
    store.set_wasi(wl.WasiConfig(stdout=make()))
    store.set_wasi(wl.WasiConfig())
    store.gc()
    assert [ref() for ref in alive] == [None] * 3


def test_what_values_raise_comes_out() -> None:
    class Bad:
        def __init__(self, error: BaseException) -> None:
            self.error = error

        def __index__(self) -> int:
            raise self.error

        def __float__(self) -> float:
            raise self.error

    text = '(func (export "f") (param TY))'
    for ty in ("i32", "i64", "f32", "f64", "v128", "anyref"):
        guest = wl.load(text.replace("TY", ty))
        with pytest.raises(ZeroDivisionError):
            guest.f(Bad(ZeroDivisionError()))
        with pytest.raises(TypeError, match="expected a value") as raised:
            guest.f(Bad(TypeError("mine")))
        assert "mine" in str(raised.value.__cause__)


def test_what_cannot_be_called_is_no_function() -> None:
    store = Store()
    linker = Linker(store.engine)
    module = Module(store.engine, '(import "a" "f" (func))')
    for define in (
        lambda: Func(store, FuncType([], []), 5),  # type: ignore[arg-type]
        lambda: linker.define_func("a", "f", FuncType([], []), None),  # type: ignore[arg-type]
        lambda: linker.define_import(module, "a", "f", "f"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match="cannot be called"):
            define()


def test_references_of_guests() -> None:
    text = """(type $p (struct (field i32) (field (mut f64)))) (type $a (array i8))
        (func (export "point") (result anyref) (struct.new $p (i32.const 3) (f64.const 0.5)))
        (func (export "array") (result anyref) (array.new $a (i32.const 7) (i32.const 4)))
        (func (export "small") (result anyref) (ref.i31 (i32.const -5)))
        (func (export "x") (param anyref) (result i32)
          (struct.get $p 0 (ref.cast (ref $p) (local.get 0))))"""
    store, exports = instantiate(text)
    point = exports["point"](store)
    store.gc()
    assert point.fields(store) == [3, 0.5]
    assert exports["x"](store, point) == 3
    assert exports["array"](store).fields(store) == [7] * 4
    assert exports["small"](store) == -5


def test_modules_are_serialized_as_what_they_are() -> None:
    engine = Engine()
    module = wl.Module(engine, '(func (export "f") (result i32) (i32.const 1))')
    encoded = module.serialize()
    assert encoded[:4] == b"\0asm"
    again = wl.Module.deserialize(engine, encoded)
    assert [each.name for each in again.exports] == ["f"]
    with pytest.raises(wl.CompileError):
        wl.Module.deserialize(engine, encoded[:-1])
    assert wl.wat2wasm(wl.wasm2wat(encoded)) == encoded
    with pytest.raises(wl.WindlassError):
        wl.wasm2wat(b"no module")


def test_messages_say_what_python_can_do() -> None:
    store = Store()
    uses: List[Callable[[], object]] = [lambda: store.set_fuel(1), store.get_fuel]
    for use in uses:
        with pytest.raises(wl.WindlassError, match="consume_fuel=True"):
            use()
    with pytest.raises(TypeError, match="`SharedMemory`"):
        wl.Memory(store, wl.MemoryType(Limits(1, 2), shared=True))


def test_types_of_memories_and_tables_are_kept_whole() -> None:
    store = Store()
    for ty in [
        wl.MemoryType(Limits(1, 3)),
        wl.MemoryType(Limits(10, 20), page_size_log2=0),
        wl.MemoryType(Limits(1, 2), is_64=True),
    ]:
        memory = wl.Memory(store, ty)
        assert memory.type(store) == ty
        assert memory.data_len(store) == ty.limits.min * ty.page_size
        assert memory.page_size_log2(store) == ty.page_size_log2
    shared = wl.MemoryType(Limits(1, 2), shared=True)
    assert wl.SharedMemory(store.engine, shared).type() == shared
    for table in [wl.TableType("funcref", Limits(1)), wl.TableType("externref", Limits(1), True)]:
        assert wl.Table(store, table, None).type(store) == table


def test_what_is_no_type_is_refused_when_it_is_made() -> None:
    wrong: List[Callable[[], object]] = [
        lambda: wl.MemoryType(Limits(2, 1)),
        lambda: wl.MemoryType(Limits(1), shared=True),
        lambda: wl.MemoryType(Limits(1), page_size_log2=3),
        lambda: wl.MemoryType(Limits(1 << 40)),
        lambda: wl.MemoryType(Limits(1 << 32)),
        lambda: wl.TableType("funcref", Limits(1 << 32)),
        lambda: FuncType(["i33"], []),
    ]
    for make in wrong:
        with pytest.raises(ValueError):
            make()
    with pytest.raises(TypeError, match="ValType.*`int`"):
        FuncType([5], [])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="references"):
        wl.TableType("i32", Limits(1))


def test_linkers_have_defaults() -> None:
    engine = Engine()
    linker, store = Linker(engine), Store(engine)
    assert linker.engine is engine
    module = wl.Module(
        engine,
        """(import "env" "f" (func $f (result i64))) (import "env" "g" (global $g f32))
        (func (export "_start")) (func (export "sum") (result f32)
          (f32.add (f32.convert_i64_s (call $f)) (global.get $g)))""",
    )
    linker.define_unknown_imports_as_default_values(store, module)
    linker.define_module(store, "program", module)
    sum_ = linker.get(store, "program", "sum")
    start, none = linker.get_default(store, "program"), linker.get_default(store, "none")
    assert isinstance(sum_, wl.Func) and isinstance(start, wl.Func) and isinstance(none, wl.Func)
    assert (sum_(store), start(store), none(store)) == (0.0, None, None)
    linker.define_func("host", "", FuncType([], ["i32"]), lambda: 7)
    host = linker.get_default(store, "host")
    assert isinstance(host, wl.Func) and host(store) == 7
    with pytest.raises(wl.WindlassError):
        linker.get_default(Store(), "none")


def test_pointers_pin_no_longer_than_they_live() -> None:
    store = Store()
    memory = wl.Memory(store, wl.MemoryType(Limits(2, 3)))
    gc.disable()
    try:
        memory.data_ptr(store)[0] = 5
        assert memory.grow(store, 1) == 2
        pointer = memory.data_ptr(store)
        assert (pointer[0], pointer.contents.value) == (5, 5)
        ended = weakref.ref(store)
        del store, memory
        assert ended() is not None and pointer[0] == 5
        del pointer
        assert ended() is None
    finally:
        gc.enable()


def test_values_with_their_types() -> None:
    store = Store()
    value = wl.Val.i32(0xFFFF_FFFF)
    assert (value.value, value.type) == (-1, ValType.i32()) and value == -1
    assert value == wl.Val.i32(-1) and value != wl.Val.i64(-1)
    assert repr(wl.Val.f64(0.5)) == "Val(f64, 0.5)"
    counter = wl.Global(store, wl.GlobalType("i64", True), wl.Val.i64(7))
    assert counter.value(store) == 7
    with pytest.raises(TypeError, match="i64.*i32"):
        counter.set_value(store, value)
    thing = wl.Global(store, wl.GlobalType("externref", True), wl.Val.externref("text"))
    assert thing.value(store) == "text"
    thing.set_value(store, wl.Val.ref_null("externref"))
    assert thing.value(store) is None
    double = Func(store, FuncType(["i32"], ["i32"]), lambda n: wl.Val.i32(2 * n))
    assert double(store, wl.Val.i32(4)) == 8
    func = wl.Global(store, wl.GlobalType("funcref", False), wl.Val.funcref(double))
    assert func.value(store)(store, 3) == 6
    vector = wl.Global(store, wl.GlobalType("v128", False), wl.Val.v128(bytes(15) + b"\1"))
    assert vector.value(store) == 1 << 120
    with pytest.raises(TypeError):
        thing.set_value(store, wl.Val.funcref(None))
    with pytest.raises(OverflowError):
        wl.Val.i32(1 << 32)
    with pytest.raises(OverflowError):
        wl.Val.i64(1 << 64)
    with pytest.raises(TypeError):
        wl.Val.i32("1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="16 bytes, not 15"):
        wl.Val.v128(bytes(15))
    with pytest.raises(ValueError, match="i32"):
        wl.Val.ref_null("i32")


def test_modules_are_linked_before_there_is_a_store() -> None:
    engine = Engine()
    linker = Linker(engine)
    text = """(import "env" "f" (func $f (result i32)))
        (func (export "run") (result i32) (call $f))"""
    module = Module(engine, text)
    with pytest.raises(wl.LinkError):
        linker.instantiate_pre(module)
    linker.define_func("env", "f", FuncType([], ["i32"]), lambda: 1)
    linked = linker.instantiate_pre(module)
    linker.allow_shadowing = True
    linker.define_func("env", "f", FuncType([], ["i32"]), lambda: 2)
    for _ in range(2):
        store = Store(engine)
        run = linked.instantiate(store).exports(store)["run"]
        assert isinstance(run, Func) and run(store) == 1
    with pytest.raises(TypeError):
        linker.instantiate_pre("no module")  # type: ignore[arg-type]


def test_tags_have_types() -> None:
    store = Store()
    ty = wl.TagType(FuncType(["i32"], []))
    tag, other = wl.Tag(store, ty), wl.Tag(store, ty)
    assert tag.type(store) == ty
    assert tag.eq(store, tag) and not tag.eq(store, other)
    with pytest.raises(wl.WindlassError):
        wl.Tag(store, wl.TagType(FuncType([], ["i32"])))
    with pytest.raises(wl.WindlassError):
        tag.type(Store())


def test_scripts_for_wasmtime_find_what_they_use() -> None:
    assert wl.WasmtimeError is wl.WindlassError
    config = wl.Config()
    config.debug_info = True
    config.shared_memory = True
    config.cranelift_opt_level = "speed"
    config.cranelift_nan_canonicalization = True
    assert config.canonicalize_nans is True
    with pytest.raises(AttributeError, match="nonsense"):
        config.nonsense = True
    with Engine(config) as engine, Module(engine, ADD) as module, Store(engine) as store:
        with Linker(engine) as linker:
            add = linker.instantiate(store, module).exports(store)["add"]
    assert isinstance(add, Func) and add(store, 1, 2) == 3
    kept: List[wl.Caller] = []
    Func(store, FuncType([], []), kept.append, access_caller=True)(store)
    assert kept[0].get("memory") is None
    with pytest.raises(wl.WindlassError, match="has returned"):
        kept[0]["memory"]


def test_limits_are_numbers_or_none() -> None:
    store = Store()
    store.set_limits(memory_size=-1, tables=0)
    for wrong in ({"memory_size": -7}, {"total_size": -2}):
        with pytest.raises(ValueError, match="is no limit"):
            store.set_limits(**wrong)
