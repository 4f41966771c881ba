#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "loop/loop_private.h"

enum { THREAD_NAME_BYTES = 16 }; /* pthread_setname_np(3) */

struct loop_thread {
    struct loop_threads *threads;
    struct loop *loop;
    pthread_t thread;
};

struct loop_threads {
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    unsigned running; /* loops that may still post to others */
    unsigned count;
    struct loop_thread threads[];
};

void loop_signals_block(sigset_t *ret_previous)
{
    static const int own_doing[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked;
    CHECK(sigfillset(&blocked) == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(own_doing); i++) {
        CHECK(sigdelset(&blocked, own_doing[i]) == 0);
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &blocked, ret_previous) == 0);
}

void loop_signals_restore(const sigset_t *previous)
{
    CHECK(pthread_sigmask(SIG_SETMASK, previous, NULL) == 0);
}

/* A loop is destroyed by its own thread, when no other of the set can post to it any more. */
static void *run_loop(void *argument)
{
    struct loop_thread *thread = argument;
    struct loop_threads *threads = thread->threads;
    loop_run(thread->loop);
    CHECK(pthread_mutex_lock(&threads->lock) == 0);
    threads->running--;
    CHECK(pthread_cond_broadcast(&threads->stopped) == 0);
    while (threads->running > 0) {
        CHECK(pthread_cond_wait(&threads->stopped, &threads->lock) == 0);
    }
    CHECK(pthread_mutex_unlock(&threads->lock) == 0);
    loop_destroy(thread->loop);
    return NULL;
}

static void count_running(struct loop_threads *threads, int change)
{
    CHECK(pthread_mutex_lock(&threads->lock) == 0);
    threads->running = (unsigned)((int)threads->running + change);
    CHECK(pthread_mutex_unlock(&threads->lock) == 0);
}

static enum status start_thread(struct loop_threads *threads, unsigned index)
{
    struct loop_thread *thread = &threads->threads[index];
    thread->threads = threads;
    if (loop_create(&thread->loop) != STATUS_OK) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    thread->loop->index = index;
    sigset_t previous;
    count_running(threads, 1);
    loop_signals_block(&previous);
    int error = pthread_create(&thread->thread, NULL, run_loop, thread);
    loop_signals_restore(&previous);
    if (error != 0) {
        count_running(threads, -1);
        loop_destroy(thread->loop);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    char name[THREAD_NAME_BYTES];
    (void)snprintf(name, sizeof(name), "loop-%u", index);
    (void)pthread_setname_np(thread->thread, name); /* only for those who look */
    return STATUS_OK;
}

enum status loop_threads_start(unsigned count, struct loop_threads **ret_threads)
{
    CHECK(count >= 1 && count <= LOOP_THREADS_MAX);
    struct loop_threads *threads =
        calloc(1, sizeof(*threads) + count * sizeof(threads->threads[0]));
    if (threads == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    CHECK(pthread_mutex_init(&threads->lock, NULL) == 0);
    CHECK(pthread_cond_init(&threads->stopped, NULL) == 0);
    for (; threads->count < count; threads->count++) {
        if (start_thread(threads, threads->count) != STATUS_OK) {
            loop_threads_destroy(threads);
            return STATUS_RESOURCE_EXHAUSTED;
        }
    }
    *ret_threads = threads;
    return STATUS_OK;
}

unsigned loop_threads_count(const struct loop_threads *threads)
{
    return threads->count;
}

struct loop *loop_threads_at(struct loop_threads *threads, unsigned index)
{
    CHECK(index < threads->count);
    return threads->threads[index].loop;
}

/* loop_threads_each(): what is asked of all loops, and what is asked of one. */
struct round {
    enum status (*run)(void *argument, unsigned index);
    void *argument;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    unsigned running;
};

struct round_part {
    struct loop_task task;
    struct round *round;
    unsigned index;
    enum status status;
};

static void finish_part(struct round_part *part, enum status status)
{
    struct round *round = part->round;
    CHECK(pthread_mutex_lock(&round->lock) == 0);
    part->status = status;
    round->running--;
    CHECK(pthread_cond_signal(&round->finished) == 0);
    CHECK(pthread_mutex_unlock(&round->lock) == 0);
}

static void run_part(void *argument)
{
    struct round_part *part = argument;
    finish_part(part, part->round->run(part->round->argument, part->index));
}

static void start_part(struct loop_task *task)
{
    struct round_part *part = CONTAINER_OF(task, struct round_part, task);
    if (fiber_start(loop_current(), run_part, part) != STATUS_OK) {
        finish_part(part, STATUS_RESOURCE_EXHAUSTED);
    }
}

enum status loop_threads_each(struct loop_threads *threads,
                              enum status (*run)(void *argument, unsigned index), void *argument)
{
    struct round round = {.run = run, .argument = argument, .running = threads->count};
    struct round_part parts[LOOP_THREADS_MAX];
    CHECK(pthread_mutex_init(&round.lock, NULL) == 0);
    CHECK(pthread_cond_init(&round.finished, NULL) == 0);
    for (unsigned i = 0; i < threads->count; i++) {
        parts[i] = (struct round_part){.task.run = start_part, .round = &round, .index = i};
        loop_post(threads->threads[i].loop, &parts[i].task);
    }
    CHECK(pthread_mutex_lock(&round.lock) == 0);
    while (round.running > 0) {
        CHECK(pthread_cond_wait(&round.finished, &round.lock) == 0);
    }
    CHECK(pthread_mutex_unlock(&round.lock) == 0);
    CHECK(pthread_cond_destroy(&round.finished) == 0);
    CHECK(pthread_mutex_destroy(&round.lock) == 0);
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < threads->count && status == STATUS_OK; i++) {
        status = parts[i].status;
    }
    return status;
}

void loop_threads_destroy(struct loop_threads *threads)
{
    if (threads == NULL) {
        return;
    }
    for (unsigned i = 0; i < threads->count; i++) {
        loop_stop(threads->threads[i].loop);
    }
    for (unsigned i = 0; i < threads->count; i++) {
        CHECK(pthread_join(threads->threads[i].thread, NULL) == 0);
    }
    CHECK(pthread_mutex_destroy(&threads->lock) == 0);
    CHECK(pthread_cond_destroy(&threads->stopped) == 0);
    free(threads);
}
