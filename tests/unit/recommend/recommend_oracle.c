#include "recommend_oracle.h"

#include <math.h>
#include <stdlib.h>

void recommend_oracle_init(struct recommend_oracle *oracle,
                           const struct recommend_settings *settings)
{
    oracle->settings = *settings;
    for (size_t user = 0; user < ORACLE_USERS; user++) {
        for (size_t item = 0; item < ORACLE_ITEMS; item++) {
            oracle->hundredths[user][item] = -1;
        }
    }
}

/* Of a point: votes and means count so. Whole numbers, so that sums are exact. */
static double twentieths(double hundredths)
{
    return floor(hundredths / 5 + 0.5);
}

static double mean_of(const struct recommend_oracle *oracle, size_t user)
{
    double sum = 0;
    double count = 0;
    for (size_t item = 0; item < ORACLE_ITEMS; item++) {
        if (oracle->hundredths[user][item] >= 0) {
            sum += twentieths(oracle->hundredths[user][item]);
            count++;
        }
    }
    return count > 0 ? floor(sum / count + 0.5) : 0;
}

static double similarity(const struct recommend_oracle *oracle, size_t a, size_t b)
{
    double product = 0;
    double norm_a = 0;
    double norm_b = 0;
    double both = 0;
    for (size_t user = 0; user < ORACLE_USERS; user++) {
        bool has_a = oracle->hundredths[user][a] >= 0;
        bool has_b = oracle->hundredths[user][b] >= 0;
        double mean = mean_of(oracle, user);
        double value_a = has_a ? twentieths(oracle->hundredths[user][a]) - mean : 0;
        double value_b = has_b ? twentieths(oracle->hundredths[user][b]) - mean : 0;
        norm_a += value_a * value_a;
        norm_b += value_b * value_b;
        product += value_a * value_b;
        both += has_a && has_b;
    }
    if (product < 1e-9 || both < oracle->settings.minimum_co_raters) {
        return 0;
    }
    /* As a float, so that equal is equal. */
    return (float)(product / sqrt(norm_a * norm_b) * both / (both + oracle->settings.shrinkage));
}

static int compare(const void *left, const void *right)
{
    const struct oracle_neighbour *a = left;
    const struct oracle_neighbour *b = right;
    if (a->similarity != b->similarity) {
        return a->similarity > b->similarity ? -1 : 1;
    }
    return a->item < b->item ? -1 : 1;
}

size_t recommend_oracle_similar(const struct recommend_oracle *oracle, size_t item,
                                struct oracle_neighbour neighbours[static ORACLE_ITEMS])
{
    size_t count = 0;
    for (size_t other = 0; other < ORACLE_ITEMS; other++) {
        double alike = other != item ? similarity(oracle, item, other) : 0;
        if (alike > 0) {
            neighbours[count++] = (struct oracle_neighbour){other, alike};
        }
    }
    qsort(neighbours, count, sizeof(*neighbours), compare);
    return count;
}

void recommend_oracle_to_user(const struct recommend_oracle *oracle, size_t user,
                              double scores[static ORACLE_ITEMS],
                              size_t because_of[static ORACLE_ITEMS])
{
    double most[ORACLE_ITEMS] = {0};
    for (size_t item = 0; item < ORACLE_ITEMS; item++) {
        scores[item] = 0;
    }
    for (size_t liked = 0; liked < ORACLE_ITEMS; liked++) {
        struct oracle_neighbour near[ORACLE_ITEMS];
        double all = 0;
        if (oracle->hundredths[user][liked] < 0 ||
            twentieths(oracle->hundredths[user][liked]) < mean_of(oracle, user) - 1e-9) {
            continue;
        }
        size_t count = recommend_oracle_similar(oracle, liked, near);
        count = count < oracle->settings.neighbours ? count : oracle->settings.neighbours;
        for (size_t i = 0; i < count; i++) {
            all += near[i].similarity;
        }
        for (size_t i = 0; i < count; i++) {
            double part = near[i].similarity / all;
            if (oracle->hundredths[user][near[i].item] >= 0) {
                continue;
            }
            scores[near[i].item] += part;
            if (part > most[near[i].item] + 1e-7) {
                most[near[i].item] = part;
                because_of[near[i].item] = liked;
            }
        }
    }
}
