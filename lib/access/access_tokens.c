#include "access/access_tokens.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "access/access_tokens_private.h"
#include "base/arena.h"

struct access_tokens {
    pthread_rwlock_t lock; /* of the list: read by loops, written by who reads the file again */
    struct access_token_list list;
    char file[PATH_MAX]; /* "": there is none */
};

static struct access_tokens *allocate(void)
{
    struct access_tokens *tokens = calloc(1, sizeof(*tokens));
    if (tokens != NULL && pthread_rwlock_init(&tokens->lock, NULL) != 0) {
        free(tokens);
        return NULL;
    }
    return tokens;
}

static enum status no_memory(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for secrets");
}

/* Hands over what was made, if it holds something. */
static enum status conclude(struct access_tokens *tokens, enum status status,
                            struct access_tokens **ret_tokens)
{
    if (status != STATUS_OK) {
        access_tokens_destroy(tokens);
        return status;
    }
    *ret_tokens = tokens;
    return STATUS_OK;
}

enum status access_tokens_open(struct call *call, const char *file,
                               struct access_tokens **ret_tokens)
{
    struct access_tokens *tokens = allocate();
    if (tokens == NULL) {
        return no_memory(call);
    }
    if (!text_to_c_string(text_of(file), tokens->file, sizeof(tokens->file))) {
        access_tokens_destroy(tokens);
        return call_fail(call, STATUS_FAILED_PRECONDITION, "the name of a file is too long");
    }
    return conclude(tokens, access_tokens_read(call, tokens->file, &tokens->list), ret_tokens);
}

enum status access_tokens_create(struct call *call, struct text content,
                                 struct access_tokens **ret_tokens)
{
    struct access_tokens *tokens = allocate();
    if (tokens == NULL) {
        return no_memory(call);
    }
    return conclude(tokens, access_tokens_parse(call, content, "the text", &tokens->list),
                    ret_tokens);
}

enum status access_tokens_reload(struct call *call, struct access_tokens *tokens)
{
    if (tokens->file[0] == '\0') {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "there is no file to read again");
    }
    struct access_token_list *list = calloc(1, sizeof(*list));
    if (list == NULL) {
        return no_memory(call);
    }
    enum status status = access_tokens_read(call, tokens->file, list);
    if (status == STATUS_OK) {
        CHECK(pthread_rwlock_wrlock(&tokens->lock) == 0);
        tokens->list = *list;
        CHECK(pthread_rwlock_unlock(&tokens->lock) == 0);
    }
    explicit_bzero(list, sizeof(*list));
    free(list);
    return status;
}

void access_tokens_destroy(struct access_tokens *tokens)
{
    if (tokens == NULL) {
        return;
    }
    CHECK(pthread_rwlock_destroy(&tokens->lock) == 0);
    explicit_bzero(tokens, sizeof(*tokens));
    free(tokens);
}

bool access_tokens_find(struct access_tokens *tokens, struct text given,
                        char ret_name[ACCESS_NAME_BYTES_MAX + 1])
{
    const struct access_token *found = NULL;
    CHECK(pthread_rwlock_rdlock(&tokens->lock) == 0);
    for (size_t i = 0; i < tokens->list.count; i++) {
        const struct access_token *token = &tokens->list.tokens[i];
        found = access_secret_equal(given, text_of(token->secret)) ? token : found;
    }
    if (found != NULL && ret_name != NULL) {
        CHECK(text_to_c_string(text_of(found->name), ret_name, ACCESS_NAME_BYTES_MAX + 1));
    }
    CHECK(pthread_rwlock_unlock(&tokens->lock) == 0);
    return found != NULL;
}

struct text access_tokens_show(struct access_tokens *tokens, struct arena *arena,
                               const char *prefix)
{
    CHECK(pthread_rwlock_rdlock(&tokens->lock) == 0);
    struct text shown = arena_format(arena, "%s%s", prefix, tokens->list.tokens[0].secret);
    CHECK(pthread_rwlock_unlock(&tokens->lock) == 0);
    return shown;
}
