#include "access/access_session_ends.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "access/access_file.h"
#include "base/clock.h"

enum {
    ID_TEXT_BYTES = 2 * ACCESS_SESSION_ID_BYTES,
    LINE_BYTES_MAX = sizeof("511 ") + ID_TEXT_BYTES + 1 + CLOCK_TIME_TEXT_BYTES + 1,
    FILE_BYTES_MAX = ACCESS_ENDED_SETS * (ACCESS_ENDED_WAYS + 1) * LINE_BYTES_MAX,
};

static const struct text all = TEXT_INIT("-");

static bool parse_line(struct text line, struct access_ended *ended)
{
    uint64_t set;
    uint64_t id;
    int64_t expires_ms;
    bool has_set = text_to_u64(access_next_word(&line), &set) && set < ACCESS_ENDED_SETS;
    struct text word = access_next_word(&line);
    bool is_all = word.length == all.length; /* an id is longer */
    if (!has_set ||
        (is_all ? word.data[0] != all.data[0] : !access_hex_parse(word, &id, sizeof(id))) ||
        !clock_parse(access_next_word(&line), &expires_ms) || expires_ms <= 0 ||
        access_next_word(&line).length > 0) {
        return false;
    }
    if (is_all) {
        access_ended_note_until(ended, (unsigned)set, expires_ms);
    } else {
        access_ended_note(ended, (unsigned)set, id, expires_ms, 0);
    }
    return true;
}

enum status access_session_ends_parse(struct call *call, struct text content, const char *place,
                                      struct access_ended *ended)
{
    unsigned number = 0;
    memset(ended, 0, sizeof(*ended));
    for (struct text rest = content; rest.data != NULL;) {
        struct text line = text_trim(text_next(&rest, '\n'));
        number++;
        if (line.length > 0 && !parse_line(line, ended)) {
            return call_fail(call, STATUS_FAILED_PRECONDITION,
                             "%s:%u: a line has a set, a session's id or -, and when it is over",
                             place, number);
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

static enum status read_file(struct call *call, const char *file, struct access_ended *ended)
{
    struct buffer content;
    buffer_init(&content, FILE_BYTES_MAX);
    enum status status = access_file_read(call, file, &content);
    if (status == STATUS_OK) {
        status = access_session_ends_parse(call, buffer_text(&content), file, ended);
    } else if (status == STATUS_NOT_FOUND) {
        call_clear_error(call);
        memset(ended, 0, sizeof(*ended));
        status = STATUS_OK;
    }
    buffer_deinit(&content);
    return status;
}

enum status access_session_ends_read(struct call *call, const char *file,
                                     struct access_session_ends_seen *seen,
                                     struct access_ended *ended, bool *ret_is_new)
{
    /* It is looked at before it is read: what comes between is read again. */
    struct access_session_ends_seen now = look_at(file);
    *ret_is_new = now.inode != seen->inode || now.modified_ns != seen->modified_ns ||
                  now.length != seen->length;
    if (!*ret_is_new) {
        return STATUS_OK;
    }
    *seen = now;
    return read_file(call, file, ended);
}

/* What is over is left out. */
static bool write_line(struct buffer *content, unsigned set, struct text id, int64_t expires_ms,
                       int64_t now_ms)
{
    char expires[CLOCK_TIME_TEXT_BYTES];
    return expires_ms <= now_ms || buffer_format(content, "%u %.*s %.*s\n", set, TEXT_ARGUMENTS(id),
                                                 TEXT_ARGUMENTS(clock_format(expires_ms, expires)));
}

static bool write_set(struct buffer *content, unsigned set, const struct access_ended_set *ended,
                      int64_t now_ms)
{
    bool fits = write_line(content, set, all, ended->until_ms, now_ms);
    for (size_t i = 0; i < ACCESS_ENDED_WAYS && fits; i++) {
        char id[ID_TEXT_BYTES];
        access_hex_format(&ended->ones[i].id, ACCESS_SESSION_ID_BYTES, id);
        fits = write_line(content, set, (struct text){id, sizeof(id)}, ended->ones[i].expires_ms,
                          now_ms);
    }
    return fits;
}

static enum status write_file(struct call *call, const char *file, const struct access_ended *ended,
                              int64_t now_ms)
{
    struct buffer content;
    bool fits = true;
    buffer_init(&content, FILE_BYTES_MAX);
    for (unsigned set = 0; set < ACCESS_ENDED_SETS && fits; set++) {
        fits = write_set(&content, set, &ended->sets[set], now_ms);
    }
    enum status status = fits
                             ? access_file_write(call, file, buffer_text(&content))
                             : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for sessions");
    buffer_deinit(&content);
    return status;
}

static enum status add(struct call *call, const char *file, int64_t now_ms,
                       const struct access_session *session, struct access_ended *ended)
{
    unsigned set = access_ended_set_of(session);
    uint64_t id = access_ended_id_of(session);
    enum status status = read_file(call, file, ended);
    if (status != STATUS_OK || access_ended_has(ended, set, id, session->expires_ms)) {
        return status;
    }
    access_ended_note(ended, set, id, session->expires_ms, now_ms);
    return write_file(call, file, ended, now_ms);
}

enum status access_session_ends_add(struct call *call, const char *file, int64_t now_ms,
                                    const struct access_session *session)
{
    int lock;
    struct access_ended *ended = malloc(sizeof(*ended));
    if (ended == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for sessions");
    }
    enum status status = access_file_lock(call, file, &lock);
    if (status == STATUS_OK) {
        status = add(call, file, now_ms, session, ended);
        access_file_unlock(lock);
    }
    free(ended);
    return status;
}
