#!/usr/bin/env bash
# Dispatch by tail calls must hold in every way that people build: in several build profiles, the
# handlers are disassembled, and the official suite runs on a native stack of 256 KiB.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v objdump >/dev/null || ! command -v python3 >/dev/null; then
    apt-get update -q && apt-get install -q -y binutils python3
fi

# name opt-level lto codegen-units
profiles='
o1 1 off 16
o2 2 off 1
o3 3 off 16
os s off 16
fat 3 fat 1
'

export RUSTFLAGS="-C symbol-mangling-version=v0" CARGO_PROFILE_RELEASE_STRIP=none
while read -r name opt lto units; do
    [ -n "$name" ] || continue
    echo "== opt-level $opt, lto $lto, $units codegen units"
    export CARGO_PROFILE_RELEASE_OPT_LEVEL=$opt CARGO_PROFILE_RELEASE_LTO=$lto
    export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=$units CARGO_TARGET_DIR=target/profiles
    if [ "$(uname -m)" = x86_64 ]; then
        cargo build --release --quiet --package windlass-cli
        python3 ci/disassembly.py target/profiles/release/windlass
    fi
    WINDLASS_SPEC_STACK=262144 cargo test --release --quiet --package windlass-spec-tests \
        --test suite -- --quiet 2>&1 | tail -n 3
done <<<"$profiles"
