"""The type of a host function from its annotations."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Dict, List, NewType, Optional

from ._types import FuncType
from ._windlass import ValType

i32 = NewType("i32", int)
i64 = NewType("i64", int)
f32 = NewType("f32", float)
f64 = NewType("f64", float)
externref = NewType("externref", object)

_KNOWN: Dict[Any, str] = {
    i32: "i32",
    i64: "i64",
    f32: "f32",
    f64: "f64",
    externref: "externref",
    int: "i32",
    bool: "i32",
    float: "f64",
    object: "externref",
    Any: "externref",
}


def _resolved(annotation: Any, func: Callable[..., Any]) -> Any:
    """What an annotation stands for that is given as text, as some modules have all of them."""
    while isinstance(annotation, str):
        try:
            return ValType(annotation.lower())
        except ValueError:
            pass
        annotation = eval(annotation, getattr(func, "__globals__", {}))
    return annotation


def _val_type(annotation: Any, func: Callable[..., Any], known: Dict[Any, str]) -> ValType:
    annotation = _resolved(annotation, func)
    if isinstance(annotation, ValType):
        return annotation
    try:
        return ValType(known[annotation])
    except (KeyError, TypeError):
        raise TypeError(f"no WebAssembly type stands for the annotation {annotation!r}") from None


def _results(annotation: Any, func: Callable[..., Any], known: Dict[Any, str]) -> List[ValType]:
    annotation = _resolved(annotation, func)
    if annotation is None or annotation is type(None):
        return []
    several = annotation if isinstance(annotation, (tuple, list)) else None
    if getattr(annotation, "__origin__", None) is tuple:
        several = annotation.__args__
    if several is not None:
        return [_val_type(each, func, known) for each in several]
    return [_val_type(annotation, func, known)]


def functype(
    func: Callable[..., Any],
    access_caller: bool = False,
    known: Optional[Dict[Any, str]] = None,
) -> FuncType:
    """The type that the annotations of a Python function tell.

    `int` is `i32`, `float` is `f64`, `object` is `externref`; `windlass.i32`, `i64`, `f32` and
    `f64` say it exactly, and so do names of types and `ValType`s. A tuple is several results.
    With `access_caller`, the first parameter is not the guest's.
    """
    known = _KNOWN if known is None else known
    signature = inspect.signature(func)
    params = [each for each in signature.parameters.values() if each.default is each.empty]
    params = params[1:] if access_caller else params
    for each in params:
        if each.annotation is each.empty:
            raise TypeError(f"the parameter `{each.name}` of {func!r} has no annotation")
    result = signature.return_annotation
    results = [] if result is signature.empty else _results(result, func, known)
    return FuncType([_val_type(each.annotation, func, known) for each in params], results)
