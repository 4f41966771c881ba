#include "marquee/up_tokens.h"

#include <errno.h>
#include <sys/stat.h>

#include "access/access_file.h"
#include "access/access_grants.h"
#include "base/clock.h"

/* {NULL, 0}: no memory. */
static struct text path_of(struct call *call, struct text data, const char *name)
{
    return arena_format(call->arena, "%.*s/access%s%s", TEXT_ARGUMENTS(data),
                        name[0] != '\0' ? "/" : "", name);
}

static bool exists(struct text path)
{
    struct stat about;
    return stat(path.data, &about) == 0;
}

/* Draws a token, and keeps it in a file if there is none of that name. */
static enum status draw(struct call *call, struct text path, const char *holder,
                        char token[static ACCESS_TOKEN_BYTES])
{
    access_token_draw(token);
    struct text content = arena_format(call->arena, "%s %s\n", holder, token);
    if (path.data == NULL || content.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for tokens");
    }
    return access_file_create(call, path.data, content);
}

static enum status make_secret(struct call *call, struct text path, const char *holder)
{
    char token[ACCESS_TOKEN_BYTES];
    enum status status = draw(call, path, holder, token);
    explicit_bzero(token, sizeof(token));
    if (status == STATUS_ALREADY_EXISTS) {
        call_clear_error(call);
        return STATUS_OK;
    }
    return status;
}

static enum status make_tokens(struct call *call, struct text path, struct text admin, FILE *output)
{
    struct access_grant_list list = {.count = 0};
    struct access_grant grant = {.scopes = ACCESS_SCOPES_ALL,
                                 .user = "admin",
                                 .name = "first",
                                 .created_ms = clock_wall_ms(),
                                 .expires_ms = ACCESS_NEVER_MS};
    char token[ACCESS_TOKEN_BYTES];
    enum status status = draw(call, admin, "admin", token);
    if (status == STATUS_OK) {
        access_digest(text_of(token), grant.digest);
        status = access_grant_list_add(call, &list, &grant);
    }
    if (status == STATUS_OK) {
        status = access_grant_list_write(call, path.data, &list);
    }
    if (status == STATUS_OK) {
        (void)fprintf(output,
                      "The token of the user admin, shown this once and kept in %.*s:\n  %s\n",
                      TEXT_ARGUMENTS(admin), token);
    }
    explicit_bzero(token, sizeof(token));
    access_grant_list_deinit(&list);
    return status;
}

enum status up_tokens_make(struct call *call, struct text data, FILE *output,
                           struct up_access *access)
{
    struct text folder = path_of(call, data, "");
    access->grants = path_of(call, data, "tokens");
    access->tokens = path_of(call, data, "service-token");
    access->registry_tokens = path_of(call, data, "registry-token");
    struct text admin = path_of(call, data, "admin-token");
    if (folder.data == NULL || access->grants.data == NULL || admin.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the names of files");
    }
    if (mkdir(folder.data, S_IRWXU) != 0 && errno != EEXIST) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "%.*s: %s", TEXT_ARGUMENTS(folder),
                         strerrordesc_np(errno));
    }
    enum status status = make_secret(call, access->tokens, "services");
    if (status == STATUS_OK) {
        status = make_secret(call, access->registry_tokens, "registry");
    }
    return status == STATUS_OK && !exists(access->grants)
               ? make_tokens(call, access->grants, admin, output)
               : status;
}
