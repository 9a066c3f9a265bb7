/* Host functions: with an environment, which ends once, and with their caller; a callback that
   calls the guest again; handles that are deleted while they are in use. */
#include "example.h"

static const char *const TEXT =
    "(import \"\" \"f\" (func $f (param i32) (result i32)))"
    "(memory (export \"memory\") 1)"
    "(data (i32.const 8) \"guest\")"
    "(func (export \"run\") (param i32) (result i32)"
    "  (i32.add (i32.const 1) (call $f (local.get 0))))"
    "(func (export \"square\") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))";

static int ended = 0;

static void end(void *env) {
  (void)env;
  ended++;
}

typedef struct {
  wasm_func_t *square;
  wasm_func_t *run;
} calls;

static wasm_trap_t *with_env(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  calls *these = (calls *)env;
  CHECK(results->data[0].kind == WASM_I32 && results->data[0].of.i32 == 0);
  if (these->run) {
    /* The handle that is called just now. */
    wasm_func_delete(these->run);
    these->run = NULL;
  }
  return call(these->square, args->data[0].of.i32, &results->data[0].of.i32);
}

static wasm_trap_t *with_caller(
    void *env, windlass_caller_t *caller, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)env;
  wasm_extern_t *item = windlass_caller_export(caller, "memory");
  CHECK(item);
  uint8_t bytes[5];
  succeeds(windlass_memory_read(wasm_extern_as_memory(item), 8, bytes, sizeof bytes));
  CHECK(memcmp(bytes, "guest", 5) == 0);
  CHECK(wasm_memory_grow(wasm_extern_as_memory(item), 1));
  wasm_extern_delete(item);
  CHECK(!windlass_caller_export(caller, "nothing"));
  CHECK(windlass_store_data(windlass_caller_store(caller)) == env);
  results->data[0].of.i32 = args->data[0].of.i32 + 10;
  return NULL;
}

static wasm_trap_t *wrong_kind(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args;
  results->data[0].kind = WASM_F64;
  results->data[0].of.f64 = 0.5;
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());

  calls these = {NULL, NULL};
  wasm_func_t *f = wasm_func_new_with_env(store, type, with_env, &these, end);
  wasm_instance_t *instance = instance_of(engine, store, TEXT, wasm_func_as_extern(f));
  wasm_func_delete(f);
  these.square = func_of(instance, "square");
  these.run = func_of(instance, "run");
  int32_t result = 0;
  succeeds(call(these.run, 7, &result));
  CHECK(result == 50 && !these.run);
  wasm_func_delete(these.square);
  wasm_instance_delete(instance);

  succeeds(windlass_store_set_data(store, &these, end));
  f = windlass_func_new(store, type, with_caller, &these, end);
  instance = instance_of(engine, store, TEXT, wasm_func_as_extern(f));
  wasm_func_delete(f);
  wasm_func_t *run = func_of(instance, "run");
  succeeds(call(run, 1, &result));
  CHECK(result == 12);
  wasm_func_delete(run);
  wasm_instance_delete(instance);

  f = wasm_func_new(store, type, wrong_kind);
  fails(call(f, 1, &result), "type mismatch");
  wasm_func_delete(f);

  /* Without a function, and of another kind of type. */
  CHECK(!wasm_func_new_with_env(store, type, NULL, NULL, end) && ended == 1);
  CHECK(!wasm_func_new(NULL, type, wrong_kind) && !wasm_func_new(store, NULL, wrong_kind));
  wasm_functype_delete(type);
  wasm_store_delete(store);
  CHECK(ended == 4);
  wasm_engine_delete(engine);
  printf("callbacks: ended %d\n", ended);
  return 0;
}
