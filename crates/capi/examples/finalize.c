/* What the host attaches to objects, and when it ends: that of objects in a store with the store,
   that of others with the last who has them. Handles may be deleted in any order. */
#include "example.h"

static int live = 0;

static void end(void *data) {
  (void)data;
  live--;
}

static wasm_store_t *busy;

/* Finalizers of host values run in the middle of a collection: the store is not to be had. */
static void end_and_look(void *data) {
  (void)data;
  live--;
  fails(windlass_store_gc(busy), "in use");
}

static void *attach(void) {
  live++;
  return &live;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_instance_t *instance = instance_of(engine, store, "(func (export \"f\"))", NULL);
  wasm_instance_set_host_info_with_finalizer(instance, attach(), end);
  wasm_func_t *f = func_of(instance, "f");
  wasm_func_set_host_info_with_finalizer(f, attach(), end);
  wasm_func_t *again = func_of(instance, "f");
  CHECK(again != f && wasm_func_same(again, f) && wasm_func_get_host_info(again) == &live);
  /* Replaced. */
  wasm_func_set_host_info(again, NULL);
  CHECK(live == 1 && wasm_func_get_host_info(f) == NULL);
  wasm_func_delete(again);
  wasm_func_delete(f);

  wasm_foreign_t *foreign = wasm_foreign_new(store);
  wasm_foreign_set_host_info_with_finalizer(foreign, attach(), end_and_look);
  wasm_foreign_t *copy = wasm_foreign_copy(foreign);
  CHECK(wasm_foreign_get_host_info(copy) == &live);
  busy = store;
  succeeds(windlass_store_gc(store));
  CHECK(live == 2);
  wasm_foreign_delete(foreign);
  wasm_foreign_delete(copy);
  succeeds(windlass_store_gc(store));
  CHECK(live == 1);

  wasm_module_t *module = module_of(engine, "(module)");
  wasm_module_set_host_info_with_finalizer(module, attach(), end);
  CHECK(live == 2);
  wasm_module_delete(module);
  CHECK(live == 1);

  wasm_trap_t *trap = wasm_trap_new(store, NULL);
  wasm_trap_set_host_info_with_finalizer(trap, attach(), end);
  wasm_trap_delete(trap);
  CHECK(live == 1);

  /* The store ends with its last handle, and the engine with its last store. */
  wasm_engine_delete(engine);
  wasm_store_delete(store);
  CHECK(live == 1);
  f = func_of(instance, "f");
  wasm_instance_delete(instance);
  succeeds(call(f, 0, NULL));
  wasm_func_delete(f);
  CHECK(live == 0);
  printf("all is ended\n");
  return 0;
}
