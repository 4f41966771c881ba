#include "peers/peer_tls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

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
static void put_file(char path[static PEER_TLS_PATH_BYTES], const char *directory, const char *name,
                     struct text content)
{
    path[0] = '\0';
    if (content.length == 0) {
        return;
    }
    CHECK(snprintf(path, PEER_TLS_PATH_BYTES, "%s/%s", directory, name) < PEER_TLS_PATH_BYTES);
    FILE *file = fopen(path, "we");
    CHECK(file != NULL && fwrite(content.data, 1, content.length, file) == content.length);
    CHECK(fclose(file) == 0);
}

void peer_tls_write_files(struct peer_tls_files *files, struct text ca, struct text certificate,
                          struct text key)
{
    scratch_directory_make(files->directory);
    put_file(files->ca, files->directory, "ca.pem", ca);
    put_file(files->certificate, files->directory, "own.pem", certificate);
    put_file(files->key, files->directory, "own.key", key);
}

void peer_tls_remove_files(struct peer_tls_files *files)
{
    scratch_directory_remove(files->directory);
}

struct tls_context *peer_tls_of_texts(enum tls_side side, struct text ca, struct text certificate,
                                      struct text key)
{
    struct peer_tls_files files;
    peer_tls_write_files(&files, ca, certificate, key);
    struct tls_context *context = peer_tls(&(struct tls_options){
        .side = side,
        .ca_file = files.ca,
        .certificate_file = files.certificate,
        .key_file = files.key,
        .client_certificate =
            ca.length > 0 ? TLS_CLIENT_CERTIFICATE_REQUIRED : TLS_CLIENT_CERTIFICATE_UNASKED});
    peer_tls_remove_files(&files);
    return context;
}
