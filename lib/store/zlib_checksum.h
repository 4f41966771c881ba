/* zlib_checksum.h: the CRC-32 of gzip (RFC 1952 section 8), which finds every burst of up to 32
 * changed bits. Against accidents, not against forgery. */
#pragma once

#include "base/text.h"

/* Goes on from `checksum`; 0 to begin. */
uint32_t zlib_checksum(uint32_t checksum, struct text text);
