#!/usr/bin/env bash
# Dispatch by tail calls must hold in every way that people build: in several build profiles, the
# handlers are disassembled, and the official suite runs on a native stack of 256 KiB.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v objdump >/dev/null || ! command -v python3 >/dev/null; then
    apt-get update -q && apt-get install -q -y binutils python3
fi

# opt-level lto codegen-units, and how strictly the machine code is judged
profiles='
2 off 1
3 off 16
s off 16 --lax
3 fat 1
'

export RUSTFLAGS="-C symbol-mangling-version=v0" CARGO_PROFILE_RELEASE_STRIP=none
while read -r opt lto units lax; do
    [ -n "$opt" ] || continue
    echo "== opt-level $opt, lto $lto, $units codegen units"
    export CARGO_PROFILE_RELEASE_OPT_LEVEL=$opt CARGO_PROFILE_RELEASE_LTO=$lto
    export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=$units CARGO_TARGET_DIR=target/profiles
    if [ "$(uname -m)" = x86_64 ]; then
        cargo build --release --quiet --package windlass-cli
        python3 ci/disassembly.py $lax target/profiles/release/windlass
    fi
    WINDLASS_SPEC_STACK=262144 cargo test --release --quiet --package windlass-spec-tests \
        --test suite -- --quiet 2>&1 | tail -n 3
    # The embedding API once with tail calls.
    [ "$opt$lto" = 3off ] || continue
    cargo test --release --quiet --package windlass --test api 2>&1 | tail -n 3
done <<<"$profiles"
