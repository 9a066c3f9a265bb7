/* setjmp and longjmp, which compilers make of exceptions. Prints a line for each thing that happens. Built by
 * exceptions.sh, in both encodings that compilers emit. */
#include <setjmp.h>
#include <string.h>
#include <unistd.h>

/* The tag that the library throws; where it defines none, this does. */
__asm__(".globl __c_longjmp\n.tagtype __c_longjmp i32\n__c_longjmp:\n");

static void say(const char *what, int number) {
    char line[80], digits[10];
    size_t n = strlen(what), d = 0;
    memcpy(line, what, n);
    line[n++] = ' ';
    do
        digits[d++] = '0' + number % 10;
    while (number /= 10);
    while (d)
        line[n++] = digits[--d];
    line[n++] = '\n';
    write(1, line, n);
}

static jmp_buf outer, inner;

__attribute__((noinline)) static void jump(int depth, jmp_buf *to, int value) {
    if (depth == 0)
        longjmp(*to, value);
    jump(depth - 1, to, value + 1);
    say("not here", depth);
}

/* Has a place of its own to jump to; what is not for it goes on outwards. */
__attribute__((noinline)) static int nested(int which) {
    volatile int kept = 10;
    int value = setjmp(inner);
    if (value == 0) {
        kept = 20;
        jump(5, which ? &inner : &outer, 100);
    }
    return value + kept;
}

int main(void) {
    volatile int tries = 0;
    int value = setjmp(outer);
    say("setjmp gives", value);
    tries++;
    if (tries < 4)
        jump(1000, &outer, tries);
    if (tries == 4)
        say("the inner one", nested(1));
    if (tries == 4)
        nested(0);
    if (tries == 5)
        longjmp(outer, 0); /* gives 1 */

    double sum = 0;
    for (int i = 1; i <= 1000; i++) {
        volatile double x = i;
        int thrown = setjmp(inner);
        if (thrown == 0) {
            x = x * 2;
            if (i % 3 == 0)
                jump(i % 7, &inner, i);
        }
        sum += x + thrown;
    }
    say("sum", (int)sum);
    return 0;
}
