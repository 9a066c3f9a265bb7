/* Counts the lines, words and bytes of standard input, and lists the most frequent words.
 *
 *     words [COUNT]      lists COUNT words instead of 10
 *
 * Built by
 *
 *     python3 -m ziglang cc --target=wasm32-wasi -O2 -s words.c -o words.wasm
 *
 * (`pip install ziglang`; any clang with wasi-libc will do.) It prints by itself rather than by
 * printf to keep words.wasm small. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 64 * 1024, SLOTS = 1 << 17, LETTERS = 1 << 21, LONGEST = 255 };

struct word {
    uint32_t hash, count, start, length; /* start: where its letters are; count 0: a free slot */
};

static struct word table[SLOTS];
static char letters[LETTERS];
static uint32_t letters_used, distinct;

static char out[BUFFER];
static size_t out_used;

static void flush(void) {
    size_t done = 0;
    while (done < out_used) {
        ssize_t n = write(STDOUT_FILENO, out + done, out_used - done);
        if (n <= 0) _exit(1);
        done += n;
    }
    out_used = 0;
}

static void put(const char *text, size_t length) {
    if (out_used + length > sizeof out) flush();
    memcpy(out + out_used, text, length);
    out_used += length;
}

static void put_number(uint64_t number, int width) {
    char digits[20];
    int at = sizeof digits;
    do digits[--at] = '0' + number % 10;
    while (number /= 10);
    for (int i = sizeof digits - at; i < width; i++) put(" ", 1);
    put(digits + at, sizeof digits - at);
}

/* Counts a word. When the table or the store of letters is full, new words are no longer listed. */
static void count_word(const char *text, uint32_t length, uint32_t hash) {
    for (uint32_t i = hash % SLOTS;; i = (i + 1) % SLOTS) {
        struct word *word = &table[i];
        if (word->count == 0) {
            if (distinct >= SLOTS / 2 || letters_used + length > LETTERS) return;
            memcpy(letters + letters_used, text, length);
            *word = (struct word){hash, 1, letters_used, length};
            letters_used += length;
            distinct++;
            return;
        }
        if (word->hash == hash && word->length == length &&
            memcmp(letters + word->start, text, length) == 0) {
            word->count++;
            return;
        }
    }
}

/* The more frequent first, then by the alphabet. */
static int before(const struct word *a, const struct word *b) {
    if (a->count != b->count) return a->count > b->count;
    uint32_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(letters + a->start, letters + b->start, shorter);
    return order != 0 ? order < 0 : a->length < b->length;
}

int main(int argc, char **argv) {
    long listed = argc > 1 ? atol(argv[1]) : 10;
    static char in[BUFFER];
    char word[LONGEST];
    uint32_t length = 0, hash = 2166136261u;
    uint64_t lines = 0, words = 0, bytes = 0;

    for (;;) {
        ssize_t n = read(STDIN_FILENO, in, sizeof in);
        if (n < 0) return 1;
        bytes += n;
        for (ssize_t i = 0; i < n || n == 0; i++) {
            unsigned char c = n == 0 ? ' ' : in[i];
            if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
            lines += c == '\n';
            if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'' || c >= 0x80) {
                if (length < LONGEST) {
                    word[length++] = c;
                    hash = (hash ^ c) * 16777619u;
                }
            } else if (length > 0) {
                words++;
                count_word(word, length, hash);
                length = 0;
                hash = 2166136261u;
            }
            if (n == 0) break;
        }
        if (n == 0) break;
    }

    put_number(lines, 0), put(" lines, ", 8);
    put_number(words, 0), put(" words, ", 8);
    put_number(bytes, 0), put(" bytes\n", 7);

    while (listed-- > 0) {
        struct word *best = NULL;
        for (uint32_t i = 0; i < SLOTS; i++)
            if (table[i].count != 0 && (best == NULL || before(&table[i], best))) best = &table[i];
        if (best == NULL) break;
        put_number(best->count, 8), put(" ", 1);
        put(letters + best->start, best->length), put("\n", 1);
        best->count = 0;
    }
    flush();
    return 0;
}
