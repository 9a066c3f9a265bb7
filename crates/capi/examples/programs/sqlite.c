/* SQLite as a guest, a database in its memory: sqlite SQL-WASM.wasm, of the package sql.js, whose
   imports and exports have short names. Files it has none. */
#include "program.h"

#define CTORS "P"
#define MALLOC "Ia"
#define OPEN "Ha"
#define PREPARE "T"
#define STEP "U"
#define FINALIZE "X"
#define COLUMN_TEXT "Z"
#define COLUMN_COUNT "ra"

#define NUMBERS \
  "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) "

enum { ROW = 100, DONE = 101 };

static wasm_memory_t *memory;

/* A host function that returns the number that is its environment; as an f64 if it is so typed. */
static wasm_trap_t *constant(
    void *env, windlass_caller_t *caller, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)caller, (void)args;
  if (results->data[0].kind == WASM_F64) {
    results->data[0].of.f64 = 0;
  } else {
    results->data[0].of.i32 = *(const int32_t *)env;
  }
  return NULL;
}

/* The environment has no variables, and they take no bytes. */
static wasm_trap_t *environ_sizes(
    void *env, windlass_caller_t *caller, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)env, (void)caller;
  static const uint8_t zero[4] = {0};
  results->data[0].of.i32 = 0;
  for (size_t i = 0; i < 2; i++) {
    uint32_t at = (uint32_t)args->data[i].of.i32;
    wasm_trap_t *trap = windlass_memory_write(memory, at, zero, 4);
    if (trap) return trap;
  }
  return NULL;
}

static void define(
    windlass_linker_t *linker, const char *name, size_t params, wasm_valtype_t *result,
    windlass_func_callback_t callback, const int32_t *value) {
  wasm_valtype_vec_t in, out;
  wasm_valtype_vec_new_uninitialized(&in, params);
  for (size_t i = 0; i < params; i++) in.data[i] = wasm_valtype_new_i32();
  wasm_valtype_vec_new(&out, 1, &result);
  wasm_functype_t *type = wasm_functype_new(&in, &out);
  succeeds(windlass_linker_define_func(
      linker, "a", name, type, callback, (void *)(uintptr_t)value, NULL));
  wasm_functype_delete(type);
}

static int32_t put(const program *guest, const char *text) {
  int32_t size = (int32_t)strlen(text) + 1;
  int32_t at = (int32_t)invoke(guest, MALLOC, 1, &size);
  succeeds(windlass_memory_write(memory, (uint32_t)at, (const uint8_t *)text, (size_t)size));
  return at;
}

static int32_t word(int32_t at) {
  uint8_t bytes[4];
  succeeds(windlass_memory_read(memory, (uint32_t)at, bytes, 4));
  return (int32_t)(bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24);
}

/* Runs a statement; appends what it gives: columns end with a bar. */
static void run(const program *guest, int32_t database, int32_t room, const char *sql, char *to) {
  int32_t text = put(guest, sql);
  CHECK(invoke(guest, PREPARE, 5, (int32_t[]){database, text, -1, room, 0}) == 0);
  int32_t statement = word(room), columns = (int32_t)invoke(guest, COLUMN_COUNT, 1, &statement);
  int64_t code;
  while ((code = invoke(guest, STEP, 1, &statement)) == ROW) {
    for (int32_t i = 0; i < columns; i++) {
      int32_t at = (int32_t)invoke(guest, COLUMN_TEXT, 2, (int32_t[]){statement, i});
      size_t length = strlen(to);
      uint8_t byte = 0;
      do {
        succeeds(windlass_memory_read(memory, (uint32_t)at++, &byte, 1));
        to[length++] = byte ? (char)byte : '|';
        CHECK(length < 255);
      } while (byte);
      to[length] = 0;
    }
  }
  CHECK(code == DONE && invoke(guest, FINALIZE, 1, &statement) == 0);
}

int main(int argc, const char *argv[]) {
  CHECK(argc == 2);
  static const int32_t zero = 0, no_file = -44;
  wasm_engine_t *engine = wasm_engine_new();
  windlass_linker_t *linker = windlass_linker_new(engine);
  define(linker, "c", 0, wasm_valtype_new_f64(), constant, &zero);
  define(linker, "d", 0, wasm_valtype_new_f64(), constant, &zero);
  define(linker, "x", 4, wasm_valtype_new_i32(), constant, &no_file);
  define(linker, "l", 1, wasm_valtype_new_i32(), constant, &zero);
  define(linker, "p", 0, wasm_valtype_new_i32(), constant, &zero);
  define(linker, "G", 2, wasm_valtype_new_i32(), constant, &zero);
  define(linker, "H", 2, wasm_valtype_new_i32(), environ_sizes, NULL);
  program guest = load(engine, linker, argv[1]);
  memory = memory_of(&guest, "O");
  invoke(&guest, CTORS, 0, NULL);
  int32_t name = put(&guest, ":memory:"), four = 4;
  int32_t room = (int32_t)invoke(&guest, MALLOC, 1, &four);
  CHECK(invoke(&guest, OPEN, 2, (int32_t[]){name, room}) == 0);
  int32_t database = word(room);
  char told[256] = {0};
  static const char *const STATEMENTS[] = {
      "create table planet(name text primary key, moons int)",
      "insert into planet values('Earth', 1), ('Mars', 2), ('Venus', 0)",
      NUMBERS "insert into planet select 'number ' || i, i from n",
      "select name, moons from planet where name not like 'number%' order by moons desc",
      "select sum(moons), upper(max(name)) from planet",
      "pragma integrity_check"};
  for (size_t i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS; i++) {
    run(&guest, database, room, STATEMENTS[i], told);
  }
  printf("%s\n", told);
  CHECK(strcmp(told, "Mars|2|Earth|1|Venus|0|500503|NUMBER 999|ok|") == 0);
  wasm_memory_delete(memory);
  unload(&guest);
  windlass_linker_delete(linker);
  wasm_engine_delete(engine);
  return 0;
}
