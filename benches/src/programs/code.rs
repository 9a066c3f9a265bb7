//! [`MODULES`]: modules whose code has a say in the choice of the instruction set, though nobody
//! runs them here: what programs with vectors are made of, of which the corpus has kernels only.

use super::package::{Package, Registry};

/// A codec of images, a library of tensors, another one with what it needs to read text, and a
/// codec of images for several threads: each a name and where it comes from.
pub const MODULES: [(&str, Package); 4] = [
    (
        "webp",
        Package {
            registry: Registry::Npm,
            name: "@jsquash/webp",
            version: "1.5.0",
            sha256: "b543cb1fc17e99c31e992a71d70da570d1bc1871ce3a88440df067e5b2e6ee9e",
            path: "package/codec/enc/webp_enc_simd.wasm",
            file_sha256: "39c279269ec1163b987b6d69749458e3d5b03b9585f58b6ca5455b76b504a305",
        },
    ),
    (
        "tensors",
        Package {
            registry: Registry::Npm,
            name: "@tensorflow/tfjs-backend-wasm",
            version: "4.22.0",
            sha256: "5cd6f5e18657c12fb94f4ec3dcef485c8c1a9ca39f3ef1d261c1cb13c1a231c3",
            path: "package/dist/tfjs-backend-wasm-simd.wasm",
            file_sha256: "77ebb28a6d34f371dbbf2086b7f2de8994acd8ea5a3cf1fa24d2c26c840cac7b",
        },
    ),
    (
        "text",
        Package {
            registry: Registry::Npm,
            name: "@mediapipe/tasks-text",
            version: "1.0.1",
            sha256: "b61658cc3646df7f44e00d04c9989b11bc5189d06fc3e0ac688a2038e421b431",
            path: "package/wasm/text_wasm_internal.wasm",
            file_sha256: "18ea3a2dcf96a918613bbff886504e103477f990a9775db6e9748bdf6f9067e4",
        },
    ),
    (
        "jxl",
        Package {
            registry: Registry::Npm,
            name: "@jsquash/jxl",
            version: "1.3.0",
            sha256: "737c6e4749213a46aab1a2b39aed5bc527e06f0390d3a4e337ed006c349a876b",
            path: "package/codec/enc/jxl_enc_mt_simd.wasm",
            file_sha256: "8b5b3a537864181465e202df1913f7bbe333a168eacc48ddf945c3ce011fdb42",
        },
    ),
];
