"""The shapes of the package `wasmer`, for scripts of talks, articles and tutorials: they run with
the import line changed from `wasmer` to `windlass.compat`.

What chose a compiler there is accepted and does nothing: `Store(engine.JIT(Compiler))`, where
`Compiler` is imported from here, too.
"""

from __future__ import annotations

import struct
import types
from enum import Enum
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import windlass

from ._hints import functype
from ._load import BoundGlobal, BoundMemory, BoundTable
from ._windlass import BoundFunc, wat2wasm

__all__ = [
    "Compiler",
    "Exports",
    "ExportType",
    "Function",
    "FunctionType",
    "Global",
    "GlobalType",
    "ImportObject",
    "ImportType",
    "Instance",
    "Memory",
    "MemoryType",
    "Module",
    "Store",
    "Table",
    "TableType",
    "Type",
    "Value",
    "engine",
    "wasi",
    "wat2wasm",
]


class Type(Enum):
    """The type of a value."""

    I32 = "i32"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    V128 = "v128"
    EXTERN_REF = "externref"
    FUNC_REF = "funcref"

    @staticmethod
    def _of(ty: windlass.ValType) -> Type:
        return Type(str(ty))


class FunctionType:
    """The type of a function."""

    def __init__(self, params: Sequence[Type], results: Sequence[Type]) -> None:
        self.params = list(params)
        self.results = list(results)

    def _functype(self) -> windlass.FuncType:
        names = ([ty.value for ty in self.params], [ty.value for ty in self.results])
        return windlass.FuncType(*names)

    @staticmethod
    def _of(ty: windlass.FuncType) -> FunctionType:
        params, results = ([Type._of(each) for each in some] for some in (ty.params, ty.results))
        return FunctionType(params, results)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionType) and vars(self) == vars(other)

    def __repr__(self) -> str:
        params, results = ([ty.name for ty in each] for each in (self.params, self.results))
        return f"FunctionType(params: {params}, results: {results})"


class MemoryType:
    """The type of a memory."""

    def __init__(self, minimum: int, maximum: Optional[int] = None, shared: bool = False) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.shared = shared


class GlobalType:
    """The type of a global."""

    def __init__(self, type: Type, mutable: bool) -> None:
        self.type = type
        self.mutable = mutable


class TableType:
    """The type of a table."""

    def __init__(self, type: Type, minimum: int, maximum: Optional[int] = None) -> None:
        self.type = type
        self.minimum = minimum
        self.maximum = maximum


def _type(ty: Any) -> Any:
    if isinstance(ty, windlass.FuncType):
        return FunctionType._of(ty)
    if isinstance(ty, windlass.MemoryType):
        return MemoryType(ty.limits.min, ty.limits.max, ty.is_shared)
    if isinstance(ty, windlass.GlobalType):
        return GlobalType(Type._of(ty.content), ty.mutable)
    if isinstance(ty, windlass.TableType):
        return TableType(Type._of(ty.element), ty.limits.min, ty.limits.max)
    return ty


class Value:
    """A value with its type."""

    def __init__(self, type: Type, value: Any) -> None:
        self.type = type
        self.value = value

    @staticmethod
    def i32(value: int) -> Value:
        """An `i32`."""
        return Value(Type.I32, value)

    @staticmethod
    def i64(value: int) -> Value:
        """An `i64`."""
        return Value(Type.I64, value)

    @staticmethod
    def f32(value: float) -> Value:
        """An `f32`."""
        return Value(Type.F32, value)

    @staticmethod
    def f64(value: float) -> Value:
        """An `f64`."""
        return Value(Type.F64, value)


class Store:
    """What holds instances. The engine is accepted and not used."""

    def __init__(self, engine: Any = None) -> None:
        self._store = windlass.Store()
        self.engine = engine


class ImportType:
    """What a module imports."""

    def __init__(self, module: str, name: str, type: Any) -> None:
        self.module = module
        self.name = name
        self.type = type


class ExportType:
    """What a module exports."""

    def __init__(self, name: str, type: Any) -> None:
        self.name = name
        self.type = type


class Module:
    """A module, from bytes or text."""

    def __init__(self, store: Store, bytes: Union[bytes, bytearray, str]) -> None:
        self.store = store
        try:
            self._module = windlass.Module(store._store.engine, bytes)
        except windlass.WindlassError as error:
            raise RuntimeError(str(error)) from error

    @staticmethod
    def validate(store: Store, bytes: bytes) -> bool:
        """Whether the bytes are a valid module."""
        try:
            windlass.Module.validate(store._store.engine, bytes)
            return True
        except windlass.WindlassError:
            return False

    @property
    def name(self) -> Optional[str]:
        """The name that the module gives itself."""
        return self._module.name

    @property
    def imports(self) -> List[ImportType]:
        """What it imports."""
        return [ImportType(i.module, i.name, _type(i.type)) for i in self._module.imports]

    @property
    def exports(self) -> List[ExportType]:
        """What it exports."""
        return [ExportType(e.name, _type(e.type)) for e in self._module.exports]

    def custom_sections(self, name: str) -> List[bytes]:
        """The contents of its custom sections of this name."""
        return self._module.custom_sections(name)


_FLOAT = {int: "i32", float: "f32"}


class Function:
    """A function: a guest's, or a Python function whose type is told by its annotations (`int` is
    `i32` and `float` is `f32`) or by a `FunctionType`."""

    def __init__(
        self,
        store: Store,
        function: Callable[..., Any],
        function_type: Optional[FunctionType] = None,
    ) -> None:
        if function_type is None:
            ty = functype(function, known=_FLOAT)
        else:
            ty = function_type._functype()
        made = windlass.Func(store._store, ty, function)
        self._func = made.bind(store._store, getattr(function, "__name__", "host"))

    @classmethod
    def _of(cls, func: BoundFunc) -> Function:
        made = cls.__new__(cls)
        made._func = func
        return made

    def __call__(self, *args: Any) -> Any:
        try:
            given = (a.value if isinstance(a, Value) else a for a in args)
            results = self._func(*given)
            several = len(self._func.type.results) > 1
            return tuple(results) if several else results
        except (RuntimeError, TypeError, SystemExit):
            raise
        except Exception as error:
            raise RuntimeError(str(error)) from error

    @property
    def type(self) -> FunctionType:
        """The type."""
        return FunctionType._of(self._func.type)


class View:
    """A memory as numbers of one size; indices count them from `offset` bytes on."""

    def __init__(self, memory: BoundMemory, format: str, offset: int) -> None:
        self._memory = memory
        self._number = struct.Struct("<" + format)
        self._offset = offset

    @property
    def bytes_per_element(self) -> int:
        """How many bytes a number has."""
        return self._number.size

    def __len__(self) -> int:
        return max(len(self._memory) - self._offset, 0) // self._number.size

    def _at(self, index: int) -> int:
        index = index + len(self) if index < 0 else index
        if not 0 <= index < len(self):
            raise IndexError("Out of bound: Maximum index is {}".format(len(self) - 1))
        return self._offset + index * self._number.size

    def __getitem__(self, index: Union[int, slice]) -> Any:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = self._at(index)
        return self._number.unpack(self._memory[at : at + self._number.size])[0]

    def __setitem__(self, index: Union[int, slice], value: Any) -> None:
        if isinstance(index, slice):
            for at, each in zip(range(*index.indices(len(self))), value):
                self[at] = each
        else:
            self._memory.write(self._at(index), self._number.pack(value))


class Memory:
    """A memory: a guest's, or one that is made here."""

    def __init__(self, store: Store, memory_type: MemoryType) -> None:
        limits = windlass.Limits(memory_type.minimum, memory_type.maximum)
        made = windlass.Memory(store._store, windlass.MemoryType(limits))
        self._memory = BoundMemory(store._store, made)

    @classmethod
    def _of(cls, memory: BoundMemory) -> Memory:
        made = cls.__new__(cls)
        made._memory = memory
        return made

    @property
    def type(self) -> MemoryType:
        """The type."""
        found: MemoryType = _type(self._memory.memory.type(self._memory.store))
        return found

    @property
    def size(self) -> int:
        """The size in pages."""
        return self._memory.size

    @property
    def data_size(self) -> int:
        """The size in bytes."""
        return len(self._memory)

    def grow(self, number_of_pages: int) -> int:
        """Adds pages; returns how many there were."""
        try:
            return self._memory.grow(number_of_pages)
        except windlass.WindlassError as error:
            raise RuntimeError(str(error)) from error

    @property
    def buffer(self) -> memoryview:
        """The bytes, without a copy: for `memoryview`, `bytearray`, indices and slices. It keeps
        the size that the memory has now; while it lives, the memory grows only where it is."""
        return self._memory.view()

    def uint8_view(self, offset: int = 0) -> View:
        """The memory as numbers."""
        return View(self._memory, "B", offset)

    def int8_view(self, offset: int = 0) -> View:
        """The memory as numbers."""
        return View(self._memory, "b", offset)

    def uint16_view(self, offset: int = 0) -> View:
        """The memory as numbers; the offset counts them."""
        return View(self._memory, "H", 2 * offset)

    def int16_view(self, offset: int = 0) -> View:
        """The memory as numbers; the offset counts them."""
        return View(self._memory, "h", 2 * offset)

    def uint32_view(self, offset: int = 0) -> View:
        """The memory as numbers; the offset counts them."""
        return View(self._memory, "I", 4 * offset)

    def int32_view(self, offset: int = 0) -> View:
        """The memory as numbers; the offset counts them."""
        return View(self._memory, "i", 4 * offset)

    def uint64_view(self, offset: int = 0) -> View:
        """The memory as numbers; the offset counts them."""
        return View(self._memory, "Q", 8 * offset)

    def int64_view(self, offset: int = 0) -> View:
        """The memory as numbers; the offset counts them."""
        return View(self._memory, "q", 8 * offset)

    def float32_view(self, offset: int = 0) -> View:
        """The memory as numbers; the offset counts them."""
        return View(self._memory, "f", 4 * offset)

    def float64_view(self, offset: int = 0) -> View:
        """The memory as numbers; the offset counts them."""
        return View(self._memory, "d", 8 * offset)


class Global:
    """A global: a guest's, or one that is made here."""

    def __init__(self, store: Store, value: Value, mutable: bool = False) -> None:
        ty = windlass.GlobalType(value.type.value, mutable)
        self._global = BoundGlobal(store._store, windlass.Global(store._store, ty, value.value))

    @classmethod
    def _of(cls, global_: BoundGlobal) -> Global:
        made = cls.__new__(cls)
        made._global = global_
        return made

    @property
    def type(self) -> GlobalType:
        """The type."""
        found: GlobalType = _type(self._global.global_.type(self._global.store))
        return found

    @property
    def mutable(self) -> bool:
        """Whether it can be set."""
        return self.type.mutable

    @property
    def value(self) -> Any:
        """The value."""
        return self._global.value

    @value.setter
    def value(self, value: Any) -> None:
        if not self.mutable:
            raise RuntimeError("The global variable is not mutable, cannot set a new value")
        self._global.value = value


class Table:
    """A table of functions."""

    def __init__(self, table: BoundTable) -> None:
        self._table = table

    @property
    def type(self) -> TableType:
        """The type."""
        found: TableType = _type(self._table.table.type(self._table.store))
        return found

    @property
    def size(self) -> int:
        """How many elements it has."""
        return len(self._table)

    def get(self, index: int) -> Any:
        """An element."""
        element = self._table[index]
        return Function._of(element) if isinstance(element, BoundFunc) else element


def _wrap(item: Any) -> Any:
    if isinstance(item, BoundFunc):
        return Function._of(item)
    if isinstance(item, BoundMemory):
        return Memory._of(item)
    if isinstance(item, BoundGlobal):
        return Global._of(item)
    if isinstance(item, BoundTable):
        return Table(item)
    return item


def _item(item: Any) -> Any:
    """What `windlass.load` knows."""
    if isinstance(item, Function):
        return item._func
    if isinstance(item, Memory):
        return item._memory
    if isinstance(item, Global):
        return item._global
    if isinstance(item, Table):
        return item._table
    raise TypeError(f"cannot be imported: {item!r}")


class ImportObject:
    """What modules import, by the name of a module."""

    def __init__(self) -> None:
        self._namespaces: Dict[str, Dict[str, Any]] = {}
        self._wasi: Optional[windlass.WasiConfig] = None

    def register(self, namespace_name: str, namespace: Dict[str, Any]) -> None:
        """Adds items under the name of a module."""
        items = {name: _item(item) for name, item in namespace.items()}
        self._namespaces.setdefault(namespace_name, {}).update(items)

    def contains_namespace(self, namespace_name: str) -> bool:
        """Whether there is something under the name."""
        return namespace_name in self._namespaces


class Exports:
    """The exports of an instance, as attributes."""

    def __init__(self, exports: windlass.Exports) -> None:
        self._exports = exports

    def __getattr__(self, name: str) -> Any:
        exports = self.__dict__.get("_exports", ())
        if name not in exports:
            raise LookupError(f"Export `{name}` does not exist.")
        return _wrap(exports[name])

    def __iter__(self) -> Iterator[Tuple[str, Any]]:
        return ((name, _wrap(self._exports[name])) for name in self._exports)

    def __len__(self) -> int:
        return len(self._exports)


class Instance:
    """An instance of a module."""

    def __init__(self, module: Module, import_object: Optional[Any] = None) -> None:
        if isinstance(import_object, dict):
            given = ImportObject()
            for name, namespace in import_object.items():
                given.register(name, namespace)
            import_object = given
        imports = ImportObject() if import_object is None else import_object
        try:
            exports = windlass.load(
                module._module,
                imports._namespaces,
                wasi=imports._wasi,
                store=module.store._store,
            )
        except windlass.WindlassError as error:
            raise RuntimeError(str(error)) from error
        self.module = module
        self.exports = Exports(exports)


class _Engine:
    """Accepted where a compiler was chosen, and without effect: nothing is compiled here."""

    def __init__(self, compiler: Any = None, target: Any = None) -> None:
        self.compiler = compiler
        self.target = target


class Compiler:
    """Stands for that of `wasmer_compiler_cranelift` and its like: `engine.JIT(Compiler)`."""


engine = types.SimpleNamespace(
    Universal=_Engine, JIT=_Engine, Native=_Engine, Dylib=_Engine, Headless=_Engine
)


class _Version(Enum):
    LATEST = 1
    SNAPSHOT0 = 2
    SNAPSHOT1 = 3


class _Environment:
    def __init__(self, config: windlass.WasiConfig) -> None:
        self._config = config

    def generate_import_object(self, store: Store, version: Any = None) -> ImportObject:
        """The functions of WASI."""
        imports = ImportObject()
        imports._wasi = self._config
        return imports


class _StateBuilder:
    def __init__(self, program_name: str) -> None:
        self._config = windlass.WasiConfig([program_name])
        self._config.inherit_stdin()
        self._config.inherit_stdout()
        self._config.inherit_stderr()

    def argument(self, argument: str) -> _StateBuilder:
        """Adds an argument."""
        self._config.argv.append(argument)
        return self

    def arguments(self, arguments: Sequence[str]) -> _StateBuilder:
        """Adds arguments."""
        self._config.argv.extend(arguments)
        return self

    def environment(self, key: str, value: str) -> _StateBuilder:
        """Adds a variable."""
        self._config.env.append((key, value))
        return self

    def environments(self, environments: Dict[str, str]) -> _StateBuilder:
        """Adds variables."""
        self._config.env.extend(environments.items())
        return self

    def preopen_directory(self, preopen_directory: str) -> _StateBuilder:
        """Gives the guest a directory under the same name."""
        self._config.preopen_dir(preopen_directory, preopen_directory)
        return self

    def map_directory(self, alias: str, directory: str) -> _StateBuilder:
        """Gives the guest a directory under the name `alias`."""
        self._config.preopen_dir(directory, alias)
        return self

    def finalize(self) -> _Environment:
        """The environment."""
        return _Environment(self._config)


def _get_version(module: Module, strict: bool = False) -> Optional[_Version]:
    names = {each.module for each in module.imports}
    if "wasi_snapshot_preview1" in names:
        return _Version.SNAPSHOT1
    return _Version.SNAPSHOT0 if "wasi_unstable" in names else None


wasi = types.SimpleNamespace(
    StateBuilder=_StateBuilder, Environment=_Environment, Version=_Version, get_version=_get_version
)
