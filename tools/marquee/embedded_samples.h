/* embedded_samples.h: the files that the build puts into the program (cmake/embed.cmake). */
#pragma once

#include <stddef.h>

/* data/catalogue.json */
extern const unsigned char marquee_sample_catalogue[];
extern const size_t marquee_sample_catalogue_size;

/* data/ratings.json */
extern const unsigned char marquee_sample_ratings[];
extern const size_t marquee_sample_ratings_size;
