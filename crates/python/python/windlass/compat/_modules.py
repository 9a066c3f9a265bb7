"""Stores, modules, what they import, and instances with what they export."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple, Union

import windlass

from .._load import BoundGlobal, BoundMemory, BoundTable
from ._items import Function, Global, Table
from ._memory import Memory
from ._types import ExportType, ImportType, type_of


class Store:
    """What holds instances. Its engine is accepted and not used."""

    def __init__(self, engine: Any = None) -> None:
        self._store = windlass.Store()
        self.engine = engine

    @property
    def engine_name(self) -> str:
        """The name of the engine that was given."""
        return getattr(self.engine, "name", "universal")

    @property
    def compiler_name(self) -> Optional[str]:
        """None: nothing is compiled."""
        return None


class Module:
    """A module, from bytes or text."""

    def __init__(self, store: Store, bytes: Union[bytes, bytearray, str]) -> None:
        self.store = store
        self._name: Optional[str] = None
        if not isinstance(bytes, (type(b""), bytearray, str)):
            raise TypeError("a module is made of bytes, or of text")
        try:
            self._module = windlass.Module(store._store.engine, bytes)
        except windlass.WindlassError as error:
            raise RuntimeError(str(error)) from error

    @staticmethod
    def validate(store: Store, bytes: Any) -> bool:
        """Whether the bytes are a valid module."""
        try:
            windlass.Module.validate(store._store.engine, bytes)
            return True
        except (windlass.WindlassError, TypeError):
            return False

    @property
    def name(self) -> Optional[str]:
        """The name that the module gives itself, or that was set."""
        return self._module.name if self._name is None else self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    @property
    def imports(self) -> List[ImportType]:
        """What it imports."""
        return [ImportType(i.module, i.name, type_of(i.type)) for i in self._module.imports]

    @property
    def exports(self) -> List[ExportType]:
        """What it exports."""
        return [ExportType(e.name, type_of(e.type)) for e in self._module.exports]

    def custom_sections(self, name: str) -> List[bytes]:
        """The contents of its custom sections of this name."""
        return self._module.custom_sections(name)

    def serialize(self) -> bytes:
        """The module in the binary format: an interpreter has no machine code to keep."""
        return self._module.serialize()

    @staticmethod
    def deserialize(store: Store, bytes: bytes) -> Module:
        """A module from what `serialize` gave, which is checked as any other."""
        return Module(store, bytes)


def wrap(item: Any) -> Any:
    """An item with its store, in the shape of `wasmer`."""
    if isinstance(item, windlass.BoundFunc):
        return Function._of(item)
    if isinstance(item, BoundMemory):
        return Memory._of(item)
    if isinstance(item, BoundGlobal):
        return Global._of(item)
    if isinstance(item, BoundTable):
        return Table._of(item)
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
    name = type(item).__name__
    raise TypeError(f"a `{name}` cannot be imported: a Function, Memory, Global or Table can")


class ImportObject:
    """What modules import, by the name of a module."""

    def __init__(self) -> None:
        self._namespaces: Dict[str, Dict[str, Any]] = {}
        self._wasi: Optional[windlass.WasiConfig] = None

    def register(self, namespace_name: str, namespace: Mapping[str, Any]) -> None:
        """Adds items under the name of a module."""
        items = {name: _item(item) for name, item in namespace.items()}
        self._namespaces.setdefault(namespace_name, {}).update(items)

    def contains_namespace(self, namespace_name: str) -> bool:
        """Whether there is something under the name."""
        return namespace_name in self._namespaces

    def to_dict(self) -> Dict[str, Dict[str, Any]]:
        """What was registered, which an `Instance` takes, too."""
        return {
            namespace: {name: wrap(item) for name, item in items.items()}
            for namespace, items in self._namespaces.items()
        }


class ExportsIterator:
    """What an instance exports, one after the other: names with items."""

    def __init__(self, items: Iterator[Tuple[str, Any]]) -> None:
        self._items = items

    def __iter__(self) -> ExportsIterator:
        return self

    def __next__(self) -> Tuple[str, Any]:
        return next(self._items)


class Exports:
    """The exports of an instance, as attributes."""

    def __init__(self, exports: windlass.Exports) -> None:
        self._exports = exports

    def __getattr__(self, name: str) -> Any:
        exports = self.__dict__.get("_exports", ())
        if name.startswith("__") or name not in exports:
            # Python asks for such names itself, and wants to be told in its own way.
            missing = AttributeError if name.startswith("__") else LookupError
            raise missing(f"no export is named `{name}`")
        return wrap(exports[name])

    def __iter__(self) -> ExportsIterator:
        return ExportsIterator((name, wrap(self._exports[name])) for name in self._exports)

    def __len__(self) -> int:
        return len(self._exports)


def _function(store: Store, item: Any) -> Any:
    """A Python function as a `Function`; what is something else already, as it is."""
    return item if isinstance(item, Function) or not callable(item) else Function(store, item)


class Instance:
    """An instance of a module. What it imports is an `ImportObject`, or a dictionary of items by
    the name of a module. As in the first versions of `wasmer`, the bytes of a module will do, and
    Python functions in the dictionary."""

    def __init__(
        self, module: Union[Module, bytes, bytearray], import_object: Optional[Any] = None
    ) -> None:
        if isinstance(module, (bytes, bytearray)):
            module = Module(Store(), module)
        imports = ImportObject() if import_object is None else import_object
        if isinstance(import_object, dict):
            imports = ImportObject()
            for name, namespace in import_object.items():
                items = {key: _function(module.store, item) for key, item in namespace.items()}
                imports.register(name, items)
        if not isinstance(imports, ImportObject):
            name = type(imports).__name__
            raise TypeError(f"imports are an ImportObject or a dictionary, not `{name}`")
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

    @property
    def memory(self) -> Optional[Memory]:
        """The first memory that is exported, as in the first versions of `wasmer`."""
        memories = (item for _, item in self.exports if isinstance(item, Memory))
        return next(memories, None)
