"""Types of values and items, and values with their types. The other files beside it use them."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, List, Optional, Sequence

import windlass


class Type(IntEnum):
    """The type of a value."""

    I32 = 1
    I64 = 2
    F32 = 3
    F64 = 4
    V128 = 5
    EXTERN_REF = 6
    FUNC_REF = 7


_NAMES = {
    Type.I32: "i32",
    Type.I64: "i64",
    Type.F32: "f32",
    Type.F64: "f64",
    Type.V128: "v128",
    Type.EXTERN_REF: "externref",
    Type.FUNC_REF: "funcref",
}
_TYPES = {name: ty for ty, name in _NAMES.items()}


def name_of(ty: Type) -> str:
    """The type as `windlass` names it."""
    return _NAMES[Type(ty)]


def _type(ty: windlass.ValType) -> Type:
    try:
        return _TYPES[str(ty)]
    except KeyError:
        raise RuntimeError(f"the package `wasmer` has no type `{ty}`") from None


def _shown(ty: Type) -> str:
    return {Type.EXTERN_REF: "ExternRef", Type.FUNC_REF: "FuncRef"}.get(ty, Type(ty).name)


def _most(maximum: Optional[int]) -> str:
    return "None" if maximum is None else f"Some({maximum})"


class FunctionType:
    """The type of a function."""

    def __init__(self, params: Sequence[Type], results: Sequence[Type]) -> None:
        self.params: List[Type] = [Type(each) for each in params]
        self.results: List[Type] = [Type(each) for each in results]

    def _functype(self) -> windlass.FuncType:
        params, results = ([name_of(ty) for ty in some] for some in (self.params, self.results))
        return windlass.FuncType(params, results)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionType) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((tuple(self.params), tuple(self.results)))

    def __repr__(self) -> str:
        params, results = (
            ", ".join(_shown(ty) for ty in some) for some in (self.params, self.results)
        )
        return f"FunctionType(params: [{params}], results: [{results}])"


class MemoryType:
    """The type of a memory; sizes are in pages."""

    def __init__(self, minimum: int, maximum: Optional[int] = None, shared: bool = False) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.shared = shared

    def __repr__(self) -> str:
        shared = str(self.shared).lower()
        most = _most(self.maximum)
        return f"MemoryType(minimum: {self.minimum}, maximum: {most}, shared: {shared})"


class GlobalType:
    """The type of a global."""

    def __init__(self, type: Type, mutable: bool) -> None:
        self.type = type
        self.mutable = mutable

    def __repr__(self) -> str:
        return f"GlobalType(type: {_shown(self.type)}, mutable: {str(self.mutable).lower()})"


class TableType:
    """The type of a table."""

    def __init__(self, type: Type, minimum: int, maximum: Optional[int] = None) -> None:
        self.type = type
        self.minimum = minimum
        self.maximum = maximum

    def __repr__(self) -> str:
        ty, most = _shown(self.type), _most(self.maximum)
        return f"TableType(type: {ty}, minimum: {self.minimum}, maximum: {most})"


class ImportType:
    """What a module imports."""

    def __init__(self, module: str, name: str, type: Any) -> None:
        self.module = module
        self.name = name
        self.type = type

    def __repr__(self) -> str:
        return f"ImportType(module: {self.module!r}, name: {self.name!r}, type: {self.type!r})"


class ExportType:
    """What a module exports."""

    def __init__(self, name: str, type: Any) -> None:
        self.name = name
        self.type = type

    def __repr__(self) -> str:
        return f"ExportType(name: {self.name!r}, type: {self.type!r})"


def type_of(ty: Any) -> Any:
    """The type of an item in the shape of `wasmer`."""
    if isinstance(ty, windlass.FuncType):
        params, results = ([_type(each) for each in some] for some in (ty.params, ty.results))
        return FunctionType(params, results)
    if isinstance(ty, windlass.MemoryType):
        return MemoryType(ty.limits.min, ty.limits.max, ty.is_shared)
    if isinstance(ty, windlass.GlobalType):
        return GlobalType(_type(ty.content), ty.mutable)
    if isinstance(ty, windlass.TableType):
        return TableType(_type(ty.element), ty.limits.min, ty.limits.max)
    return ty


class Value:
    """A value with its type."""

    def __init__(self, type: Type, value: Any) -> None:
        self.type = Type(type)
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
        return Value(Type.F32, float(value))

    @staticmethod
    def f64(value: float) -> Value:
        """An `f64`."""
        return Value(Type.F64, float(value))

    @staticmethod
    def v128(value: int) -> Value:
        """A `v128`, as a number of 128 bits."""
        return Value(Type.V128, value)

    def __repr__(self) -> str:
        return f"{_shown(self.type)}({self.value!r})"
