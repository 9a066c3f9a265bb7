/* Calls that nest on a thread with a small stack end as a trap, and the store is good afterwards. */
#include <pthread.h>

#include "example.h"

static wasm_func_t *run;
static int depth = 0;

/* Takes a good part of the stack, and calls the guest that has called it. */
static wasm_trap_t *again(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  volatile char room[8192];
  room[0] = (char)++depth;
  wasm_val_vec_t none = WASM_EMPTY_VEC, nothing = WASM_EMPTY_VEC;
  wasm_trap_t *trap = wasm_func_call(run, &none, &nothing);
  room[8191] = room[0];
  return trap;
}

static void *thread(void *unused) {
  (void)unused;
  for (int i = 0; i < 2; i++) {
    depth = 0;
    wasm_val_vec_t none = WASM_EMPTY_VEC, nothing = WASM_EMPTY_VEC;
    wasm_trap_t *trap = wasm_func_call(run, &none, &nothing);
    CHECK(trap && windlass_trap_code(trap) == WINDLASS_TRAP_STACK_OVERFLOW);
    wasm_trap_delete(trap);
    CHECK(depth > 1);
  }
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_0();
  wasm_func_t *func = wasm_func_new(store, type, again);
  wasm_instance_t *instance = instance_of(
      engine, store, "(import \"\" \"\" (func $again)) (func (export \"run\") (call $again))",
      wasm_func_as_extern(func));
  run = func_of(instance, "run");
  pthread_attr_t attributes;
  pthread_t id;
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstacksize(&attributes, 256 << 10) == 0);
  CHECK(pthread_create(&id, &attributes, thread, NULL) == 0);
  CHECK(pthread_join(id, NULL) == 0);
  wasm_func_delete(run);
  wasm_instance_delete(instance);
  wasm_func_delete(func);
  wasm_functype_delete(type);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
