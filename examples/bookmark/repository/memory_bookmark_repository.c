#include "bookmark/repository/memory_bookmark_repository.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

struct kept {
    char user_id[BOOKMARK_ID_BYTES_MAX + 1];
    char movie_id[BOOKMARK_ID_BYTES_MAX + 1];
};

struct memory {
    pthread_mutex_t lock;
    size_t count;
    struct kept bookmarks[BOOKMARK_COUNT_MAX];
};

static bool is_kept(const struct memory *memory, const struct bookmark *bookmark)
{
    for (size_t i = 0; i < memory->count; i++) {
        if (text_equal(text_of(memory->bookmarks[i].user_id), bookmark->user_id) &&
            text_equal(text_of(memory->bookmarks[i].movie_id), bookmark->movie_id)) {
            return true;
        }
    }
    return false;
}

static enum status keep(struct memory *memory, struct call *call, const struct bookmark *bookmark)
{
    if (is_kept(memory, bookmark)) {
        return STATUS_OK;
    }
    if (memory->count == BOOKMARK_COUNT_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "there are %d bookmarks already",
                         BOOKMARK_COUNT_MAX);
    }
    struct kept *kept = &memory->bookmarks[memory->count];
    CHECK(text_to_c_string(bookmark->user_id, kept->user_id, sizeof(kept->user_id)) &&
          text_to_c_string(bookmark->movie_id, kept->movie_id, sizeof(kept->movie_id)));
    memory->count++;
    return STATUS_OK;
}

static enum status put(void *state, struct call *call, const struct bookmark *bookmark)
{
    struct memory *memory = state;
    CHECK(pthread_mutex_lock(&memory->lock) == 0);
    enum status status = keep(memory, call, bookmark);
    CHECK(pthread_mutex_unlock(&memory->lock) == 0);
    return status;
}

static enum status collect(const struct memory *memory, struct call *call, struct text user_id,
                           struct text **ret_movie_ids, size_t *ret_count)
{
    struct text *movie_ids = arena_calloc(call->arena, memory->count, sizeof(*movie_ids));
    size_t count = 0;
    for (size_t i = 0; movie_ids != NULL && i < memory->count; i++) {
        if (!text_equal(text_of(memory->bookmarks[i].user_id), user_id)) {
            continue;
        }
        movie_ids[count] = arena_copy(call->arena, text_of(memory->bookmarks[i].movie_id));
        movie_ids = movie_ids[count++].data != NULL ? movie_ids : NULL;
    }
    if (movie_ids == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    *ret_movie_ids = movie_ids;
    *ret_count = count;
    return STATUS_OK;
}

static enum status list(void *state, struct call *call, struct text user_id,
                        struct text **ret_movie_ids, size_t *ret_count)
{
    struct memory *memory = state;
    CHECK(pthread_mutex_lock(&memory->lock) == 0);
    enum status status = collect(memory, call, user_id, ret_movie_ids, ret_count);
    CHECK(pthread_mutex_unlock(&memory->lock) == 0);
    return status;
}

static void close_memory(void *state)
{
    struct memory *memory = state;
    CHECK(pthread_mutex_destroy(&memory->lock) == 0);
    free(memory);
}

static const struct bookmark_repository_ops ops = {.put = put, .list = list, .close = close_memory};

enum status memory_bookmark_repository_open(struct call *call,
                                            struct bookmark_repository *ret_repository)
{
    struct memory *memory = calloc(1, sizeof(*memory));
    if (memory == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for bookmarks");
    }
    CHECK(pthread_mutex_init(&memory->lock, NULL) == 0);
    *ret_repository = (struct bookmark_repository){&ops, memory};
    return STATUS_OK;
}
