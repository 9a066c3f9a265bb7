/* A guest that calls the host. */
#include "example.h"

static wasm_trap_t *hello(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  printf("hello from the host\n");
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_0();
  wasm_func_t *func = wasm_func_new(store, type, hello);
  wasm_functype_delete(type);
  wasm_instance_t *instance = instance_of(
      engine, store,
      "(import \"\" \"hello\" (func $hello)) (func (export \"run\") (call $hello))",
      wasm_func_as_extern(func));
  wasm_func_t *run = func_of(instance, "run");
  succeeds(call(run, 0, NULL));
  wasm_func_delete(run);
  wasm_instance_delete(instance);
  wasm_func_delete(func);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
