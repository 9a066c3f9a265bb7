/* The least that runs a module: `cargo xtask capi size` tells what it takes. */
#include <stdio.h>

#include "wasm.h"

/* (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))) */
static const unsigned char MODULE[] = {
    0,    'a',  's',  'm', 1, 0,    0,    0, 1, 6,    1, 0x60, 1,    0x7f, 1,
    0x7f, 3,    2,    1,   0, 7,    5,    1, 1, 'f',  0, 0,    0x0a, 9,    1,
    7,    0,    0x20, 0,   0x41, 1,    0x6a, 0x0b};

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_byte_vec_t binary;
  wasm_byte_vec_new(&binary, sizeof MODULE, (const char *)MODULE);
  wasm_module_t *module = wasm_module_new(store, &binary);
  if (!module) return 1;
  wasm_extern_vec_t imports = WASM_EMPTY_VEC, exports;
  wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
  if (!instance) return 2;
  wasm_instance_exports(instance, &exports);
  wasm_val_t args[1] = {WASM_I32_VAL(41)}, results[1] = {WASM_INIT_VAL};
  wasm_val_vec_t in = WASM_ARRAY_VEC(args), out = WASM_ARRAY_VEC(results);
  if (wasm_func_call(wasm_extern_as_func(exports.data[0]), &in, &out)) return 3;
  printf("%d\n", (int)results[0].of.i32);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_byte_vec_delete(&binary);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return results[0].of.i32 != 42;
}
