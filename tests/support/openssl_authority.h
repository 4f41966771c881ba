/* openssl_authority.h: certificates of a test's own, made when it runs (P-256). What cannot be made
 * fails the program. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct openssl_authority;

/* "CN=name". until_s: from now; negative: its certificate has expired. */
struct openssl_authority *openssl_authority_create(const char *name, int64_t until_s);
void openssl_authority_destroy(struct openssl_authority *authority);

/* Writes its certificate as PEM. */
void openssl_authority_write(const struct openssl_authority *authority, const char *path);

struct openssl_certificate {
    const char *subject;  /* the common name; the organisation is Marquee */
    size_t padding;       /* bytes more of the subject's text, at least 5, by units; 0: none */
    const char *names;    /* "DNS:localhost,IP:127.0.0.1"; NULL: none */
    int64_t from_s;       /* from now */
    int64_t until_s;      /* from now; negative: it has expired */
    const char *file;     /* where it goes */
    const char *key_file; /* where its key goes */
};

/* Makes and signs one. */
void openssl_authority_issue(const struct openssl_authority *authority,
                             const struct openssl_certificate *certificate);
