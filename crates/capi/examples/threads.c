/* A module that threads share, each with a store of its own; a store that another thread has; a
   guest that is stopped from outside. */
#include <pthread.h>

#include "example.h"

enum { THREADS = 4 };

typedef struct {
  wasm_engine_t *engine;
  wasm_shared_module_t *module;
  int32_t number;
} work;

static void *run(void *argument) {
  work *mine = (work *)argument;
  wasm_store_t *store = wasm_store_new(mine->engine);
  wasm_module_t *module = wasm_module_obtain(store, mine->module);
  wasm_extern_vec_t none = WASM_EMPTY_VEC;
  wasm_instance_t *instance = wasm_instance_new(store, module, &none, NULL);
  wasm_func_t *sum = func_of(instance, "sum");
  int32_t result = 0;
  succeeds(call(sum, mine->number, &result));
  CHECK(result == mine->number * (mine->number + 1) / 2);
  wasm_func_delete(sum);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_store_delete(store);
  return NULL;
}

static void *interrupt(void *argument) {
  windlass_interrupt_handle_interrupt((windlass_interrupt_handle_t *)argument);
  return NULL;
}

/* In another thread, while a callback of the store runs in its own. */
static void *misuse(void *argument) {
  fails(windlass_store_gc((wasm_store_t *)argument), "in use");
  return NULL;
}

static wasm_trap_t *wait_for_misuse(
    void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, misuse, env) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  return windlass_store_gc((wasm_store_t *)env);
}

int main(void) {
  wasm_config_t *config = wasm_config_new();
  windlass_config_interruptible(config, true);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  wasm_module_t *module = module_of(
      engine,
      "(func (export \"sum\") (param i32) (result i32) (local i32)"
      "  (loop $next"
      "    (local.set 1 (i32.add (local.get 1) (local.get 0)))"
      "    (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
      "  (local.get 1))"
      "(func (export \"spin\") (loop $next (br $next)))");
  wasm_shared_module_t *shared = wasm_module_share(module);
  pthread_t threads[THREADS];
  work works[THREADS];
  for (int i = 0; i < THREADS; i++) {
    works[i].engine = engine, works[i].module = shared, works[i].number = 10000 + i;
    CHECK(pthread_create(&threads[i], NULL, run, &works[i]) == 0);
  }
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  wasm_shared_module_delete(shared);

  wasm_store_t *store = wasm_store_new(engine);
  wasm_extern_vec_t none = WASM_EMPTY_VEC;
  wasm_instance_t *instance = wasm_instance_new(store, module, &none, NULL);
  wasm_func_t *spin = func_of(instance, "spin");
  windlass_interrupt_handle_t *handle = windlass_interrupt_handle_new(store);
  CHECK(pthread_create(&threads[0], NULL, interrupt, handle) == 0);
  wasm_trap_t *trap = call(spin, 0, NULL);
  CHECK(windlass_trap_code(trap) == WINDLASS_TRAP_INTERRUPTED);
  wasm_trap_delete(trap);
  CHECK(pthread_join(threads[0], NULL) == 0);
  windlass_interrupt_handle_delete(handle);

  succeeds(windlass_store_set_epoch_deadline(store, 1));
  windlass_engine_increment_epoch(engine);
  fails(call(spin, 0, NULL), "interrupted");
  succeeds(windlass_store_set_epoch_deadline(store, UINT64_MAX));

  wasm_functype_t *type = wasm_functype_new_0_0();
  wasm_func_t *waits = wasm_func_new_with_env(store, type, wait_for_misuse, store, NULL);
  wasm_functype_delete(type);
  succeeds(call(waits, 0, NULL));
  wasm_func_delete(waits);

  wasm_func_delete(spin);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("threads\n");
  return 0;
}
