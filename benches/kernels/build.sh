#!/bin/sh
# Compiles the kernels written in C to WebAssembly. The results are committed, so that a benchmark
# needs no C compiler; run this after a change of a kernel. Needs Zig's C compiler, for example from
# `pip install ziglang`. CC can name another Clang that has a WebAssembly target, with its flags.
set -eu
cd "$(dirname "$0")"
: "${CC:=python3 -m ziglang cc --target=wasm32-freestanding}"
[ $# -gt 0 ] || set -- *.c
for source in "$@"; do
    case $source in
        simd_*) features=-msimd128 ;;
        *) features= ;;
    esac
    # shellcheck disable=SC2086
    $CC $features -std=c11 -O2 -Wall -Wextra -ffreestanding -nostdlib \
        -Wl,--no-entry -Wl,--export=run -Wl,--strip-all \
        "$source" -o "${source%.c}.wasm"
    echo "${source%.c}.wasm"
done
