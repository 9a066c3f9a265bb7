"""Engines, which chose how modules were compiled: accepted, and without effect. Nothing is compiled
here."""

from __future__ import annotations

from typing import Any


class Compiler:
    """Stands for that of `wasmer_compiler_cranelift` and its like: `engine.Universal(Compiler)`."""


class Universal:
    """An engine."""

    name = "universal"

    def __init__(self, compiler: Any = None, target: Any = None) -> None:
        self.compiler = compiler
        self.target = target


class Dylib(Universal):
    """An engine."""

    name = "dylib"


JIT = Universal
Native = Dylib
Headless = Universal
