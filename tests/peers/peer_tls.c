#include "peers/peer_tls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "support/scratch_directory.h"

enum { PATH_BYTES = SCRATCH_PATH_BYTES + 32 };

struct tls_context *peer_tls(const struct tls_options *options)
{
    struct arena arena;
    struct call call;
    struct tls_context *context = NULL;
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, 0);
    if (tls_context_create(&call, options, &context) != STATUS_OK) {
        fprintf(stderr, "TLS: %.*s\n", TEXT_ARGUMENTS(call.error.message));
        exit(1);
    }
    arena_deinit(&arena);
    return context;
}

/* Leaves the path empty when there is nothing. */
static void put_file(char path[static PATH_BYTES], const char *directory, const char *name,
                     struct text content)
{
    path[0] = '\0';
    if (content.length == 0) {
        return;
    }
    CHECK(snprintf(path, PATH_BYTES, "%s/%s", directory, name) < PATH_BYTES);
    FILE *file = fopen(path, "we");
    CHECK(file != NULL && fwrite(content.data, 1, content.length, file) == content.length);
    CHECK(fclose(file) == 0);
}

struct tls_context *peer_tls_of_texts(enum tls_side side, struct text ca, struct text certificate,
                                      struct text key)
{
    char directory[SCRATCH_PATH_BYTES];
    char paths[3][PATH_BYTES];
    scratch_directory_make(directory);
    put_file(paths[0], directory, "ca.pem", ca);
    put_file(paths[1], directory, "own.pem", certificate);
    put_file(paths[2], directory, "own.key", key);
    struct tls_context *context = peer_tls(&(struct tls_options){
        .side = side,
        .ca_file = paths[0],
        .certificate_file = paths[1],
        .key_file = paths[2],
        .client_certificate =
            ca.length > 0 ? TLS_CLIENT_CERTIFICATE_REQUIRED : TLS_CLIENT_CERTIFICATE_UNASKED});
    scratch_directory_remove(directory);
    return context;
}
