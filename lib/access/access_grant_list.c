/* The file of tokens: its lines, and what is wrong with them. */
#include <errno.h>
#include <stdlib.h>

#include "access/access_file.h"
#include "access/access_grants.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/random.h"

enum { CAPACITY_MIN = 16 };

static const struct text token_prefix = TEXT_INIT("marquee_");
static const struct text no_user = TEXT_INIT("-");
static const struct text never = TEXT_INIT("never");

void access_token_draw(char ret_token[static ACCESS_TOKEN_BYTES])
{
    unsigned char drawn[ACCESS_TOKEN_RANDOM_BYTES];
    random_secret(drawn, sizeof(drawn));
    memcpy(ret_token, token_prefix.data, token_prefix.length);
    access_hex_format(drawn, sizeof(drawn), ret_token + token_prefix.length);
    ret_token[ACCESS_TOKEN_BYTES - 1] = '\0';
    explicit_bzero(drawn, sizeof(drawn));
}

void access_grant_list_deinit(struct access_grant_list *list)
{
    free(list->grants);
    *list = (struct access_grant_list){.grants = NULL};
}

enum status access_grant_list_add(struct call *call, struct access_grant_list *list,
                                  const struct access_grant *grant)
{
    if (list->count == ACCESS_GRANTS_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "more than %d tokens", ACCESS_GRANTS_MAX);
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : (size_t)CAPACITY_MIN;
        struct access_grant *grants = realloc(list->grants, capacity * sizeof(*grants));
        if (grants == NULL) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for tokens");
        }
        list->grants = grants;
        list->capacity = capacity;
    }
    list->grants[list->count++] = *grant;
    return STATUS_OK;
}

/* One that stands for something is never as short as this; so both are told apart quickly, and
 * nothing here is a secret: digests and words of a file. */
static bool is_word(struct text word, struct text wanted)
{
    return text_equal_ignoring_case(word, wanted);
}

static bool parse_time(struct text word, int64_t *ret_ms)
{
    if (is_word(word, never)) {
        *ret_ms = ACCESS_NEVER_MS;
        return true;
    }
    return clock_parse(word, ret_ms);
}

/* Why the line cannot be used; NULL: it was taken. */
static const char *parse_line(struct text line, struct access_grant *grant)
{
    *grant = (struct access_grant){.scopes = 0};
    if (!access_hex_parse(access_next_word(&line), grant->digest, ACCESS_DIGEST_BYTES)) {
        return "a line begins with a SHA-256 in hexadecimal";
    }
    if (!access_scopes_parse(access_next_word(&line), &grant->scopes)) {
        return "scopes are read, vote, write, admin and impersonate, with commas between";
    }
    struct text user = access_next_word(&line);
    if (!is_word(user, no_user) && !access_user_decode(user, grant->user)) {
        return "the user is no id of 1 to 128 bytes, percent-encoded, nor -";
    }
    if (!parse_time(access_next_word(&line), &grant->created_ms) ||
        !parse_time(access_next_word(&line), &grant->expires_ms)) {
        return "a time is like 2026-11-29T16:00:00Z, or never";
    }
    struct text name = access_next_word(&line);
    if (name.length > ACCESS_GRANT_NAME_BYTES_MAX || !access_is_printable(name) ||
        access_next_word(&line).length > 0) {
        return "a name is one word of at most 64 printable ASCII characters";
    }
    CHECK(text_to_c_string(name, grant->name, sizeof(grant->name)));
    return NULL;
}

static int compare_digests(const void *left, const void *right)
{
    const struct access_grant *a = *(const struct access_grant *const *)left;
    const struct access_grant *b = *(const struct access_grant *const *)right;
    for (size_t i = 0; i < ACCESS_DIGEST_BYTES; i++) {
        if (a->digest[i] != b->digest[i]) {
            return a->digest[i] < b->digest[i] ? -1 : 1;
        }
    }
    return 0;
}

/* Two lines with one token would leave it open which of them counts. */
static enum status check_doubles(struct call *call, const struct access_grant_list *list,
                                 const char *place)
{
    const struct access_grant **sorted = calloc(list->count + 1, sizeof(*sorted));
    enum status status = STATUS_OK;
    if (sorted == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for tokens");
    }
    for (size_t i = 0; i < list->count; i++) {
        sorted[i] = &list->grants[i];
    }
    qsort(sorted, list->count, sizeof(*sorted), compare_digests);
    for (size_t i = 1; i < list->count && status == STATUS_OK; i++) {
        if (compare_digests(&sorted[i - 1], &sorted[i]) == 0) {
            status = call_fail(call, STATUS_FAILED_PRECONDITION, "%s holds a token twice", place);
        }
    }
    free(sorted);
    return status;
}

enum status access_grant_list_parse(struct call *call, struct text content, const char *place,
                                    struct access_grant_list *list)
{
    unsigned number = 0;
    list->count = 0;
    for (struct text rest = content; rest.data != NULL;) {
        struct text line = text_trim(text_next(&rest, '\n'));
        struct access_grant grant;
        number++;
        if (line.length == 0 || line.data[0] == '#') {
            continue;
        }
        const char *why =
            list->count == ACCESS_GRANTS_MAX ? "more than 10000 tokens" : parse_line(line, &grant);
        if (why != NULL) {
            return call_fail(call, STATUS_FAILED_PRECONDITION, "%s:%u: %s", place, number, why);
        }
        enum status status = access_grant_list_add(call, list, &grant);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return check_doubles(call, list, place);
}

enum status access_grant_list_read(struct call *call, const char *file,
                                   struct access_grant_list *list)
{
    struct buffer content;
    buffer_init(&content, ACCESS_GRANT_FILE_BYTES_MAX);
    enum status status = access_file_read(call, file, &content);
    if (status == STATUS_OK) {
        status = access_grant_list_parse(call, buffer_text(&content), file, list);
    }
    buffer_deinit(&content);
    if (status != STATUS_OK) {
        access_grant_list_deinit(list);
    }
    return status;
}

static struct text format_time(int64_t wall_ms, char buffer[static CLOCK_TIME_TEXT_BYTES])
{
    return wall_ms == ACCESS_NEVER_MS ? never : clock_format(wall_ms, buffer);
}

static bool append_line(struct buffer *content, const struct access_grant *grant)
{
    char digest[ACCESS_DIGEST_TEXT_BYTES];
    char scopes[ACCESS_SCOPES_TEXT_BYTES];
    char user[ACCESS_USER_WORD_BYTES];
    char created[CLOCK_TIME_TEXT_BYTES];
    char expires[CLOCK_TIME_TEXT_BYTES];
    access_hex_format(grant->digest, ACCESS_DIGEST_BYTES, digest);
    struct text whose =
        grant->user[0] != '\0' ? access_user_encode(text_of(grant->user), user) : no_user;
    return buffer_format(content, "%.*s %.*s %.*s %.*s %.*s%s%s\n", (int)sizeof(digest), digest,
                         TEXT_ARGUMENTS(access_scopes_format(grant->scopes, scopes)),
                         TEXT_ARGUMENTS(whose),
                         TEXT_ARGUMENTS(format_time(grant->created_ms, created)),
                         TEXT_ARGUMENTS(format_time(grant->expires_ms, expires)),
                         grant->name[0] != '\0' ? " " : "", grant->name);
}

enum status access_grant_list_write(struct call *call, const char *file,
                                    const struct access_grant_list *list)
{
    struct buffer content;
    buffer_init(&content, ACCESS_GRANT_FILE_BYTES_MAX);
    bool fits = buffer_append(
        &content, TEXT("# Tokens by their SHA-256, as `marquee token` writes them; not secret.\n"
                       "# DIGEST SCOPES USER CREATED EXPIRES NAME\n"));
    for (size_t i = 0; i < list->count && fits; i++) {
        fits = append_line(&content, &list->grants[i]);
    }
    enum status status =
        fits ? access_file_write(call, file, buffer_text(&content))
             : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the file of tokens would be too long");
    buffer_deinit(&content);
    return status;
}
