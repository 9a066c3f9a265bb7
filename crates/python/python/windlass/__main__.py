"""`python -m windlass run FILE ARGS`: runs a program of WASI."""

from __future__ import annotations

import argparse
import sys
from typing import Any, List, Optional, Tuple

from . import BoundFunc, ExitTrap, Trap, WasiConfig, WindlassError, __version__, load


def _variable(text: str) -> Tuple[str, str]:
    name, is_set, value = text.partition("=")
    if not is_set:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, not `{text}`")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m windlass", description=__doc__)
    parser.add_argument("--version", action="version", version=f"windlass {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="runs a program, or calls a function of a module")
    run.add_argument(
        "--dir",
        action="append",
        default=[],
        metavar="HOST[::GUEST]",
        help="a directory that the program may use, and its name there",
    )
    run.add_argument(
        "--env", action="append", default=[], type=_variable, metavar="NAME=VALUE"
    )
    run.add_argument("--invoke", metavar="NAME", help="a function, called with ARGS as numbers")
    run.add_argument("file")
    run.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS")
    return parser


def _number(text: str, ty: str) -> Any:
    try:
        return float(text) if ty.startswith("f") else int(text, 0)
    except ValueError:
        raise WindlassError(f"`{text}` is no {ty}") from None


def _run(options: argparse.Namespace) -> int:
    wasi = WasiConfig([options.file, *options.args])
    wasi.env = options.env
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    for each in options.dir:
        host, _, guest = each.partition("::")
        wasi.preopen_dir(host, guest or host)
    try:
        guest = load(options.file, wasi=wasi)
        if options.invoke is None:
            if "_start" not in guest:
                raise WindlassError("the module is no program: it exports no `_start`")
            guest["_start"]()
        else:
            func = guest[options.invoke] if options.invoke in guest else None
            if not isinstance(func, BoundFunc):
                raise WindlassError(f"no function is exported as `{options.invoke}`")
            types = [str(ty) for ty in func.type.params]
            if len(types) != len(options.args):
                wanted, given = len(types), len(options.args)
                raise WindlassError(f"`{options.invoke}` takes {wanted} arguments, not {given}")
            result = func(*map(_number, options.args, types))
            if result is not None:
                print(*(result if isinstance(result, list) else [result]))
    except ExitTrap as exit_:
        return exit_.code
    except Trap as trap:
        print(f"trap: {trap}", file=sys.stderr)
        return 134
    except OSError as error:
        text = str(error) if error.filename is None else f"{error.filename}: {error.strerror}"
        print(f"error: {text}", file=sys.stderr)
        return 1
    except (WindlassError, OverflowError, TypeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def main(args: Optional[List[str]] = None) -> int:
    """Runs the command; returns what the process is to exit with."""
    return _run(_parser().parse_args(args))


if __name__ == "__main__":
    sys.exit(main())
