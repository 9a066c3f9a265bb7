#!/bin/sh
# Builds vectors.wasm. Needs `pip install ziglang` (clang with wasi-libc).
set -eu
cd "$(dirname "$0")"
python3 -m ziglang cc --target=wasm32-wasi -msimd128 -O3 -Wall -Wextra -s vectors.c -o vectors.wasm
