"""Tells the runner of the official wasi-testsuite how to run a test with Windlass.

In a checkout of that suite (branch prod/testsuite-base has the compiled tests), with `windlass` in
PATH or named by the variable WINDLASS:

    python3 test-runner/wasi_test_runner.py \
        -t tests/assemblyscript/testsuite/* tests/c/testsuite/* tests/rust/testsuite/wasm32-wasip1 \
        -r PATH/TO/spec-tests/wasi/windlass.py

With WINDLASS_MEMFS=1 the tests run on copies of their files in memory.
"""

import os
import shlex
import subprocess

WINDLASS = shlex.split(os.getenv("WINDLASS", "windlass"))


def get_name():
    return "windlass"


def get_version():
    output = subprocess.run(
        WINDLASS[:1] + ["--version"], encoding="UTF-8", capture_output=True, check=True
    ).stdout
    return output.split()[1]


def get_wasi_versions():
    return ["wasm32-wasip1"]


def get_wasi_worlds():
    return ["wasi:cli/command"]


def directories(given):
    """Pairs of a host's directory and the guest's name for it. Runners give them as such, or one
    root or none."""
    if given is None:
        return []
    return [(given, "/")] if isinstance(given, (str, os.PathLike)) else given


def compute_argv(test_path, args_env_dirs, proposals, wasi_world, wasi_version):
    args, env, dirs = args_env_dirs
    argv = WINDLASS + ["run"]
    for name, value in env.items():
        argv += ["--env", f"{name}={value}"]
    for host, guest in directories(dirs):
        in_memory = os.getenv("WINDLASS_MEMFS")
        argv += [f"--memfs={host}::{guest}"] if in_memory else ["--dir", f"{host}::{guest}"]
    return argv + [str(test_path)] + args
