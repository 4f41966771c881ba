#include <stdlib.h>

#include "base/clock.h"
#include "loop/loop_private.h"

enum { FIRST_CAPACITY = 64 };

static void put(struct loop_timers *timers, size_t place, struct timer_entry entry)
{
    timers->entries[place] = entry;
    entry.timer->place = place;
}

static void sift_up(struct loop_timers *timers, size_t place, struct timer_entry entry)
{
    while (place > 1 && entry.key_ns < timers->entries[place / 2].key_ns) {
        put(timers, place, timers->entries[place / 2]);
        place /= 2;
    }
    put(timers, place, entry);
}

static void sift_down(struct loop_timers *timers, size_t place, struct timer_entry entry)
{
    for (;;) {
        size_t child = 2 * place;
        if (child > timers->count) {
            break;
        }
        if (child < timers->count &&
            timers->entries[child + 1].key_ns < timers->entries[child].key_ns) {
            child++;
        }
        if (entry.key_ns <= timers->entries[child].key_ns) {
            break;
        }
        put(timers, place, timers->entries[child]);
        place = child;
    }
    put(timers, place, entry);
}

static void remove_place(struct loop_timers *timers, size_t place)
{
    struct timer_entry last = timers->entries[timers->count];
    timers->entries[place].timer->place = 0;
    timers->count--;
    if (place > timers->count) {
        return;
    }
    if (place > 1 && last.key_ns < timers->entries[place / 2].key_ns) {
        sift_up(timers, place, last);
    } else {
        sift_down(timers, place, last);
    }
}

static void on_alarm(uv_timer_t *alarm);

/* Sees that the alarm goes off for the first entry. One that is too early is left: it is cheaper to
 * wake for nothing, once, than to set it whenever the first entry goes. */
static void arm(struct loop *loop)
{
    struct loop_timers *timers = &loop->timers;
    if (timers->count == 0) {
        return;
    }
    int64_t key_ns = timers->entries[1].key_ns;
    uint64_t due_ms = key_ns > 0 ? (uint64_t)(key_ns - 1) / CLOCK_NS_PER_MS + 1 : 0;
    if (due_ms >= timers->armed_ms) {
        return;
    }
    uint64_t now_ms = uv_now(&loop->uv);
    timers->armed_ms = due_ms;
    CHECK(uv_timer_start(&timers->alarm, on_alarm, due_ms > now_ms ? due_ms - now_ms : 0, 0) == 0);
}

static void on_alarm(uv_timer_t *alarm)
{
    struct loop *loop = CONTAINER_OF(alarm, struct loop, timers.alarm);
    struct loop_timers *timers = &loop->timers;
    int64_t now_ns = clock_monotonic_ns();
    timers->armed_ms = UINT64_MAX;
    timers->passed_ns = now_ns;
    while (timers->count > 0 && timers->entries[1].key_ns <= now_ns) {
        struct loop_timer *timer = timers->entries[1].timer;
        remove_place(timers, 1);
        timer->expire(timer);
    }
    arm(loop);
}

void loop_timers_init(struct loop *loop)
{
    loop->timers.armed_ms = UINT64_MAX;
    CHECK(uv_timer_init(&loop->uv, &loop->timers.alarm) == 0);
}

void loop_timers_deinit(struct loop *loop)
{
    free(loop->timers.entries);
}

/* Room for one more, beside those that are reserved. */
static bool make_room(struct loop_timers *timers)
{
    size_t needed = timers->count + timers->reserved + 1;
    if (needed <= timers->capacity) {
        return true;
    }
    if (needed > LOOP_TIMERS_MAX) {
        return false;
    }
    size_t capacity = timers->capacity > 0 ? 2 * timers->capacity : FIRST_CAPACITY;
    struct timer_entry *entries =
        realloc(timers->entries, (capacity + 1) * sizeof(*timers->entries));
    if (entries == NULL) {
        return false;
    }
    timers->entries = entries;
    timers->capacity = capacity;
    return true;
}

bool loop_timers_reserve(struct loop *loop)
{
    if (!make_room(&loop->timers)) {
        return false;
    }
    loop->timers.reserved++;
    return true;
}

void loop_timers_unreserve(struct loop *loop)
{
    CHECK(loop->timers.reserved > 0);
    loop->timers.reserved--;
}

void loop_timer_start_reserved(struct loop *loop, struct loop_timer *timer, int64_t due_ns)
{
    struct loop_timers *timers = &loop->timers;
    CHECK(timers->count < timers->capacity);
    /* Started with a past time by its own expiry, it must not expire again in the same turn. */
    int64_t key_ns = due_ns > timers->passed_ns ? due_ns : timers->passed_ns + 1;
    timer->due_ns = due_ns;
    timers->count++;
    sift_up(timers, timers->count, (struct timer_entry){key_ns, timer});
    if (timer->place == 1) {
        arm(loop);
    }
}

enum status loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t due_ns)
{
    loop_timer_stop(loop, timer);
    if (!make_room(&loop->timers)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    loop_timer_start_reserved(loop, timer, due_ns);
    return STATUS_OK;
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    if (timer->place != 0) {
        CHECK(loop->timers.entries[timer->place].timer == timer);
        remove_place(&loop->timers, timer->place);
    }
}
