#include "access/access_session_ends.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "access/access_file.h"
#include "access/access_secret.h"
#include "base/clock.h"

enum {
    ID_TEXT_BYTES = 2 * ACCESS_SESSION_ID_BYTES,
    LINE_BYTES_MAX = ID_TEXT_BYTES + 1 + CLOCK_TIME_TEXT_BYTES + 1,
    FILE_BYTES_MAX = (ACCESS_SESSIONS_ENDED_MAX + 1) * LINE_BYTES_MAX,
};

static bool parse_line(struct text line, struct access_session_end *end)
{
    return access_hex_parse(access_next_word(&line), end->id, sizeof(end->id)) &&
           clock_parse(access_next_word(&line), &end->expires_ms) && end->expires_ms > 0 &&
           access_next_word(&line).length == 0;
}

enum status access_session_ends_parse(struct call *call, struct text content, const char *place,
                                      struct access_session_end_list *list)
{
    unsigned number = 0;
    list->count = 0;
    for (struct text rest = content; rest.data != NULL;) {
        struct text line = text_trim(text_next(&rest, '\n'));
        struct access_session_end end;
        number++;
        if (line.length == 0) {
            continue;
        }
        if (!parse_line(line, &end)) {
            return call_fail(call, STATUS_FAILED_PRECONDITION,
                             "%s:%u: a line has a session's id and when it is over", place, number);
        }
        if (list->count < ACCESS_SESSIONS_ENDED_MAX) {
            list->ends[list->count++] = end;
        }
    }
    return STATUS_OK;
}

static struct access_session_ends_seen look_at(const char *file)
{
    struct stat about;
    if (stat(file, &about) != 0) {
        return (struct access_session_ends_seen){0};
    }
    return (struct access_session_ends_seen){
        .inode = about.st_ino,
        .modified_ns = about.st_mtim.tv_sec * CLOCK_NS_PER_S + about.st_mtim.tv_nsec,
        .length = about.st_size,
    };
}

static enum status read_file(struct call *call, const char *file,
                             struct access_session_end_list *list)
{
    struct buffer content;
    buffer_init(&content, FILE_BYTES_MAX);
    enum status status = access_file_read(call, file, &content);
    if (status == STATUS_OK) {
        status = access_session_ends_parse(call, buffer_text(&content), file, list);
    } else if (status == STATUS_NOT_FOUND) {
        call_clear_error(call);
        list->count = 0;
        status = STATUS_OK;
    }
    buffer_deinit(&content);
    return status;
}

enum status access_session_ends_read(struct call *call, const char *file,
                                     struct access_session_ends_seen *seen,
                                     struct access_session_end_list *list, bool *ret_is_new)
{
    /* It is looked at before it is read: what comes between is read again. */
    struct access_session_ends_seen now = look_at(file);
    *ret_is_new = now.inode != seen->inode || now.modified_ns != seen->modified_ns ||
                  now.length != seen->length;
    if (!*ret_is_new) {
        return STATUS_OK;
    }
    *seen = now;
    return read_file(call, file, list);
}

/* Without those that are over; with room for one more. */
static void make_room(struct access_session_end_list *list, int64_t now_ms)
{
    size_t kept = 0;
    size_t soonest = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->ends[i].expires_ms <= now_ms) {
            continue;
        }
        list->ends[kept] = list->ends[i];
        if (list->ends[kept].expires_ms < list->ends[soonest].expires_ms) {
            soonest = kept;
        }
        kept++;
    }
    if (kept == ACCESS_SESSIONS_ENDED_MAX) {
        list->ends[soonest] = list->ends[--kept];
    }
    list->count = kept;
}

static enum status write_file(struct call *call, const char *file,
                              const struct access_session_end_list *list)
{
    struct buffer content;
    bool fits = true;
    buffer_init(&content, FILE_BYTES_MAX);
    for (size_t i = 0; i < list->count && fits; i++) {
        char id[ID_TEXT_BYTES];
        char expires[CLOCK_TIME_TEXT_BYTES];
        access_hex_format(list->ends[i].id, ACCESS_SESSION_ID_BYTES, id);
        fits = buffer_format(&content, "%.*s %.*s\n", ID_TEXT_BYTES, id,
                             TEXT_ARGUMENTS(clock_format(list->ends[i].expires_ms, expires)));
    }
    enum status status = fits
                             ? access_file_write(call, file, buffer_text(&content))
                             : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for sessions");
    buffer_deinit(&content);
    return status;
}

static bool has(const struct access_session_end_list *list, const struct access_session_end *end)
{
    for (size_t i = 0; i < list->count; i++) {
        if (access_secret_equal(text_of_bytes(list->ends[i].id, sizeof(end->id)),
                                text_of_bytes(end->id, sizeof(end->id)))) {
            return true;
        }
    }
    return false;
}

static enum status add(struct call *call, const char *file, int64_t now_ms,
                       const struct access_session_end *end, struct access_session_end_list *list)
{
    enum status status = read_file(call, file, list);
    if (status != STATUS_OK || has(list, end)) {
        return status;
    }
    make_room(list, now_ms);
    list->ends[list->count++] = *end;
    return write_file(call, file, list);
}

enum status access_session_ends_add(struct call *call, const char *file, int64_t now_ms,
                                    const struct access_session_end *end)
{
    int lock;
    struct access_session_end_list *list = malloc(sizeof(*list));
    if (list == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for sessions");
    }
    enum status status = access_file_lock(call, file, &lock);
    if (status == STATUS_OK) {
        status = add(call, file, now_ms, end, list);
        access_file_unlock(lock);
    }
    free(list);
    return status;
}
