"""What a guest sees by WASI."""

from __future__ import annotations

import os
import sys
from typing import Callable, Iterable, List, Mapping, Optional, Tuple, Union

from ._windlass import OutputPipe

AnyPath = Union[str, "os.PathLike[str]"]
Input = Union[None, bytes, AnyPath]
Output = Union[None, OutputPipe, Callable[[bytes], object], AnyPath]


class WasiConfig:
    """What a guest sees by WASI: nothing, unless it is said here. Used by `Store.set_wasi`.

    Standard streams are None (empty), "inherit" (the process's), or the path of a file; `stdin` may
    also be bytes, and the others an `OutputPipe` or a function that gets what is written.
    """

    def __init__(
        self,
        argv: Iterable[str] = (),
        env: Union[Mapping[str, str], Iterable[Tuple[str, str]]] = (),
        stdin: Input = None,
        stdout: Output = None,
        stderr: Output = None,
    ) -> None:
        self.argv: List[str] = list(argv)
        self.env: List[Tuple[str, str]] = list(env.items() if isinstance(env, Mapping) else env)
        self.stdin: Input = stdin
        self.stdout: Output = stdout
        self.stderr: Output = stderr
        self.preopens: List[Tuple[str, str, bool]] = []

    def preopen_dir(self, path: AnyPath, guest_path: str, fs_mutable: bool = True) -> None:
        """Gives the guest a directory under the name `guest_path`."""
        self.preopens.append((os.fspath(path), guest_path, fs_mutable))

    def capture_stdout(self, capacity: int = 64 << 20) -> OutputPipe:
        """Keeps what the guest writes to its standard output."""
        self.stdout = pipe = OutputPipe(capacity)
        return pipe

    def capture_stderr(self, capacity: int = 64 << 20) -> OutputPipe:
        """Keeps what the guest writes to its standard error."""
        self.stderr = pipe = OutputPipe(capacity)
        return pipe

    def inherit_argv(self) -> None:
        """The arguments of this process."""
        self.argv = list(sys.argv)

    def inherit_env(self) -> None:
        """The environment of this process."""
        self.env = list(os.environ.items())

    def inherit_stdin(self) -> None:
        """The standard input of this process."""
        self.stdin = "inherit"

    def inherit_stdout(self) -> None:
        """The standard output of this process."""
        self.stdout = "inherit"

    def inherit_stderr(self) -> None:
        """The standard error of this process."""
        self.stderr = "inherit"

    def _set_stdin_file(self, path: AnyPath) -> None:
        self.stdin = os.fspath(path)

    def _set_stdout_file(self, path: AnyPath) -> None:
        self.stdout = os.fspath(path)

    def _set_stderr_file(self, path: AnyPath) -> None:
        self.stderr = os.fspath(path)

    def _set_stdout_custom(self, callback: Callable[[bytes], object]) -> None:
        self.stdout = callback

    def _set_stderr_custom(self, callback: Callable[[bytes], object]) -> None:
        self.stderr = callback

    stdin_file: property = property(None, _set_stdin_file, doc="Reads from a file.")
    stdout_file: property = property(None, _set_stdout_file, doc="Writes to a file.")
    stderr_file: property = property(None, _set_stderr_file, doc="Writes to a file.")
    stdout_custom: property = property(None, _set_stdout_custom, doc="Gets what is written.")
    stderr_custom: property = property(None, _set_stderr_custom, doc="Gets what is written.")
