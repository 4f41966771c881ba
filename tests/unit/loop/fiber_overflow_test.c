/* Children die here: each case looks at how, and at what was said. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { OUTPUT_BYTES = 4096, FRAME_BYTES = 1024, DEPTH_MAX = 1000000 };

static __attribute__((noinline)) unsigned descend(unsigned depth)
{
    volatile char frame[FRAME_BYTES];
    frame[depth % FRAME_BYTES] = (char)depth;
    if (depth == DEPTH_MAX) {
        return 0;
    }
    return descend(depth + 1) + (unsigned char)frame[depth % FRAME_BYTES];
}

static void overflow(void *argument)
{
    *(volatile unsigned *)argument = descend(0);
}

static void write_to_null(void *argument)
{
    (void)argument;
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
}

static _Noreturn void be_child(fiber_fn run, int output)
{
    unsigned result = 0;
    struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)dup2(output, STDERR_FILENO);
    (void)signal(SIGSEGV, SIG_DFL); /* cmocka has set its own */
    in_fiber(run, &result);
    _exit(0);
}

/* Returns the wait status; what the child wrote to standard error is in `output`. */
static int run_child(fiber_fn run, char output[static OUTPUT_BYTES])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        be_child(run, ends[1]);
    }
    (void)close(ends[1]);
    size_t length = 0;
    for (;;) {
        ssize_t got = read(ends[0], output + length, OUTPUT_BYTES - 1 - length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        length += (size_t)got;
    }
    output[length] = '\0';
    (void)close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void an_overflow_says_so(void **state)
{
    (void)state;
    if (!PLAIN_BUILD) {
        skip();
    }
    char output[OUTPUT_BYTES];
    int status = run_child(overflow, output);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_non_null(strstr(output, "marquee: fiber stack overflow"));
}

static void another_fault_does_not(void **state)
{
    (void)state;
    if (!PLAIN_BUILD) {
        skip();
    }
    char output[OUTPUT_BYTES];
    int status = run_child(write_to_null, output);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_string_equal(output, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overflow_says_so),
        cmocka_unit_test(another_fault_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
