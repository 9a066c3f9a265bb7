"""Scripts for the package `wasmer`, with another import line."""

from __future__ import annotations

import pytest

from windlass.compat import (
    Buffer,
    Compiler,
    Function,
    FunctionType,
    Global,
    ImportObject,
    Instance,
    Memory,
    MemoryType,
    Module,
    Store,
    Table,
    TableType,
    Type,
    Uint8Array,
    Value,
    __version__,
    engine,
    target,
    wasi,
    wasm2wat,
    wat2wasm,
)


def test_imports() -> None:
    store = Store(engine.Universal(None))
    module = Module(
        store,
        wat2wasm(
            """(import "env" "external_number_printer" (func $print (param i32)))
            (import "env" "half" (func $half (param f32) (result f32)))
            (import "env" "g" (global $g i32))
            (func (export "add") (param i32 i32) (result i32)
              (call $print (local.get 0))
              (i32.add (global.get $g) (i32.add (local.get 0) (local.get 1))))
            (func (export "halve") (param f32) (result f32) (call $half (local.get 0)))"""
        ),
    )
    printed = []

    def python_function(number: int) -> None:
        printed.append(number)

    def half(number: float) -> float:
        return number / 2

    imports = ImportObject()
    imports.register("env", {"external_number_printer": Function(store, python_function)})
    imports.register("env", {"half": Function(store, half), "g": Global(store, Value.i32(0))})
    instance = Instance(module, imports)
    assert instance.exports.add(40, 2) == 42 and printed == [40]
    assert instance.exports.halve(3) == 1.5
    assert instance.exports.add.type == FunctionType([Type.I32, Type.I32], [Type.I32])
    assert [each.name for each in module.imports][:2] == ["external_number_printer", "half"]
    with pytest.raises(LookupError):
        instance.exports.sub


def test_types_by_name() -> None:
    store = Store()

    def swap(x: "i32", y: "I64") -> ("i64", "i32"):  # type: ignore # noqa: F821
        return (y, x)

    swap_ = Function(store, swap)
    assert swap_.type == FunctionType([Type.I32, Type.I64], [Type.I64, Type.I32])
    assert swap_(1, 2) == (2, 1)
    add = Function(store, lambda x, y: x + y, FunctionType([Type.I32, Type.I32], [Type.I32]))
    assert add(1, 2) == 3


def test_exports() -> None:
    module = Module(
        Store(),
        """(memory (export "mem") 1) (data (i32.const 42) "Hello, World!")
        (global (export "one") f32 (f32.const 1))
        (global (export "some") (mut f32) (f32.const 0)) (table (export "t") 1 funcref)""",
    )
    exports = Instance(module).exports
    memory = exports.mem
    assert isinstance(memory, Memory) and memory.size == 1 and memory.data_size == 65536
    assert bytearray(memory.buffer)[42:55].decode() == "Hello, World!"
    view = memory.uint8_view(offset=42)
    assert bytes(view[0:5]) == b"Hello"
    view[0:5] = b"World"
    assert bytes(memory.buffer[42:47]) == b"World"
    numbers = memory.int32_view()
    numbers[1] = -2
    assert numbers[1] == -2 and memory.uint8_view()[4] == 254 and len(numbers) == 16384
    memory.grow(1)
    assert len(numbers) == 2 * 16384
    with pytest.raises(IndexError):
        numbers[2**20]
    assert exports.one.value == 1.0 and exports.one.type.mutable is False
    with pytest.raises(RuntimeError, match="not mutable"):
        exports.one.value = 42.0
    exports.some.value = 42.0
    assert exports.some.value == 42.0
    assert exports.t.size == 1 and len(exports) == 4
    assert Memory(Store(), MemoryType(2)).size == 2


def test_buffers_and_compilers() -> None:
    for chosen in (engine.JIT(Compiler), engine.Universal(Compiler, "target"), engine.JIT()):
        store = Store(chosen)
        assert store.engine is chosen
    text = '(memory (export "memory") 1 2) (data (i32.const 8) "hello")'
    memory = Instance(Module(store, text)).exports.memory
    view = memoryview(memory.buffer)
    assert view[8] == ord("h") and view[-1] == 0 and bytes(view[8:13]) == b"hello"
    view[8] = ord("j")
    assert bytearray(memory.buffer)[8:13] == b"jello"
    assert memory.uint8_view()[8] == ord("j") and int.from_bytes(memory.buffer[8:9], "little")


def test_errors() -> None:
    store = Store()

    def early_exit() -> None:
        raise Exception("oops")

    text = '(import "env" "early_exit" (func $f)) (func (export "run") (call $f))'
    exports = Instance(
        Module(store, text), {"env": {"early_exit": Function(store, early_exit)}}
    ).exports
    with pytest.raises(RuntimeError, match="oops"):
        exports.run()
    with pytest.raises(RuntimeError, match="early_exit"):
        Instance(Module(store, text))
    with pytest.raises(RuntimeError):
        Module(store, "(func (result i32))")
    assert not Module.validate(store, b"no module")


def test_wasi(capfd: "pytest.CaptureFixture[str]", tmp_path: object) -> None:
    store = Store()
    module = Module(
        store,
        """(import "wasi_snapshot_preview1" "fd_write"
          (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\\08\\00\\00\\00\\02\\00\\00\\00hi")
        (func (export "_start")
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100))))""",
    )
    builder = wasi.StateBuilder("program").argument("--test").environment("A", "1")
    environment = builder.map_directory("here", str(tmp_path)).finalize()
    version = wasi.get_version(module, strict=True)
    Instance(module, environment.generate_import_object(store, version)).exports._start()
    assert capfd.readouterr().out == "hi"


def test_several_results_are_a_tuple() -> None:
    store = Store()
    text = '(func (export "two") (result i32 i32) (i32.const 1) (i32.const 2))'
    assert Instance(Module(store, text)).exports.two() == (1, 2)


def test_tables_memories_and_globals_are_made() -> None:
    store = Store()
    seven = Function(store, lambda: 7, FunctionType([], [Type.I32]))
    table = Table(store, TableType(Type.FUNC_REF, 2, 5), seven)
    assert table.size == 2 and table.get(1)() == 7 and table.grow(1) == 2
    assert table.get(2) is None
    table.set(2, Value(Type.FUNC_REF, seven))
    assert table.get(2)() == 7
    assert str(table.type) == "TableType(type: FuncRef, minimum: 2, maximum: Some(5))"
    assert Table(store, TableType(Type.EXTERN_REF, minimum=1), "text").get(0) == "text"
    with pytest.raises(RuntimeError):
        Table(store, TableType(Type.FUNC_REF, 1), Value.i32(1))
    with pytest.raises(RuntimeError, match="grow"):
        table.grow(9)
    memory = Memory(store, MemoryType(minimum=1, maximum=2))
    assert str(memory.type) == "MemoryType(minimum: 1, maximum: Some(2), shared: false)"
    with pytest.raises(RuntimeError, match="SharedMemory"):
        Memory(store, MemoryType(1, 2, shared=True))
    counter = Global(store, Value.i64(5), mutable=True)
    counter.value = Value.i64(6)
    assert (counter.value, counter.type.type, counter.mutable) == (6, Type.I64, True)
    assert str(counter.type) == "GlobalType(type: I64, mutable: true)"
    text = """(import "env" "t" (table 1 funcref)) (import "env" "m" (memory 1))
        (import "env" "g" (global $g (mut i64)))
        (func (export "call") (result i32) (call_indirect (result i32) (i32.const 1)))
        (func (export "get") (result i64) (global.get $g))"""
    imports = {"env": {"t": table, "m": memory, "g": counter}}
    exports = Instance(Module(store, text), imports).exports
    assert exports.call() == 7 and exports.get() == 6
    assert repr(Value.f32(42)) == "F32(42.0)" and repr(Value.v128(1)) == "V128(1)"
    with pytest.raises(TypeError, match="`int` cannot be imported"):
        Instance(Module(store, text), {"env": {"t": 1}})


def test_views_keep_to_their_memory() -> None:
    memory = Memory(Store(), MemoryType(1, 1))
    view = memory.uint8_view(offset=65530)
    assert isinstance(view, Uint8Array) and len(view) == 6 and isinstance(memory.buffer, Buffer)
    view[0:3] = b"abc"
    view[0:5:2] = [1, 2, 3]
    assert view[0:6] == [1, 98, 2, 0, 3, 0] and view[0:5:2] == [1, 2, 3]
    assert list(view) == [1, 98, 2, 0, 3, 0]
    for wrong in (6, -1, slice(3, 1), slice(0, 4, -1)):
        with pytest.raises(IndexError):
            view[wrong]
    # What is there is set, as far as both reach.
    view[0:3] = [1]
    view[5:6] = [0, 7]
    with pytest.raises(ValueError):
        view["a"]  # type: ignore[index]
    with pytest.raises(OverflowError):
        view[0] = 256
    with pytest.raises(TypeError):
        view[0] = "a"
    assert view[0:6] == [1, 98, 2, 0, 3, 0]
    numbers = memory.int64_view(offset=1)
    numbers[0] = -2
    assert memory.uint8_view()[8] == 254 and len(numbers) == 8191
    assert memory.float32_view(70000)[0:0] == []


def test_modules_and_machines() -> None:
    store = Store(engine.Dylib(Compiler, target.Target(target.Triple.host())))
    assert (store.engine_name, store.compiler_name) == ("dylib", None)
    assert target.Triple("x86_64-linux-musl").operating_system == "linux"
    assert str(target.Triple("aarch64-apple-darwin")) == "aarch64-apple-darwin"
    module = Module(store, '(module $name (func (export "f")))')
    assert module.name == "name"
    module.name = "other"
    assert module.name == "other"
    again = Module.deserialize(store, module.serialize())
    assert [each.name for each in again.exports] == ["f"] and len(__version__) > 2
    assert wasm2wat(wat2wasm("(module)")).strip() == "(module)"
    assert not Module.validate(store, 1)
    with pytest.raises(TypeError):
        Module(store, 1)  # type: ignore[arg-type]


def test_functions_and_wasi_from_dictionaries(capfd: "pytest.CaptureFixture[str]") -> None:
    store = Store()
    text = """(import "wasi_snapshot_preview1" "args_sizes_get"
          (func $sizes (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "count") (result i32)
          (drop (call $sizes (i32.const 0) (i32.const 4))) (i32.load (i32.const 0)))"""
    environment = wasi.StateBuilder("program", arguments=["a", "b"], environments={"A": "1"})
    imports = environment.finalize().generate_imports(store, wasi.Version.LATEST)
    assert Instance(Module(store, text), imports).exports.count() == 3
    with pytest.raises(RuntimeError, match="no directory"):
        wasi.StateBuilder("program", map_directories={"here": "/does/not/exist"})
    with pytest.raises(ValueError):
        Function(store, 1)  # type: ignore[arg-type]

    def wrong(a: str) -> None:
        pass

    with pytest.raises(RuntimeError, match="annotation"):
        Function(store, wrong)

    def typed(a: Type.I64) -> "i64":  # type: ignore # noqa: F821
        return a

    assert Function(store, typed).type == FunctionType([Type.I64], [Type.I64])


def test_the_first_versions() -> None:
    def double(x: int) -> int:
        return 2 * x

    text = """(import "env" "double" (func $double (param i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 3) "abc")
        (func (export "run") (param i32) (result i32) (call $double (local.get 0)))"""
    instance = Instance(wat2wasm(text), {"env": {"double": double}})
    assert instance.exports.run(21) == 42 and instance.memory is not None
    assert instance.memory.uint8_view(offset=3)[0:3] == [97, 98, 99]
    assert Instance(wat2wasm("(module)")).memory is None
