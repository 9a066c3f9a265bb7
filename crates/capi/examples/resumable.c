/* A call that is paused: when its fuel runs out, and while the host looks for an answer. */
#include "example.h"

static int question = 21;

static wasm_trap_t *ask(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  return windlass_trap_new_pending(&question);
}

int main(void) {
  wasm_config_t *config = wasm_config_new();
  windlass_config_consume_fuel(config, true);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_1(wasm_valtype_new_i32());
  wasm_func_t *asks = wasm_func_new(store, type, ask);
  wasm_functype_delete(type);
  wasm_instance_t *instance = instance_of(
      engine, store,
      "(import \"\" \"ask\" (func $ask (result i32)))"
      "(func (export \"work\") (param i32) (result i32) (local i32)"
      "  (loop $next"
      "    (local.set 1 (i32.add (local.get 1) (i32.const 2)))"
      "    (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
      "  (i32.add (local.get 1) (call $ask)))",
      wasm_func_as_extern(asks));
  wasm_func_t *work = func_of(instance, "work");
  wasm_val_t args[1] = {WASM_I32_VAL(1000)}, results[1] = {WASM_INIT_VAL};
  wasm_val_vec_t in = WASM_ARRAY_VEC(args), out = WASM_ARRAY_VEC(results), none = WASM_EMPTY_VEC;
  windlass_execution_t *execution = NULL;
  succeeds(windlass_func_start(work, &in, &execution));
  int refills = 0, questions = 0;
  windlass_event_t event = WINDLASS_INTERRUPTED;
  fails(windlass_execution_run(execution, &event, &none), "expected 1 values");
  fails(windlass_execution_resume(execution, &none), "pending");
  while (event != WINDLASS_FINISHED) {
    succeeds(windlass_execution_run(execution, &event, &out));
    if (event == WINDLASS_OUT_OF_FUEL) {
      refills++;
      succeeds(windlass_store_set_fuel(store, 500));
    } else if (event == WINDLASS_HOST_PENDING) {
      questions++;
      CHECK(windlass_execution_request(execution) == &question);
      wasm_val_t answer[1] = {WASM_F64_VAL(0)};
      wasm_val_vec_t answers = WASM_ARRAY_VEC(answer);
      fails(windlass_execution_resume(execution, &answers), "type mismatch");
      answer[0].kind = WASM_I32;
      answer[0].of.i32 = 2 * *(int *)windlass_execution_request(execution);
      succeeds(windlass_execution_resume(execution, &answers));
    }
  }
  CHECK(results[0].kind == WASM_I32 && results[0].of.i32 == 2042);
  CHECK(refills > 3 && questions == 1 && windlass_execution_has_ended(execution));
  fails(windlass_execution_run(execution, &event, &out), "");
  windlass_execution_delete(execution);

  /* One that is given up. A call that can't be paused fails. */
  succeeds(windlass_func_start(work, &in, &execution));
  succeeds(windlass_execution_run(execution, &event, &out));
  windlass_execution_delete(execution);
  succeeds(windlass_store_set_fuel(store, 100000));
  fails(call(work, 1, NULL), "pending");
  wasm_func_delete(work);
  wasm_func_delete(asks);
  wasm_instance_delete(instance);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("paused %d times\n", refills + questions);
  return 0;
}
