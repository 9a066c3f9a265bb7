/* Many stores, one after the other, with an instance each: what the process has does not grow.
   Takes how many; 2,000 by default. */
#include "example.h"

static wasm_trap_t *nothing(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  return NULL;
}

/* What is resident, in KiB; 0 where that can't be told. */
static long resident(void) {
  long pages = 0, size = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file) return 0;
  if (fscanf(file, "%ld %ld", &size, &pages) != 2) pages = 0;
  fclose(file);
  return pages * 4;
}

static void one(wasm_engine_t *engine, const wasm_module_t *module) {
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_0();
  wasm_func_t *func = wasm_func_new(store, type, nothing);
  wasm_functype_delete(type);
  wasm_extern_t *items[] = {wasm_func_as_extern(func)};
  wasm_extern_vec_t imports = WASM_ARRAY_VEC(items);
  wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
  CHECK(instance);
  wasm_func_t *f = func_of(instance, "f");
  int32_t result = 0;
  succeeds(call(f, 20, &result));
  CHECK(result == 21);
  wasm_func_delete(f);
  wasm_foreign_delete(wasm_foreign_new(store));
  wasm_instance_delete(instance);
  wasm_func_delete(func);
  wasm_store_delete(store);
}

static int ended = 0;

static void end(void *store) {
  ended++;
  if (store) wasm_store_delete((wasm_store_t *)store);
}

/* Each has the last handle of the one before: they end one after the other, not in each other. */
static void chain(wasm_engine_t *engine) {
  wasm_store_t *last = NULL;
  for (int i = 0; i < 20000; i++) {
    wasm_store_t *store = wasm_store_new(engine);
    succeeds(windlass_store_set_data(store, last, end));
    last = store;
  }
  wasm_store_delete(last);
  CHECK(ended == 20000);
}

int main(int argc, char *argv[]) {
  long count = argc > 1 ? atol(argv[1]) : 2000;
  wasm_engine_t *engine = wasm_engine_new();
  wasm_module_t *module = module_of(
      engine,
      "(import \"\" \"g\" (func $g)) (memory 1) (table 10 funcref)"
      "(func (export \"f\") (param i32) (result i32)"
      "  (call $g) (i32.add (local.get 0) (i32.const 1)))");
  long before = 0;
  for (long i = 0; i < count; i++) {
    if (i == count / 10) before = resident();
    one(engine, module);
  }
  long grown = resident() - before;
  printf("%ld stores: %ld KiB more than after a tenth of them\n", count, grown);
  if (argc > 1) CHECK(grown < 1024);
  chain(engine);
  wasm_module_delete(module);
  wasm_engine_delete(engine);
  return 0;
}
