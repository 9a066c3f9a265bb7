"""WASI: what a guest sees is said step by step, then given as imports."""

from __future__ import annotations

import os
from enum import IntEnum
from typing import Any, Dict, Mapping, Optional, Sequence

import windlass

from ._items import Function
from ._modules import ImportObject, Module, Store


class Version(IntEnum):
    """Which functions a module imports."""

    LATEST = 1
    SNAPSHOT0 = 2
    SNAPSHOT1 = 3


_NAMES = {
    Version.LATEST: "wasi_snapshot_preview1",
    Version.SNAPSHOT0: "wasi_unstable",
    Version.SNAPSHOT1: "wasi_snapshot_preview1",
}

_FUNCTIONS = """args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get
fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights
fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_dir_name
fd_prestat_get fd_pwrite fd_read fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write
path_create_directory path_filestat_get path_filestat_set_times path_link path_open path_readlink
path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit proc_raise
random_get sched_yield sock_recv sock_send sock_shutdown""".split()


class Environment:
    """What a guest sees."""

    def __init__(self, config: windlass.WasiConfig) -> None:
        self._config = config

    def generate_import_object(self, store: Store, wasi_version: Any = None) -> ImportObject:
        """The functions of WASI, of all versions."""
        imports = ImportObject()
        imports._wasi = self._config
        return imports

    def generate_imports(self, store: Store, wasi_version: Version) -> Dict[str, Dict[str, Any]]:
        """The functions of one version, for a dictionary of imports."""
        linker = windlass.Linker(store._store.engine)
        linker.define_wasi()
        store._store.set_wasi(self._config)
        namespace = _NAMES[Version(wasi_version)]
        items: Dict[str, Any] = {}
        for name in _FUNCTIONS:
            func = linker.get(store._store, namespace, name)
            assert isinstance(func, windlass.Func)
            items[name] = Function._of(func.bind(store._store, name))
        return {namespace: items}


class StateBuilder:
    """Says what a guest sees. The standard streams are those of the process."""

    def __init__(
        self,
        program_name: str,
        arguments: Optional[Sequence[str]] = None,
        environments: Optional[Mapping[str, str]] = None,
        preopen_directories: Optional[Sequence[str]] = None,
        map_directories: Optional[Mapping[str, str]] = None,
    ) -> None:
        self._config = windlass.WasiConfig([program_name])
        self._config.inherit_stdin()
        self._config.inherit_stdout()
        self._config.inherit_stderr()
        self.arguments(arguments or [])
        self.environments(environments or {})
        self.preopen_directories(preopen_directories or [])
        self.map_directories(map_directories or {})

    def argument(self, argument: str) -> StateBuilder:
        """Adds an argument."""
        self._config.argv.append(argument)
        return self

    def arguments(self, arguments: Sequence[str]) -> StateBuilder:
        """Adds arguments."""
        self._config.argv.extend(arguments)
        return self

    def environment(self, key: str, value: str) -> StateBuilder:
        """Adds a variable."""
        self._config.env.append((key, value))
        return self

    def environments(self, environments: Mapping[str, str]) -> StateBuilder:
        """Adds variables."""
        self._config.env.extend(environments.items())
        return self

    def preopen_directory(self, preopen_directory: str) -> StateBuilder:
        """Gives the guest a directory under the same name."""
        return self.map_directory(preopen_directory, preopen_directory)

    def preopen_directories(self, preopen_directories: Sequence[str]) -> StateBuilder:
        """Gives the guest directories under the same names."""
        for directory in preopen_directories:
            self.preopen_directory(directory)
        return self

    def map_directory(self, alias: str, directory: str) -> StateBuilder:
        """Gives the guest a directory under the name `alias`."""
        if not os.path.isdir(directory):
            raise RuntimeError(f"`{directory}` is no directory")
        self._config.preopen_dir(directory, alias)
        return self

    def map_directories(self, map_directories: Mapping[str, str]) -> StateBuilder:
        """Gives the guest directories, by the names that they have there."""
        for alias, directory in map_directories.items():
            self.map_directory(alias, directory)
        return self

    def finalize(self) -> Environment:
        """The environment."""
        return Environment(self._config)


def get_version(module: Module, strict: bool = False) -> Optional[Version]:
    """The version whose functions a module imports; None if it imports none of WASI, or with
    `strict` those of several."""
    names = {each.module for each in module.imports}
    found = [version for version, name in _NAMES.items() if version != 1 and name in names]
    if not found or strict and len(found) > 1:
        return None
    return found[-1]
