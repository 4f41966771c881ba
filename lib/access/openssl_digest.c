/* By the functions that OpenSSL 3 would rather not have used any more: those in their place ask the
 * heap for memory each time, and a call that shows a token must not. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "access/access_digest.h"

/* They fail only for want of what they do not use. */
static void digest_parts(struct text first, struct text second,
                         unsigned char ret_digest[static ACCESS_DIGEST_BYTES])
{
    SHA256_CTX context;
    CHECK(SHA256_Init(&context) == 1);
    CHECK(SHA256_Update(&context, first.data, first.length) == 1);
    CHECK(SHA256_Update(&context, second.data, second.length) == 1);
    CHECK(SHA256_Final(ret_digest, &context) == 1);
    explicit_bzero(&context, sizeof(context));
}

void access_digest(struct text bytes, unsigned char ret_digest[static ACCESS_DIGEST_BYTES])
{
    digest_parts(bytes, (struct text){NULL, 0}, ret_digest);
}

static struct text padded_key(const unsigned char key[static ACCESS_DIGEST_BYTES],
                              unsigned char pad, unsigned char ret_block[static SHA256_CBLOCK])
{
    for (size_t i = 0; i < SHA256_CBLOCK; i++) {
        ret_block[i] = i < ACCESS_DIGEST_BYTES ? (unsigned char)(key[i] ^ pad) : pad;
    }
    return text_of_bytes(ret_block, SHA256_CBLOCK);
}

void access_digest_keyed(const unsigned char key[static ACCESS_DIGEST_BYTES], struct text bytes,
                         unsigned char ret_digest[static ACCESS_DIGEST_BYTES])
{
    unsigned char block[SHA256_CBLOCK];
    unsigned char inner[ACCESS_DIGEST_BYTES];
    digest_parts(padded_key(key, 0x36, block), bytes, inner);
    digest_parts(padded_key(key, 0x5c, block), text_of_bytes(inner, sizeof(inner)), ret_digest);
    explicit_bzero(block, sizeof(block));
}
