#include "loop/fiber.h"

struct waiter {
    struct list link;
    struct fiber_wait wait;
};

void fiber_semaphore_init(struct fiber_semaphore *semaphore, unsigned available)
{
    semaphore->available = available;
    list_init(&semaphore->waiters);
}

enum status fiber_semaphore_take(struct call *call, struct fiber_semaphore *semaphore)
{
    if (semaphore->available > 0) {
        semaphore->available--;
        return STATUS_OK;
    }
    struct waiter waiter;
    fiber_wait_init(&waiter.wait);
    list_append(&semaphore->waiters, &waiter.link);
    enum status status = fiber_wait(call, &waiter.wait);
    list_remove(&waiter.link);
    /* Given in the same turn in which the call ended: it is taken, and must not be lost. */
    return waiter.wait.signalled ? STATUS_OK : status;
}

/* What is given goes to a waiter directly: nobody who comes later can take it first. */
void fiber_semaphore_give(struct fiber_semaphore *semaphore)
{
    struct list *link = list_take_first(&semaphore->waiters);
    if (link == NULL) {
        semaphore->available++;
        return;
    }
    fiber_wait_signal(&CONTAINER_OF(link, struct waiter, link)->wait);
}
