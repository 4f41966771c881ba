#include <openssl/evp.h>
#include <stdio.h>

#include "access/access_secret.h"

void access_fingerprint(struct text secret, char ret_name[static ACCESS_FINGERPRINT_BYTES])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(secret.data, secret.length, digest, NULL, EVP_sha256(), NULL) != 1) {
        (void)snprintf(ret_name, ACCESS_FINGERPRINT_BYTES, "sha256:unknown");
        return;
    }
    (void)snprintf(ret_name, ACCESS_FINGERPRINT_BYTES, "sha256:%02x%02x%02x%02x", digest[0],
                   digest[1], digest[2], digest[3]);
}
