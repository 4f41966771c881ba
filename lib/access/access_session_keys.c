#include "access/access_session_keys.h"

#include "access/access_file.h"
#include "base/clock.h"
#include "base/random.h"

enum { FILE_BYTES_MAX = 64 * 1024 };

/* What a key has signed holds for so long after it came. */
static const int64_t key_lifetime_ms =
    ACCESS_SESSION_KEY_ADOPT_MS + ACCESS_SESSION_KEY_ROTATE_MS + ACCESS_SESSION_LIFETIME_MAX_MS;

static void draw_key(struct access_session_key_list *list, int64_t now_ms)
{
    struct access_session_key *key = &list->keys[list->count++];
    random_secret(key->key, sizeof(key->key));
    key->created_ms = now_ms;
}

static bool drop_old(struct access_session_key_list *list, int64_t now_ms)
{
    size_t old = 0;
    while (old + 1 < list->count && now_ms - list->keys[old].created_ms > key_lifetime_ms) {
        old++;
    }
    if (old == 0 && list->count == ACCESS_SESSION_KEYS_MAX) {
        old = 1; /* somebody has added keys by hand: room for one is needed */
    }
    list->count -= old;
    memmove(list->keys, list->keys + old, list->count * sizeof(list->keys[0]));
    return old > 0;
}

bool access_session_keys_rotate(struct access_session_key_list *list, int64_t now_ms)
{
    bool has_dropped = drop_old(list, now_ms);
    bool is_due = list->count == 0 ||
                  now_ms - list->keys[list->count - 1].created_ms >= ACCESS_SESSION_KEY_ROTATE_MS;
    if (is_due) {
        draw_key(list, now_ms);
    }
    return is_due || has_dropped;
}

const struct access_session_key *
access_session_keys_signing(const struct access_session_key_list *list, int64_t now_ms)
{
    CHECK(list->count > 0);
    for (size_t i = list->count; i > 1; i--) {
        if (now_ms - list->keys[i - 1].created_ms >= ACCESS_SESSION_KEY_ADOPT_MS) {
            return &list->keys[i - 1];
        }
    }
    return &list->keys[0];
}

const struct access_session_key *
access_session_keys_find(const struct access_session_key_list *list, int64_t created_ms)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->keys[i].created_ms == created_ms) {
            return &list->keys[i];
        }
    }
    return NULL;
}

/* Why the line cannot be used; NULL: it was taken. */
static const char *parse_line(struct text line, struct access_session_key_list *list)
{
    if (list->count == ACCESS_SESSION_KEYS_MAX) {
        return "more than 16 keys";
    }
    struct access_session_key *key = &list->keys[list->count];
    if (!access_hex_parse(access_next_word(&line), key->key, sizeof(key->key))) {
        return "a key has 64 hexadecimal digits";
    }
    if (!clock_parse(access_next_word(&line), &key->created_ms) ||
        access_next_word(&line).length > 0) {
        return "behind a key stands since when it is, like 2026-11-29T16:00:00Z";
    }
    if (list->count > 0 && list->keys[list->count - 1].created_ms >= key->created_ms) {
        return "a key is not newer than the one before it";
    }
    list->count++;
    return NULL;
}

enum status access_session_keys_parse(struct call *call, struct text content, const char *place,
                                      struct access_session_key_list *list)
{
    unsigned number = 0;
    list->count = 0;
    for (struct text rest = content; rest.data != NULL;) {
        struct text line = text_trim(text_next(&rest, '\n'));
        number++;
        const char *why = line.length == 0 || line.data[0] == '#' ? NULL : parse_line(line, list);
        if (why != NULL) {
            return call_fail(call, STATUS_FAILED_PRECONDITION, "%s:%u: %s", place, number, why);
        }
    }
    return STATUS_OK;
}

static enum status write_keys(struct call *call, const char *file,
                              const struct access_session_key_list *list)
{
    struct buffer content;
    buffer_init(&content, FILE_BYTES_MAX);
    bool fits =
        buffer_append(&content, TEXT("# Signs the sessions of browsers: keep it secret.\n"));
    for (size_t i = 0; i < list->count && fits; i++) {
        char key[ACCESS_DIGEST_TEXT_BYTES];
        char created[CLOCK_TIME_TEXT_BYTES];
        access_hex_format(list->keys[i].key, ACCESS_DIGEST_BYTES, key);
        fits = buffer_format(&content, "%.*s %.*s\n", (int)sizeof(key), key,
                             TEXT_ARGUMENTS(clock_format(list->keys[i].created_ms, created)));
        explicit_bzero(key, sizeof(key));
    }
    enum status status = fits ? access_file_write(call, file, buffer_text(&content))
                              : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for keys");
    explicit_bzero(content.data, content.length);
    buffer_deinit(&content);
    return status;
}

static enum status read_keys(struct call *call, const char *file,
                             struct access_session_key_list *list)
{
    struct buffer content;
    buffer_init(&content, FILE_BYTES_MAX);
    enum status status = access_file_read(call, file, &content);
    if (status == STATUS_OK) {
        status = access_session_keys_parse(call, buffer_text(&content), file, list);
    } else if (status == STATUS_NOT_FOUND) { /* it will be made */
        call_clear_error(call);
        list->count = 0;
        status = STATUS_OK;
    }
    if (content.length > 0) {
        explicit_bzero(content.data, content.length);
    }
    buffer_deinit(&content);
    return status;
}

enum status access_session_keys_load(struct call *call, const char *file, int64_t now_ms,
                                     struct access_session_key_list *list)
{
    int lock;
    enum status status = access_file_lock(call, file, &lock);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_keys(call, file, list);
    if (status == STATUS_OK && access_session_keys_rotate(list, now_ms)) {
        status = write_keys(call, file, list);
    }
    access_file_unlock(lock);
    return status;
}
