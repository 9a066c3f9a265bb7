#!/bin/sh
# Builds exceptions-*.wasm and jumps-*.wasm: exceptions in the encoding of the standard (try_table)
# and in the legacy one (try and catch). Needs `pip install ziglang` (clang with wasi-libc and the
# sources of libc++abi): what its own build of libc++abi leaves out, the parts that throw and catch,
# is compiled here.
set -eu
cd "$(dirname "$0")"
lib=$(python3 -c 'import os, ziglang; print(os.path.dirname(ziglang.__file__))')/lib
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
printf '.globl __cpp_exception\n.tagtype __cpp_exception i32\n__cpp_exception:\n' > "$work/tag.s"

for encoding in standard legacy; do
    legacy=$([ $encoding = legacy ] && echo true || echo false)
    flags="--target=wasm32-wasi -Os -mexception-handling -mllvm -wasm-use-legacy-eh=$legacy"
    throws="$flags -fwasm-exceptions -I $lib/libunwind/include -I $lib/libunwind/src"
    abi="-D_LIBCXXABI_HAS_NO_THREADS -D_LIBCPP_BUILDING_LIBRARY -D_LIBCXXABI_BUILDING_LIBRARY
         -I $lib/libcxxabi/include -I $lib/libcxxabi/src -I $lib/libcxx/src"
    python3 -m ziglang cc $throws -D_LIBUNWIND_HIDE_SYMBOLS -std=c23 \
        -c "$lib/libunwind/src/Unwind-wasm.c" \
        -o "$work/unwind.o"
    python3 -m ziglang cc $flags -c "$work/tag.s" -o "$work/tag.o"
    python3 -m ziglang c++ $throws $abi -s exceptions.cpp "$lib/libcxxabi/src/cxa_exception.cpp" \
        "$lib/libcxxabi/src/cxa_personality.cpp" "$work/unwind.o" "$work/tag.o" \
        -o exceptions-$encoding.wasm
    python3 -m ziglang cc $flags -mllvm -wasm-enable-sjlj -s jumps.c \
        -lsetjmp -o jumps-$encoding.wasm
done
