"""Windlass: a WebAssembly interpreter.

The short way:

    import windlass

    guest = windlass.load("add.wasm", imports={"env": {"log": print}})
    print(guest.add(40, 2))

The long way has the shapes of the package `wasmtime`: `Engine`, `Module`, `Store`, `Linker`,
`Instance`, and items that get their store first. `windlass.compat` has those of `wasmer`.
"""

import os as _os

from ._config import Config
from ._errors import (
    CompileError,
    ExitTrap,
    Frame,
    LinkError,
    MemoryInUse,
    StoreInUse,
    Trap,
    TrapCode,
    UncaughtException,
    WasmtimeError,
    WindlassError,
)
from ._exports import InstanceExports
from ._hints import externref, f32, f64, functype, i32, i64
from ._load import BoundGlobal, BoundMemory, BoundTable, Exports, load
from ._types import (
    ExportType,
    FuncType,
    GlobalType,
    ImportType,
    Limits,
    MemoryType,
    TableType,
    TagType,
)
from ._wasi import WasiConfig
from ._windlass import (
    BoundFunc,
    Caller,
    Engine,
    Execution,
    Func,
    Global,
    Instance,
    InstancePre,
    Linker,
    Memory,
    Module,
    OutputPipe,
    Ref,
    SharedMemory,
    Store,
    Table,
    Tag,
    Val,
    ValType,
    __version__,
    _after_fork,
    wasm2wat,
    wat2wasm,
)

if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_after_fork)

__all__ = [
    "BoundFunc",
    "BoundGlobal",
    "BoundMemory",
    "BoundTable",
    "Caller",
    "CompileError",
    "Config",
    "Engine",
    "Execution",
    "ExitTrap",
    "ExportType",
    "Exports",
    "Frame",
    "Func",
    "FuncType",
    "Global",
    "GlobalType",
    "ImportType",
    "Instance",
    "InstanceExports",
    "InstancePre",
    "Limits",
    "LinkError",
    "Linker",
    "Memory",
    "MemoryInUse",
    "MemoryType",
    "Module",
    "OutputPipe",
    "Ref",
    "SharedMemory",
    "Store",
    "StoreInUse",
    "Table",
    "TableType",
    "Tag",
    "TagType",
    "Trap",
    "TrapCode",
    "UncaughtException",
    "Val",
    "ValType",
    "WasiConfig",
    "WasmtimeError",
    "WindlassError",
    "__version__",
    "externref",
    "f32",
    "f64",
    "functype",
    "i32",
    "i64",
    "load",
    "wasm2wat",
    "wat2wasm",
]
