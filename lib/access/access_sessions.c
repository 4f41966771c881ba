#include "access/access_sessions.h"

#include <endian.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "access/access_session_ends.h"
#include "access/access_session_keys.h"
#include "base/random.h"

enum {
    VERSION = 1,
    KIND_OPEN = 0, /* of a session without a token */
    KIND_TOKEN = 1,
    PAYLOAD_BYTES_MAX = ACCESS_SESSION_BARE_BYTES + ACCESS_USER_BYTES_MAX,
};

struct access_sessions {
    pthread_rwlock_t lock;
    struct access_session_key_list keys;
    struct access_ended ended;
    char file[PATH_MAX]; /* "": there is none */
    char ends_file[PATH_MAX];
    struct access_session_ends_seen seen; /* of that file */
    struct access_ended read;             /* from it, while it is taken over */
};

/* Of the file of ended sessions: behind the name of the keys'. */
static const struct text ends_suffix = TEXT_INIT(".ended");

static enum status name_files(struct call *call, struct access_sessions *sessions, struct text file)
{
    char *end = stpncpy(sessions->ends_file, file.data, sizeof(sessions->ends_file) - 1);
    if (!text_to_c_string(file, sessions->file, sizeof(sessions->file)) ||
        file.length + ends_suffix.length >= sizeof(sessions->ends_file)) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "the name of a file is too long");
    }
    memcpy(end, ends_suffix.data, ends_suffix.length);
    return STATUS_OK;
}

enum status access_sessions_open(struct call *call, const char *file, int64_t now_ms,
                                 struct access_sessions **ret_sessions)
{
    struct access_sessions *sessions = calloc(1, sizeof(*sessions));
    if (sessions == NULL || pthread_rwlock_init(&sessions->lock, NULL) != 0) {
        free(sessions);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for sessions");
    }
    enum status status = STATUS_OK;
    if (file == NULL) {
        (void)access_session_keys_rotate(&sessions->keys, now_ms);
    } else {
        status = name_files(call, sessions, text_of(file));
    }
    if (status == STATUS_OK && file != NULL) {
        status = access_session_keys_load(call, file, now_ms, &sessions->keys);
    }
    if (status == STATUS_OK) {
        status = access_sessions_look(call, sessions, now_ms);
    }
    if (status != STATUS_OK) {
        access_sessions_destroy(sessions);
        return status;
    }
    *ret_sessions = sessions;
    return STATUS_OK;
}

static void take_keys(struct access_sessions *sessions, const struct access_session_key_list *keys)
{
    CHECK(pthread_rwlock_wrlock(&sessions->lock) == 0);
    sessions->keys = *keys;
    CHECK(pthread_rwlock_unlock(&sessions->lock) == 0);
}

enum status access_sessions_refresh(struct call *call, struct access_sessions *sessions,
                                    int64_t now_ms)
{
    struct access_session_key_list keys;
    enum status status = STATUS_OK;
    if (sessions->file[0] != '\0') {
        status = access_session_keys_load(call, sessions->file, now_ms, &keys);
    } else {
        CHECK(pthread_rwlock_rdlock(&sessions->lock) == 0);
        keys = sessions->keys;
        CHECK(pthread_rwlock_unlock(&sessions->lock) == 0);
        (void)access_session_keys_rotate(&keys, now_ms);
    }
    if (status == STATUS_OK) {
        take_keys(sessions, &keys);
    }
    explicit_bzero(&keys, sizeof(keys));
    return status;
}

void access_sessions_destroy(struct access_sessions *sessions)
{
    if (sessions == NULL) {
        return;
    }
    CHECK(pthread_rwlock_destroy(&sessions->lock) == 0);
    explicit_bzero(&sessions->keys, sizeof(sessions->keys));
    free(sessions);
}

static size_t put(unsigned char *payload, size_t length, const void *bytes, size_t count)
{
    memcpy(payload + length, bytes, count);
    return length + count;
}

static size_t write_payload(const struct access_session *session, int64_t key_created_ms,
                            unsigned char payload[static PAYLOAD_BYTES_MAX])
{
    uint64_t key = htobe64((uint64_t)key_created_ms);
    uint64_t expires = htobe64((uint64_t)session->expires_ms);
    payload[0] = VERSION;
    payload[1] = session->has_token ? KIND_TOKEN : KIND_OPEN;
    size_t length = put(payload, 2, &key, sizeof(key));
    length = put(payload, length, &expires, sizeof(expires));
    length = put(payload, length, session->id, sizeof(session->id));
    length = put(payload, length, session->token, sizeof(session->token));
    CHECK(length == ACCESS_SESSION_BARE_BYTES);
    return put(payload, length, session->user, strlen(session->user));
}

void access_session_seal(struct access_sessions *sessions, int64_t now_ms,
                         struct access_session *session,
                         char ret_text[static ACCESS_SESSION_TEXT_BYTES])
{
    unsigned char sealed[PAYLOAD_BYTES_MAX + ACCESS_DIGEST_BYTES];
    random_secret(session->id, sizeof(session->id));
    CHECK(pthread_rwlock_rdlock(&sessions->lock) == 0);
    const struct access_session_key *key = access_session_keys_signing(&sessions->keys, now_ms);
    size_t length = write_payload(session, key->created_ms, sealed);
    access_digest_keyed(key->key, text_of_bytes(sealed, length), sealed + length);
    CHECK(pthread_rwlock_unlock(&sessions->lock) == 0);
    access_hex_format(sealed, length + ACCESS_DIGEST_BYTES, ret_text);
    ret_text[2 * (length + ACCESS_DIGEST_BYTES)] = '\0';
}

static int64_t read_number(const unsigned char *bytes)
{
    uint64_t number;
    memcpy(&number, bytes, sizeof(number));
    return (int64_t)be64toh(number);
}

/* What was signed; only by us, so that it is as it was written. */
static void read_payload(const unsigned char *payload, size_t length,
                         struct access_session *ret_session)
{
    const unsigned char *at = payload + 2 + sizeof(uint64_t);
    ret_session->has_token = payload[1] == KIND_TOKEN;
    ret_session->expires_ms = read_number(at);
    at += sizeof(uint64_t);
    memcpy(ret_session->id, at, sizeof(ret_session->id));
    at += sizeof(ret_session->id);
    memcpy(ret_session->token, at, sizeof(ret_session->token));
    at += sizeof(ret_session->token);
    size_t user_length = length - ACCESS_SESSION_BARE_BYTES;
    memcpy(ret_session->user, at, user_length);
    ret_session->user[user_length] = '\0';
}

static bool is_signed(struct access_sessions *sessions, const unsigned char *sealed, size_t length)
{
    unsigned char digest[ACCESS_DIGEST_BYTES];
    const struct access_session_key *key =
        access_session_keys_find(&sessions->keys, read_number(sealed + 2));
    if (key == NULL) {
        return false;
    }
    access_digest_keyed(key->key, text_of_bytes(sealed, length), digest);
    return access_secret_equal(text_of_bytes(sealed + length, ACCESS_DIGEST_BYTES),
                               text_of_bytes(digest, ACCESS_DIGEST_BYTES));
}

bool access_session_unseal(struct access_sessions *sessions, int64_t now_ms, struct text text,
                           struct access_session *ret_session)
{
    unsigned char sealed[PAYLOAD_BYTES_MAX + ACCESS_DIGEST_BYTES];
    struct access_session session;
    size_t length = text.length / 2;
    if (length < ACCESS_SESSION_BARE_BYTES + ACCESS_DIGEST_BYTES || length > sizeof(sealed) ||
        !access_hex_parse(text, sealed, length) || sealed[0] != VERSION) {
        return false;
    }
    length -= ACCESS_DIGEST_BYTES;
    CHECK(pthread_rwlock_rdlock(&sessions->lock) == 0);
    bool holds = is_signed(sessions, sealed, length);
    if (holds) {
        read_payload(sealed, length, &session);
        holds = now_ms < session.expires_ms &&
                !access_ended_has(&sessions->ended, access_ended_set_of(&session),
                                  access_ended_id_of(&session), session.expires_ms);
    }
    CHECK(pthread_rwlock_unlock(&sessions->lock) == 0);
    if (holds) {
        *ret_session = session;
    }
    return holds;
}

void access_session_end(struct access_sessions *sessions, const struct access_session *session,
                        int64_t now_ms)
{
    CHECK(pthread_rwlock_wrlock(&sessions->lock) == 0);
    access_ended_note(&sessions->ended, access_ended_set_of(session), access_ended_id_of(session),
                      session->expires_ms, now_ms);
    CHECK(pthread_rwlock_unlock(&sessions->lock) == 0);
}

bool access_sessions_are_shared(const struct access_sessions *sessions)
{
    return sessions->file[0] != '\0';
}

enum status access_session_tell_end(struct call *call, const struct access_sessions *sessions,
                                    const struct access_session *session, int64_t now_ms)
{
    return access_sessions_are_shared(sessions)
               ? access_session_ends_add(call, sessions->ends_file, now_ms, session)
               : STATUS_OK;
}

enum status access_sessions_look(struct call *call, struct access_sessions *sessions,
                                 int64_t now_ms)
{
    bool is_new = false;
    if (!access_sessions_are_shared(sessions)) {
        return STATUS_OK;
    }
    enum status status = access_session_ends_read(call, sessions->ends_file, &sessions->seen,
                                                  &sessions->read, &is_new);
    CHECK(pthread_rwlock_wrlock(&sessions->lock) == 0);
    if (status == STATUS_OK && is_new) {
        access_ended_take(&sessions->ended, &sessions->read, now_ms);
    }
    CHECK(pthread_rwlock_unlock(&sessions->lock) == 0);
    return status;
}
