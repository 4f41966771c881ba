/* Runs a fuzz target over given inputs, where libFuzzer is not linked.
 *
 *     TARGET [-option ...] FILE_OR_FOLDER ...
 *
 * Options of libFuzzer are passed over. A path that cannot be read, a folder without inputs and no
 * path at all are failures: a replay of nothing must not look like one that passed. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_BYTES_MAX = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fail(const char *path, const char *what)
{
    fprintf(stderr, "%s: %s\n", path, what);
    return false;
}

static bool replay_stream(const char *path, FILE *stream, size_t *count)
{
    uint8_t *data = malloc(INPUT_BYTES_MAX);
    if (data == NULL) {
        return fail(path, "no memory");
    }
    size_t size = fread(data, 1, INPUT_BYTES_MAX, stream);
    bool whole = !ferror(stream) && size < INPUT_BYTES_MAX;
    /* A copy of its exact size, so that a sanitizer sees reads past its end. */
    uint8_t *exact = whole ? malloc(size > 0 ? size : 1) : NULL;
    if (exact != NULL) {
        memcpy(exact, data, size);
        (void)LLVMFuzzerTestOneInput(exact, size); /* crashes are its only result */
        (*count)++;
    }
    free(data);
    free(exact);
    return exact != NULL || fail(path, "cannot be read whole");
}

static bool replay_file(const char *path, size_t *count)
{
    FILE *stream = fopen(path, "rbe");
    if (stream == NULL) {
        return fail(path, strerror(errno));
    }
    bool replayed = replay_stream(path, stream, count);
    fclose(stream);
    return replayed;
}

static bool replay_folder(const char *path, size_t *count)
{
    size_t before = *count;
    bool replayed = true;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return fail(path, strerror(errno));
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char file[PATH_MAX];
        if (entry->d_name[0] == '.') {
            continue;
        }
        int length = snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        bool fits = length > 0 && (size_t)length < sizeof(file);
        replayed = fits && replay_file(file, count) && replayed;
    }
    closedir(folder);
    return *count > before ? replayed : fail(path, "holds no inputs");
}

static bool replay(const char *path, size_t *count)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return fail(path, strerror(errno));
    }
    return S_ISDIR(facts.st_mode) ? replay_folder(path, count) : replay_file(path, count);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    size_t paths = 0;
    bool replayed = true;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            paths++;
            replayed = replay(argv[i], &count) && replayed;
        }
    }
    printf("%zu inputs replayed\n", count);
    return replayed && paths > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
