#include "registry/repository/registry_deadlines.h"

#include "base/clock.h"

static int64_t tick_of(int64_t time_ns)
{
    return time_ns / (REGISTRY_TICK_MS * CLOCK_NS_PER_MS);
}

void registry_deadlines_init(struct registry_deadlines *deadlines)
{
    deadlines->count = 0;
    deadlines->tick = 0;
    for (size_t i = 0; i < REGISTRY_DEADLINE_SLOTS; i++) {
        list_init(&deadlines->slots[i]);
    }
}

void registry_deadline_init(struct registry_deadline *deadline, int kind)
{
    deadline->due_ns = 0;
    deadline->kind = kind;
    list_init(&deadline->link);
}

static void place(struct registry_deadlines *deadlines, struct registry_deadline *deadline)
{
    int64_t tick = tick_of(deadline->due_ns) + 1;
    if (tick <= deadlines->tick) {
        tick = deadlines->tick + 1;
    }
    if (tick >= deadlines->tick + REGISTRY_DEADLINE_SLOTS) {
        tick = deadlines->tick + REGISTRY_DEADLINE_SLOTS - 1;
    }
    list_append(&deadlines->slots[tick % REGISTRY_DEADLINE_SLOTS], &deadline->link);
}

bool registry_deadline_is_running(const struct registry_deadline *deadline)
{
    return !list_is_empty(&deadline->link);
}

void registry_deadline_start(struct registry_deadlines *deadlines,
                             struct registry_deadline *deadline, int64_t due_ns, int64_t now_ns)
{
    bool was_running = registry_deadline_is_running(deadline);
    /* Moved later, it may stay where it is: when its slot's turn comes, it is placed again. */
    if (was_running && due_ns >= deadline->due_ns) {
        deadline->due_ns = due_ns;
        return;
    }
    if (was_running) {
        registry_deadline_stop(deadlines, deadline);
    }
    if (deadlines->count == 0) {
        deadlines->tick = tick_of(now_ns);
    }
    deadline->due_ns = due_ns;
    deadlines->count++;
    place(deadlines, deadline);
}

void registry_deadline_stop(struct registry_deadlines *deadlines,
                            struct registry_deadline *deadline)
{
    if (registry_deadline_is_running(deadline)) {
        list_remove(&deadline->link);
        deadlines->count--;
    }
}

static void collect_slot(struct registry_deadlines *deadlines, struct list *slot, int64_t now_ns,
                         struct list *due)
{
    struct list taken;
    struct list *link;
    list_init(&taken);
    while ((link = list_take_first(slot)) != NULL) {
        list_append(&taken, link);
    }
    while ((link = list_take_first(&taken)) != NULL) {
        struct registry_deadline *deadline = CONTAINER_OF(link, struct registry_deadline, link);
        if (deadline->due_ns <= now_ns) {
            list_append(due, link);
        } else {
            place(deadlines, deadline);
        }
    }
}

void registry_deadlines_collect(struct registry_deadlines *deadlines, int64_t now_ns,
                                struct list *due)
{
    int64_t last = tick_of(now_ns);
    if (last - deadlines->tick > REGISTRY_DEADLINE_SLOTS) {
        deadlines->tick = last - REGISTRY_DEADLINE_SLOTS; /* each slot once is all of them */
    }
    while (deadlines->tick < last) {
        deadlines->tick++;
        collect_slot(deadlines, &deadlines->slots[deadlines->tick % REGISTRY_DEADLINE_SLOTS],
                     now_ns, due);
    }
}

struct registry_deadline *registry_deadlines_next(struct registry_deadlines *deadlines,
                                                  int64_t now_ns, struct list *due)
{
    struct list *link;
    while ((link = list_take_first(due)) != NULL) {
        struct registry_deadline *deadline = CONTAINER_OF(link, struct registry_deadline, link);
        if (deadline->due_ns <= now_ns) {
            deadlines->count--;
            return deadline;
        }
        place(deadlines, deadline);
    }
    return NULL;
}
