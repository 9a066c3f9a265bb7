"""The short way: a module with its imports, whose exports are attributes."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, Mapping, Optional, Union

from ._errors import LinkError
from ._exports import Item
from ._types import FuncType
from ._wasi import WasiConfig
from ._windlass import (
    BoundFunc,
    Engine,
    Func,
    Global,
    Instance,
    Linker,
    Memory,
    Module,
    SharedMemory,
    Store,
    Table,
)

Source = Union[Module, bytes, bytearray, str, "os.PathLike[str]"]
Imports = Mapping[str, Mapping[str, Any]]


class BoundMemory:
    """A memory with its store. Indices and slices are bytes."""

    def __init__(self, store: Store, memory: Memory) -> None:
        self.store = store
        self.memory = memory

    def __len__(self) -> int:
        return self.memory.data_len(self.store)

    def __getitem__(self, index: Union[int, slice]) -> Any:
        return self.memory.get_item(self.store, index)

    def __setitem__(self, index: Union[int, slice], value: Any) -> None:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            # Not `bytes(value)`, which makes zeros of a number.
            value = bytes(memoryview(value))
            if step != 1 or stop - start != len(value):
                raise ValueError("a part of a memory keeps its size")
            self.memory.write(self.store, value, start)
        else:
            self.memory.write(self.store, bytes([value]), index)

    def read(self, start: int = 0, stop: Optional[int] = None) -> bytearray:
        """A copy of the bytes from `start` to `stop`, which are as in slices."""
        return self.memory.read(self.store, start, stop)

    def write(self, start: int, value: Union[bytes, bytearray, memoryview]) -> int:
        """Writes bytes; returns how many."""
        return self.memory.write(self.store, value, start)

    def read_string(self, start: int, size: Optional[int] = None, encoding: str = "utf-8") -> str:
        """Text of `size` bytes, or up to a zero."""
        length = len(self)
        start = start + length if start < 0 else start
        if not 0 <= start <= length or size is not None and not 0 <= size <= length - start:
            raise IndexError("index out of range")
        if size is not None:
            return str(self[start : start + size], encoding)
        text = bytearray()
        while True:
            part = self[start : start + 1024]
            end = part.find(0)
            if end >= 0:
                return str(bytes(text + part[:end]), encoding)
            if len(part) < 1024:
                raise IndexError("the text has no end")
            text += part
            start += 1024

    def write_string(self, start: int, text: str, encoding: str = "utf-8") -> int:
        """Writes text and a zero; returns how many bytes."""
        return self.write(start, text.encode(encoding) + b"\0")

    def view(self) -> memoryview:
        """The bytes without a copy; while it lives, the memory stays where it is."""
        return self.memory.view(self.store)

    def grow(self, pages: int) -> int:
        """Adds pages; returns how many there were."""
        return self.memory.grow(self.store, pages)

    @property
    def size(self) -> int:
        """The size in pages."""
        return self.memory.size(self.store)


class BoundGlobal:
    """A global with its store."""

    def __init__(self, store: Store, global_: Global) -> None:
        self.store = store
        self.global_ = global_

    @property
    def value(self) -> Any:
        """The value."""
        return self.global_.value(self.store)

    @value.setter
    def value(self, value: Any) -> None:
        self.global_.set_value(self.store, value)


class BoundTable:
    """A table with its store."""

    def __init__(self, store: Store, table: Table) -> None:
        self.store = store
        self.table = table

    def __len__(self) -> int:
        return self.table.size(self.store)

    def _at(self, index: int) -> int:
        length = len(self)
        index = index + length if index < 0 else index
        if not 0 <= index < length:
            raise IndexError("index out of range")
        return index

    def __getitem__(self, index: int) -> Any:
        element = self.table.get(self.store, self._at(index))
        return element.bind(self.store, "?") if isinstance(element, Func) else element

    def __setitem__(self, index: int, value: Any) -> None:
        if isinstance(value, BoundFunc):
            value = value.func
        self.table.set(self.store, self._at(index), value)

    def grow(self, elements: int, init: Any = None) -> int:
        """Adds elements; returns how many there were."""
        return self.table.grow(self.store, elements, init)


def bind(store: Store, name: str, item: Item) -> Any:
    """An item with its store."""
    if isinstance(item, Func):
        return item.bind(store, name)
    if isinstance(item, Memory):
        return BoundMemory(store, item)
    if isinstance(item, Global):
        return BoundGlobal(store, item)
    if isinstance(item, Table):
        return BoundTable(store, item)
    return item


class Exports:
    """The exports of an instance: attributes, or by name in brackets. Each holds its store."""

    def __init__(self, store: Store, module: Module, instance: Instance) -> None:
        items = instance.exports(store)
        self._store = store
        self._module = module
        self._instance = instance
        self._exports: Dict[str, Any] = {
            name: bind(store, name, item) for name, item in items.items()
        }

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_exports"][name]
        except KeyError:
            known = ", ".join(self.__dict__.get("_exports", ())) or "nothing"
            raise AttributeError(f"no export is named `{name}`; there are: {known}") from None

    def __getitem__(self, name: str) -> Any:
        return self._exports[name]

    def __contains__(self, name: object) -> bool:
        return name in self._exports

    def __iter__(self) -> Iterator[str]:
        return iter(self._exports)

    def __len__(self) -> int:
        return len(self._exports)

    def __dir__(self) -> "list[str]":
        return [*object.__dir__(self), *self._exports]

    def __repr__(self) -> str:
        return f"<wasm instance with {', '.join(self._exports) or 'no exports'}>"


def _module(source: Source, engine: Engine) -> Module:
    if isinstance(source, Module):
        return source
    if isinstance(source, (bytes, bytearray)):
        return Module(engine, source)
    if isinstance(source, str) and source.lstrip()[:1] in ("(", ";"):
        return Module(engine, source)
    return Module.from_file(engine, os.fspath(source))


def load(
    source: Source,
    imports: Optional[Imports] = None,
    *,
    wasi: Optional[WasiConfig] = None,
    store: Optional[Store] = None,
) -> Exports:
    """A module, made ready to be used: its exports are attributes of what this returns.

    `source` is the path of a file, bytes, text, or a `Module` of the store's engine. `imports` are
    functions of Python, or items of the store, by module and name; the module says of which types.
    With `wasi`, functions of WASI are there, too.

        add = windlass.load("add.wasm").add
        assert add(1, 2) == 3
    """
    store = Store() if store is None else store
    module = _module(source, store.engine)
    linker = Linker(store.engine)
    linker.allow_shadowing = True
    if wasi is not None:
        linker.define_wasi()
        store.set_wasi(wasi)
    wanted = {(each.module, each.name): each.type for each in module.imports}
    for namespace, items in (imports or {}).items():
        for name, item in items.items():
            _define(linker, store, module, (namespace, name), item, wanted)
    return Exports(store, module, linker.instantiate(store, module))


def _define(
    linker: Linker,
    store: Store,
    module: Module,
    path: "tuple[str, str]",
    item: Any,
    wanted: Mapping["tuple[str, str]", Any],
) -> None:
    # A function of another store is called as a Python function is.
    if isinstance(item, BoundFunc) and item.store is store:
        item = item.func
    elif isinstance(item, BoundMemory):
        item = item.memory
    elif isinstance(item, BoundTable):
        item = item.table
    elif isinstance(item, BoundGlobal):
        item = item.global_
    if isinstance(item, (Func, Memory, SharedMemory, Table, Global)):
        linker.define(store, *path, item)
    elif path not in wanted:
        return
    elif not isinstance(wanted[path], FuncType):
        raise LinkError(f"the import `{path[0]}`::`{path[1]}` is no function")
    elif not callable(item):
        raise TypeError(f"`{path[0]}`::`{path[1]}` cannot be called")
    else:
        linker.define_import(module, *path, item)


