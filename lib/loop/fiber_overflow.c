#include "loop/fiber_overflow.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "loop/fiber_private.h"

/* The faulting instruction runs again when this returns, and then ends the process as it would
 * have without a handler. */
static void on_fault(int number, siginfo_t *information, void *context)
{
    (void)context;
    if (fiber_is_overflow(information->si_addr)) {
        static const char line[] = "marquee: fiber stack overflow: a frame reached the guard "
                                   "pages below the fiber's stack\n";
        ssize_t written = write(STDERR_FILENO, line, sizeof(line) - 1);
        (void)written; /* nobody is left to be told */
    }
    struct sigaction standard = {.sa_handler = SIG_DFL};
    (void)sigaction(number, &standard, NULL);
}

void fiber_overflow_watch(void *stack)
{
    stack_t signal_stack = {.ss_sp = stack, .ss_size = FIBER_OVERFLOW_STACK_BYTES};
    CHECK(sigaltstack(&signal_stack, NULL) == 0);
    struct sigaction present;
    CHECK(sigaction(SIGSEGV, NULL, &present) == 0);
    if ((present.sa_flags & SA_SIGINFO) == 0 && present.sa_handler == SIG_DFL) {
        struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
        CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    }
}

void fiber_overflow_forget(void)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    CHECK(sigaltstack(&none, NULL) == 0);
}
