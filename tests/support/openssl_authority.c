#include "support/openssl_authority.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct openssl_authority {
    X509 *certificate;
    EVP_PKEY *key;
};

static void add_name(X509_NAME *name, const char *field, const char *value)
{
    CHECK(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1,
                                     -1, 0) == 1);
}

/* ",OU=xxx…" as often as it takes. */
static void pad_name(X509_NAME *name, size_t padding)
{
    enum { UNIT_BYTES_MAX = 64, FRAME_BYTES = 4 }; /* RFC 5280 appendix A.1 */
    while (padding > 0) {
        char unit[UNIT_BYTES_MAX + 1] = "";
        CHECK(padding > FRAME_BYTES);
        size_t length = padding - FRAME_BYTES;
        length = length < UNIT_BYTES_MAX ? length : UNIT_BYTES_MAX;
        memset(unit, 'x', length);
        add_name(name, "OU", unit);
        padding -= FRAME_BYTES + length;
    }
}

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    CHECK(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* Without names and signature. */
static X509 *begin_certificate(EVP_PKEY *key, int64_t from_s, int64_t until_s)
{
    X509 *certificate = X509_new();
    uint64_t serial;
    CHECK(certificate != NULL && RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1);
    CHECK(X509_set_version(certificate, 2) == 1); /* version 3 */
    CHECK(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1);
    CHECK(X509_gmtime_adj(X509_getm_notBefore(certificate), (long)from_s) != NULL);
    CHECK(X509_gmtime_adj(X509_getm_notAfter(certificate), (long)until_s) != NULL);
    CHECK(X509_set_pubkey(certificate, key) == 1);
    return certificate;
}

static void write_certificate(X509 *certificate, const char *path)
{
    FILE *file = fopen(path, "we");
    CHECK(file != NULL && PEM_write_X509(file, certificate) == 1);
    CHECK(fclose(file) == 0);
}

struct openssl_authority *openssl_authority_create(const char *name, int64_t until_s)
{
    struct openssl_authority *authority = calloc(1, sizeof(*authority));
    CHECK(authority != NULL);
    authority->key = EVP_EC_gen("P-256");
    CHECK(authority->key != NULL);
    authority->certificate = begin_certificate(authority->key, -7200, until_s);
    X509 *certificate = authority->certificate;
    add_name(X509_get_subject_name(certificate), "CN", name);
    CHECK(X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1);
    add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
    CHECK(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
    return authority;
}

void openssl_authority_destroy(struct openssl_authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    free(authority);
}

void openssl_authority_write(const struct openssl_authority *authority, const char *path)
{
    write_certificate(authority->certificate, path);
}

void openssl_authority_issue(const struct openssl_authority *authority,
                             const struct openssl_certificate *wanted)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    CHECK(key != NULL);
    X509 *certificate = begin_certificate(key, wanted->from_s, wanted->until_s);
    add_name(X509_get_subject_name(certificate), "O", "Marquee");
    add_name(X509_get_subject_name(certificate), "CN", wanted->subject);
    pad_name(X509_get_subject_name(certificate), wanted->padding);
    CHECK(X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate)) == 1);
    add_extension(certificate, authority->certificate, NID_basic_constraints, "critical,CA:FALSE");
    if (wanted->names != NULL) {
        add_extension(certificate, authority->certificate, NID_subject_alt_name, wanted->names);
    }
    CHECK(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
    write_certificate(certificate, wanted->file);
    FILE *file = fopen(wanted->key_file, "we");
    CHECK(file != NULL && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    CHECK(fclose(file) == 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
