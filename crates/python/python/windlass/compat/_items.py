"""Functions, globals and tables: a guest's, or ones that are made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

import windlass

from .._hints import functype
from .._load import BoundGlobal, BoundTable
from ._types import FunctionType, GlobalType, TableType, Type, Value, name_of, type_of

if TYPE_CHECKING:
    from ._modules import Store

_HINTS: Dict[Any, str] = {int: "i32", float: "f32", **{ty: name_of(ty) for ty in Type}}


class Function:
    """A function: a guest's, or a Python function whose type is told by its annotations (`int` is
    `i32` and `float` is `f32`) or by a `FunctionType`."""

    def __init__(
        self,
        store: Store,
        function: Callable[..., Any],
        function_type: Optional[FunctionType] = None,
    ) -> None:
        if not callable(function):
            raise ValueError("a function must be callable")
        if function_type is None:
            try:
                ty = functype(function, known=_HINTS)
            except TypeError as error:
                raise RuntimeError(str(error)) from error
        else:
            ty = function_type._functype()
        made = windlass.Func(store._store, ty, function)
        self._func = made.bind(store._store, getattr(function, "__name__", "host"))

    @classmethod
    def _of(cls, func: windlass.BoundFunc) -> Function:
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
        found: FunctionType = type_of(self._func.type)
        return found


class Global:
    """A global: a guest's, or one that is made here."""

    def __init__(self, store: Store, value: Value, mutable: Optional[bool] = False) -> None:
        ty = windlass.GlobalType(name_of(value.type), bool(mutable))
        self._global = BoundGlobal(store._store, windlass.Global(store._store, ty, value.value))

    @classmethod
    def _of(cls, global_: BoundGlobal) -> Global:
        made = cls.__new__(cls)
        made._global = global_
        return made

    @property
    def type(self) -> GlobalType:
        """The type."""
        found: GlobalType = type_of(self._global.global_.type(self._global.store))
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
        self._global.value = value.value if isinstance(value, Value) else value


def _element(value: Any) -> Any:
    value = value.value if isinstance(value, Value) else value
    return value._func.func if isinstance(value, Function) else value


class Table:
    """A table: a guest's, or one that is made here, whose elements are all the same: None, a
    `Function`, or for a table of `externref` any object; also as a `Value`."""

    def __init__(self, store: Store, table_type: TableType, initial_value: Any = None) -> None:
        limits = windlass.Limits(table_type.minimum, table_type.maximum)
        ty = windlass.TableType(name_of(table_type.type), limits)
        try:
            made = windlass.Table(store._store, ty, _element(initial_value))
        except (windlass.WindlassError, TypeError) as error:
            raise RuntimeError(str(error)) from error
        self._table = BoundTable(store._store, made)

    @classmethod
    def _of(cls, table: BoundTable) -> Table:
        made = cls.__new__(cls)
        made._table = table
        return made

    @property
    def type(self) -> TableType:
        """The type."""
        found: TableType = type_of(self._table.table.type(self._table.store))
        return found

    @property
    def size(self) -> int:
        """How many elements it has."""
        return len(self._table)

    def get(self, index: int) -> Any:
        """An element."""
        element = self._table[index]
        return Function._of(element) if isinstance(element, windlass.BoundFunc) else element

    def set(self, index: int, value: Any) -> None:
        """Sets an element."""
        self._table[index] = _element(value)

    def grow(self, elements: int, value: Any = None) -> int:
        """Adds elements; returns how many there were."""
        try:
            return self._table.grow(elements, _element(value))
        except windlass.WindlassError as error:
            raise RuntimeError(str(error)) from error
