/* Makes certificates for a run of the interop suite: ca.pem, and NAME.pem with NAME.key for server
 * and client. usage: peer_certificates DIRECTORY */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "support/openssl_authority.h"

enum { PATH_BYTES = 4096, HOUR_S = 3600 };

static void name_file(char path[static PATH_BYTES], const char *directory, const char *name)
{
    CHECK(snprintf(path, PATH_BYTES, "%s/%s", directory, name) < PATH_BYTES);
}

static void issue(const struct openssl_authority *authority, const char *directory,
                  const char *name, const char *names)
{
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
    char file[64];
    CHECK(snprintf(file, sizeof(file), "%s.pem", name) < (int)sizeof(file));
    name_file(certificate, directory, file);
    CHECK(snprintf(file, sizeof(file), "%s.key", name) < (int)sizeof(file));
    name_file(key, directory, file);
    openssl_authority_issue(authority, &(struct openssl_certificate){
                                           .subject = name,
                                           .names = names,
                                           .from_s = -60,
                                           .until_s = HOUR_S,
                                           .file = certificate,
                                           .key_file = key,
                                       });
}

int main(int argc, char **argv)
{
    char path[PATH_BYTES];
    if (argc != 2) {
        fprintf(stderr, "usage: peer_certificates DIRECTORY\n");
        return 2;
    }
    struct openssl_authority *authority = openssl_authority_create("interop", HOUR_S);
    name_file(path, argv[1], "ca.pem");
    openssl_authority_write(authority, path);
    issue(authority, argv[1], "server", "DNS:foo.test.google.fr,DNS:*.test.google.fr");
    issue(authority, argv[1], "client", NULL);
    openssl_authority_destroy(authority);
    return 0;
}
