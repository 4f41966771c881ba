/* peer_tls.h: TLS of the programs that foreign ones are run against. */
#pragma once

#include "http/tls.h"
#include "support/scratch_directory.h"

/* A context; what cannot be had ends the program with a line that says so. */
struct tls_context *peer_tls(const struct tls_options *options);

enum { PEER_TLS_PATH_BYTES = SCRATCH_PATH_BYTES + 32 };

/* Files of what was given as texts; an empty path where there was none. */
struct peer_tls_files {
    char directory[SCRATCH_PATH_BYTES];
    char ca[PEER_TLS_PATH_BYTES];
    char certificate[PEER_TLS_PATH_BYTES];
    char key[PEER_TLS_PATH_BYTES];
};

void peer_tls_write_files(struct peer_tls_files *files, struct text ca, struct text certificate,
                          struct text key);
void peer_tls_remove_files(struct peer_tls_files *files);

/* The same of what would be in the files; empty for none. A server requires certificates when there
 * is an authority. */
struct tls_context *peer_tls_of_texts(enum tls_side side, struct text ca, struct text certificate,
                                      struct text key);
