"""The shapes of the package `wasmer`, for scripts of talks, articles and tutorials: they run with
the import line changed from `wasmer` to `windlass.compat`.

What chose a compiler there is accepted and does nothing: `Store(engine.Universal(Compiler))`, where
`Compiler` is imported from here, too.
"""

from .. import __version__, wasm2wat, wat2wasm
from . import engine, target, wasi
from ._items import Function, Global, Table
from ._memory import (
    Buffer,
    Float32Array,
    Float64Array,
    Int8Array,
    Int16Array,
    Int32Array,
    Int64Array,
    Memory,
    Uint8Array,
    Uint16Array,
    Uint32Array,
    Uint64Array,
)
from ._modules import Exports, ExportsIterator, ImportObject, Instance, Module, Store
from ._types import (
    ExportType,
    FunctionType,
    GlobalType,
    ImportType,
    MemoryType,
    TableType,
    Type,
    Value,
)
from .engine import Compiler

__core_version__ = __version__

__all__ = [
    "Buffer",
    "Compiler",
    "ExportType",
    "Exports",
    "ExportsIterator",
    "Float32Array",
    "Float64Array",
    "Function",
    "FunctionType",
    "Global",
    "GlobalType",
    "ImportObject",
    "ImportType",
    "Instance",
    "Int16Array",
    "Int32Array",
    "Int64Array",
    "Int8Array",
    "Memory",
    "MemoryType",
    "Module",
    "Store",
    "Table",
    "TableType",
    "Type",
    "Uint16Array",
    "Uint32Array",
    "Uint64Array",
    "Uint8Array",
    "Value",
    "__core_version__",
    "__version__",
    "engine",
    "target",
    "wasi",
    "wasm2wat",
    "wat2wasm",
]
