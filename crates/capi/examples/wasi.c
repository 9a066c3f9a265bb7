/* Runs a program for WASI: wasi [--dir HOST::GUEST] PROGRAM.wasm ARGS... Without arguments it runs
   a small one of its own, and looks at what that does. */
#include "example.h"

static const char *const OWN =
    "(import \"wasi_snapshot_preview1\" \"fd_write\""
    "  (func $write (param i32 i32 i32 i32) (result i32)))"
    "(import \"wasi_snapshot_preview1\" \"args_sizes_get\""
    "  (func $args (param i32 i32) (result i32)))"
    "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
    "(memory (export \"memory\") 1)"
    "(data (i32.const 0) \"\\08\\00\\00\\00\\0a\\00\\00\\00hello wasi\")"
    "(func (export \"_start\")"
    "  (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))"
    "  (drop (call $args (i32.const 200) (i32.const 204)))"
    "  (call $exit (i32.load (i32.const 200))))";

typedef struct {
  char bytes[64];
  size_t size;
} output;

static ptrdiff_t keep(void *env, const uint8_t *bytes, size_t size) {
  output *kept = (output *)env;
  if (size > sizeof kept->bytes - kept->size) return -1;
  memcpy(kept->bytes + kept->size, bytes, size);
  kept->size += size;
  return (ptrdiff_t)size;
}

static int ended = 0;

static void end(void *env) {
  (void)env;
  ended++;
}

/* Instantiates the module and runs it; the status that it ends with. */
static int32_t run(wasm_engine_t *engine, const wasm_module_t *module, wasi_config_t *config) {
  wasm_store_t *store = wasm_store_new(engine);
  succeeds(windlass_store_set_wasi(store, config));
  windlass_linker_t *linker = windlass_linker_new(engine);
  succeeds(windlass_linker_define_wasi(linker));
  wasm_instance_t *instance = NULL;
  succeeds(windlass_linker_instantiate(linker, store, module, &instance));
  wasm_func_t *start = func_of(instance, "_start");
  int32_t status = 0;
  wasm_trap_t *trap = call(start, 0, NULL);
  if (trap && !windlass_trap_exit_status(trap, &status)) succeeds(trap);
  if (trap) wasm_trap_delete(trap);
  wasm_func_delete(start);
  wasm_instance_delete(instance);
  windlass_linker_delete(linker);
  wasm_store_delete(store);
  return status;
}

static void read_file(const char *path, wasm_byte_vec_t *out) {
  FILE *file = fopen(path, "rb");
  CHECK(file && fseek(file, 0, SEEK_END) == 0);
  wasm_byte_vec_new_uninitialized(out, (size_t)ftell(file));
  rewind(file);
  CHECK(fread(out->data, 1, out->size, file) == out->size);
  fclose(file);
}

int main(int argc, const char *argv[]) {
  wasm_engine_t *engine = wasm_engine_new();
  wasi_config_t *config = wasi_config_new();
  int32_t status = 0;
  if (argc == 1) {
    output kept = {{0}, 0};
    const char *args[] = {"own", "two", "three"};
    CHECK(wasi_config_set_argv(config, 3, args));
    const char *names[] = {"HOME"}, *values[] = {"/"};
    CHECK(wasi_config_set_env(config, 1, names, values));
    CHECK(!wasi_config_preopen_dir(config, "/does/not/exist", "/", false));
    CHECK(windlass_wasi_config_preopen_memory(config, "/tmp", 1 << 20));
    wasi_config_set_stdout_custom(config, keep, &kept, end);
    wasm_module_t *module = module_of(engine, OWN);
    CHECK(run(engine, module, config) == 3);
    wasm_module_delete(module);
    CHECK(kept.size == 10 && memcmp(kept.bytes, "hello wasi", 10) == 0 && ended == 1);
    printf("%.10s\n", kept.bytes);
  } else {
    int at = 1;
    for (; at + 1 < argc && strcmp(argv[at], "--dir") == 0; at += 2) {
      char host[4096];
      const char *split = strstr(argv[at + 1], "::");
      CHECK(split && (size_t)(split - argv[at + 1]) < sizeof host);
      memcpy(host, argv[at + 1], (size_t)(split - argv[at + 1]));
      host[split - argv[at + 1]] = 0;
      CHECK(wasi_config_preopen_dir(config, host, split + 2, true));
    }
    CHECK(at < argc && wasi_config_set_argv(config, (size_t)(argc - at), argv + at));
    wasi_config_inherit_stdin(config);
    wasi_config_inherit_stdout(config);
    wasi_config_inherit_stderr(config);
    wasm_byte_vec_t binary;
    read_file(argv[at], &binary);
    wasm_module_t *module = NULL;
    succeeds(windlass_module_new(engine, (const uint8_t *)binary.data, binary.size, &module));
    wasm_byte_vec_delete(&binary);
    status = run(engine, module, config);
    wasm_module_delete(module);
  }
  wasm_engine_delete(engine);
  return status;
}
