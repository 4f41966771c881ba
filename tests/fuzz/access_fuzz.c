/* What says who comes in: cookies, sessions, files of tokens and of keys, users' ids. The first
 * byte says which of them it is. A user's id that is taken is written and read again, and is the
 * same. */
#include "access/access_grants.h"
#include "access/access_session_ends.h"
#include "access/access_session_keys.h"
#include "access/access_sessions.h"
#include "base/arena.h"
#include "http/http_browser.h"

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_cookie(struct text text)
{
    static const struct text name = TEXT_INIT("marquee-session");
    const struct http_header headers[] = {{TEXT("accept"), TEXT("marquee-session=no")},
                                          {TEXT("cookie"), text},
                                          {TEXT("cookie"), TEXT("last=1")}};
    struct text value = http_cookie_find(headers, ARRAY_LENGTH(headers), name);
    CHECK(value.data == NULL || value.length == 0 ||
          (value.data >= text.data && value.data + value.length <= text.data + text.length));
    CHECK(text_find(value, 0, ';') == value.length);
    CHECK(text_equal(http_cookie_find(headers, ARRAY_LENGTH(headers), TEXT("last")), TEXT("1")) ||
          http_cookie_find(headers, 2, TEXT("last")).data != NULL);
}

/* Nobody knows the key: nothing is a session. */
static void read_session(struct call *call, struct text text)
{
    struct access_sessions *sessions = NULL;
    struct access_session session;
    CHECK(access_sessions_open(call, NULL, 1, &sessions) == STATUS_OK);
    CHECK(!access_session_unseal(sessions, 1, text, &session));
    access_sessions_destroy(sessions);
}

static void read_grants(struct call *call, struct text text)
{
    struct access_grant_list list = {.count = 0};
    if (access_grant_list_parse(call, text, "input", &list) == STATUS_OK) {
        for (size_t i = 0; i < list.count; i++) {
            const struct access_grant *grant = &list.grants[i];
            CHECK(grant->scopes != 0 && grant->scopes <= ACCESS_SCOPES_ALL);
            CHECK(grant->user[0] == '\0' || access_user_is_valid(text_of(grant->user)));
        }
    }
    access_grant_list_deinit(&list);
}

static void read_keys(struct call *call, struct text text)
{
    struct access_session_key_list list;
    if (access_session_keys_parse(call, text, "input", &list) == STATUS_OK) {
        (void)access_session_keys_rotate(&list, INT64_C(1800000000000));
        CHECK(list.count > 0 && list.count <= ACCESS_SESSION_KEYS_MAX);
        const struct access_session_key *key =
            access_session_keys_signing(&list, INT64_C(1800000000000));
        CHECK(access_session_keys_find(&list, key->created_ms) != NULL);
    }
}

static void read_ends(struct call *call, struct text text)
{
    static struct access_ended ended;
    static struct access_ended taken;
    if (access_session_ends_parse(call, text, "input", &ended) != STATUS_OK) {
        return;
    }
    memset(&taken, 0, sizeof(taken));
    access_ended_take(&taken, &ended, 0);
    for (unsigned set = 0; set < ACCESS_ENDED_SETS; set++) {
        for (size_t i = 0; i < ACCESS_ENDED_WAYS; i++) {
            const struct access_ended_one *one = &ended.sets[set].ones[i];
            CHECK(one->expires_ms == 0 || access_ended_has(&taken, set, one->id, one->expires_ms));
        }
    }
}

static void read_user(struct text text)
{
    char user[ACCESS_USER_BYTES_MAX + 1];
    char word[ACCESS_USER_WORD_BYTES];
    char again[ACCESS_USER_BYTES_MAX + 1];
    unsigned scopes;
    if (access_user_decode(text, user)) {
        CHECK(access_user_decode(access_user_encode(text_of(user), word), again));
        CHECK(text_equal(text_of(user), text_of(again)));
    }
    if (access_user_is_valid(text)) {
        CHECK(access_user_decode(access_user_encode(text, word), again));
        CHECK(text_equal(text, text_of(again)));
    }
    if (access_scopes_parse(text, &scopes)) {
        CHECK(scopes != 0 && scopes <= ACCESS_SCOPES_ALL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct call call;
    if (size == 0) {
        return 0;
    }
    struct text text = text_of_bytes(data + 1, size - 1);
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    switch (data[0] % 5) {
    case 0:
        read_cookie(text);
        break;
    case 1:
        read_session(&call, text);
        break;
    case 2:
        read_grants(&call, text);
        break;
    case 3:
        read_keys(&call, text);
        read_ends(&call, text);
        break;
    default:
        read_user(text);
        break;
    }
    arena_deinit(&arena);
    return 0;
}
