/* A module as bytes. An interpreter has no machine code to keep: it is the binary format, and it is
   checked when it comes back. */
#include "example.h"

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_module_t *module = module_of(engine, "(func (export \"f\") (result i32) (i32.const 42))");
  wasm_byte_vec_t bytes;
  wasm_module_serialize(module, &bytes);
  CHECK(bytes.size > 8 && memcmp(bytes.data, "\0asm", 4) == 0);
  wasm_module_delete(module);
  CHECK(wasm_module_validate(store, &bytes));
  module = wasm_module_deserialize(store, &bytes);
  CHECK(module);
  wasm_extern_vec_t none = WASM_EMPTY_VEC;
  wasm_instance_t *instance = wasm_instance_new(store, module, &none, NULL);
  wasm_func_t *f = func_of(instance, "f");
  int32_t result = 0;
  succeeds(call(f, 0, &result));
  CHECK(result == 42);
  bytes.data[8] = 99;
  CHECK(!wasm_module_validate(store, &bytes) && !wasm_module_deserialize(store, &bytes));
  wasm_byte_vec_delete(&bytes);
  wasm_func_delete(f);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("bytes and back\n");
  return 0;
}
