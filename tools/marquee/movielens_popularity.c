#include "marquee/movielens_popularity.h"

#include <stdlib.h>

#include "marquee/csv_reader.h"
#include "marquee/progress.h"

enum { VOTE_FIELDS = 4, FIRST_CAPACITY = 1024, ROW_BYTES_MAX = 4 * 1024 * 1024 };

struct movielens_votes {
    uint64_t movie;
    uint32_t count;
};

/* Ids of MovieLens are small numbers: multiplied, neighbours lie apart. */
static struct movielens_votes *find(struct movielens_votes *counters, size_t capacity,
                                    uint64_t movie)
{
    size_t at = (size_t)((movie * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (capacity - 1);
    while (counters[at].count != 0 && counters[at].movie != movie) {
        at = (at + 1) & (capacity - 1);
    }
    return &counters[at];
}

static enum status grow(struct movielens_popularity *popularity, struct call *call)
{
    size_t capacity = popularity->capacity == 0 ? FIRST_CAPACITY : popularity->capacity * 2;
    struct movielens_votes *counters =
        capacity <= MOVIELENS_POPULARITY_MAX * 2 ? calloc(capacity, sizeof(*counters)) : NULL;
    if (counters == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "too many movies for the memory");
    }
    for (size_t i = 0; i < popularity->capacity; i++) {
        if (popularity->counters[i].count != 0) {
            *find(counters, capacity, popularity->counters[i].movie) = popularity->counters[i];
        }
    }
    free(popularity->counters);
    popularity->counters = counters;
    popularity->capacity = capacity;
    return STATUS_OK;
}

static enum status count_vote(struct movielens_popularity *popularity, struct call *call,
                              const struct csv_row *row)
{
    uint64_t movie;
    if (row->count != VOTE_FIELDS || !text_to_u64(row->fields[1], &movie)) {
        return STATUS_OK;
    }
    if (popularity->count * 2 >= popularity->capacity) {
        enum status status = grow(popularity, call);
        if (status != STATUS_OK) {
            return status;
        }
    }
    struct movielens_votes *votes = find(popularity->counters, popularity->capacity, movie);
    popularity->count += votes->count == 0;
    votes->movie = movie;
    votes->count += votes->count < UINT32_MAX;
    return STATUS_OK;
}

/* STATUS_NOT_FOUND: there are no more rows. */
static enum status take_row(struct movielens_popularity *popularity, struct csv_reader *reader,
                            struct session *session, struct arena *arena)
{
    struct csv_row row;
    struct call call;
    call_init(&call, arena, 0);
    enum status status = csv_reader_next(reader, &call, &row);
    if (status == STATUS_OK) {
        status = count_vote(popularity, &call, &row);
    } else if (status == STATUS_INVALID_ARGUMENT) {
        status = STATUS_OK; /* complained of where it is imported */
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        (void)call_fail(&session->call, status, "ratings.csv:%llu: %.*s",
                        (unsigned long long)row.line, TEXT_ARGUMENTS(call.error.message));
    }
    arena_reset(arena);
    return status;
}

static enum status count_rows(struct movielens_popularity *popularity, struct session *session,
                              struct import_file *file)
{
    struct arena arena;
    struct csv_reader reader;
    struct progress progress;
    uint64_t rows = 0;
    arena_init(&arena, ROW_BYTES_MAX);
    progress_init(&progress, session->input->errors, "counting votes", file->size);
    enum status status = csv_reader_init(&reader, file->bytes);
    while (status == STATUS_OK) {
        status = take_row(popularity, &reader, session, &arena);
        progress_update(&progress, *file->done, ++rows);
    }
    progress_end(&progress);
    csv_reader_deinit(&reader);
    arena_deinit(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status movielens_popularity_count(struct movielens_popularity *popularity,
                                       struct session *session, const struct import_files *files)
{
    static const struct text name = TEXT_INIT("ratings.csv");
    struct import_file *file = arena_calloc(session->call.arena, 1, sizeof(*file));
    if (file == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a file");
    }
    if (!import_files_have(files, name)) {
        return STATUS_OK;
    }
    enum status status = import_file_open(&session->call, files, name, file);
    if (status == STATUS_OK) {
        status = count_rows(popularity, session, file);
        import_file_close(file);
    }
    return status;
}

void movielens_popularity_deinit(struct movielens_popularity *popularity)
{
    free(popularity->counters);
}

uint32_t movielens_popularity_of(const struct movielens_popularity *popularity, struct text movie)
{
    uint64_t number;
    if (popularity->capacity == 0 || !text_to_u64(movie, &number)) {
        return 0;
    }
    return find(popularity->counters, popularity->capacity, number)->count;
}
