/* One context is set up once and begun again for each digest: OpenSSL then keeps its memory. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "access/access_digest.h"

enum { BLOCK_BYTES = 64 }; /* of SHA-256 */

struct access_digester {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
};

enum status access_digester_create(struct access_digester **ret_digester)
{
    struct access_digester *digester = calloc(1, sizeof(*digester));
    if (digester == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    digester->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    digester->context = EVP_MD_CTX_new();
    if (digester->algorithm == NULL || digester->context == NULL) {
        access_digester_destroy(digester);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_digester = digester;
    return STATUS_OK;
}

void access_digester_destroy(struct access_digester *digester)
{
    if (digester != NULL) {
        EVP_MD_CTX_free(digester->context);
        EVP_MD_free(digester->algorithm);
        free(digester);
    }
}

/* The digest of both parts behind each other. */
static bool digest_parts(struct access_digester *digester, struct text first, struct text second,
                         unsigned char ret_digest[static ACCESS_DIGEST_BYTES])
{
    unsigned length = 0;
    return EVP_DigestInit_ex2(digester->context, digester->algorithm, NULL) == 1 &&
           EVP_DigestUpdate(digester->context, first.data, first.length) == 1 &&
           EVP_DigestUpdate(digester->context, second.data, second.length) == 1 &&
           EVP_DigestFinal_ex(digester->context, ret_digest, &length) == 1 &&
           length == ACCESS_DIGEST_BYTES;
}

bool access_digest(struct access_digester *digester, struct text bytes,
                   unsigned char ret_digest[static ACCESS_DIGEST_BYTES])
{
    return digest_parts(digester, bytes, (struct text){NULL, 0}, ret_digest);
}

static struct text padded_key(const unsigned char key[static ACCESS_DIGEST_BYTES],
                              unsigned char pad, unsigned char ret_block[static BLOCK_BYTES])
{
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        ret_block[i] = i < ACCESS_DIGEST_BYTES ? (unsigned char)(key[i] ^ pad) : pad;
    }
    return text_of_bytes(ret_block, BLOCK_BYTES);
}

bool access_digest_keyed(struct access_digester *digester,
                         const unsigned char key[static ACCESS_DIGEST_BYTES], struct text bytes,
                         unsigned char ret_digest[static ACCESS_DIGEST_BYTES])
{
    unsigned char block[BLOCK_BYTES];
    unsigned char inner[ACCESS_DIGEST_BYTES];
    bool done = digest_parts(digester, padded_key(key, 0x36, block), bytes, inner) &&
                digest_parts(digester, padded_key(key, 0x5c, block),
                             text_of_bytes(inner, sizeof(inner)), ret_digest);
    explicit_bzero(block, sizeof(block));
    return done;
}
