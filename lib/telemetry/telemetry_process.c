#include "telemetry/telemetry_process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "telemetry/telemetry.h"

static void write_value(struct telemetry_page *page, const char *name, const char *kind,
                        const char *help, double value)
{
    telemetry_write_family(page, name, kind, help);
    telemetry_write_sample(page, name, "", value);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* The second field of statm counts pages; without it, nothing is said. */
static void write_memory(struct telemetry_page *page)
{
    unsigned long long resident;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return;
    }
    if (fscanf(file, "%*u %llu", &resident) == 1) {
        write_value(page, "process_resident_memory_bytes", "gauge", "Resident memory.",
                    (double)resident * (double)sysconf(_SC_PAGESIZE));
    }
    (void)fclose(file); /* was only read */
}

static void write_descriptors(struct telemetry_page *page)
{
    struct rlimit limit;
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        return;
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(directory); /* was only read */
    write_value(page, "process_open_fds", "gauge", "Open file descriptors.",
                count - 1 /* the directory's own */);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        write_value(page, "process_max_fds", "gauge", "Limit of open file descriptors.",
                    (double)limit.rlim_cur);
    }
}

double telemetry_process_start(void)
{
    return (double)clock_wall_ms() / 1000;
}

void telemetry_process_write(void *start_seconds, struct telemetry_page *page)
{
    const double *start = start_seconds;
    struct rusage usage;
    write_value(page, "process_start_time_seconds", "gauge",
                "When the process started, in seconds since 1970.", *start);
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        write_value(page, "process_cpu_seconds_total", "counter",
                    "Processor time, of user and system.",
                    seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
    }
    write_memory(page);
    write_descriptors(page);
}
