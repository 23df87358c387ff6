/* A disk that does as it is told, put under a process by LD_PRELOAD for the chaos tests.
 *
 * It stands between the process and libc's write and sync calls, and looks only at regular files
 * whose path contains one of the words in CHAOS_DISK_FILES (separated by ':'). What it does is read
 * from the file that CHAOS_DISK_CONTROL names: eight numbers of 64 bits, mapped into every process
 * under it, so that a test changes them while the processes run, and sees what was done.
 *
 *   0  milliseconds that each sync takes longer
 *   1  how many syncs from now on fail with EIO; counts down
 *   2  1 while the disk is full: what would make a file longer fails with ENOSPC; 2 on a disk that
 *      never overwrites in place, and then every write does
 *   3  counts the syncs made slower
 *   4  counts the syncs that failed
 *   5  counts the writes refused
 *   6  counts the syncs of such files, whatever became of them
 *   7  not used
 *
 * A sync that fails is not made. What was written stays in the kernel, as after an error of a real
 * disk, so that nobody may believe that it is durable, and nobody that it is gone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { DELAY_MS, SYNC_FAILS, IS_FULL, SLOWED, FAILED, REFUSED, SYNCS, NUMBERS = 8 };

static _Atomic long long *numbers;
static const char *files;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_fallocate)(int, off_t, off_t);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_pwritev = dlsym(RTLD_NEXT, "pwritev64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_fallocate = dlsym(RTLD_NEXT, "posix_fallocate64");
    const char *control = getenv("CHAOS_DISK_CONTROL");
    const char *words = getenv("CHAOS_DISK_FILES");
    if (!control || !words) return;
    /* PostgreSQL writes its process title over the environment. */
    files = strdup(words);
    if (!files) return;
    int fd = open(control, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    size_t size = NUMBERS * sizeof(long long);
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) numbers = map;
}

/* Whether a test may do something to this file. */
static int is_ours(int fd) {
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    for (const char *word = files; *word;) {
        const char *end = strchrnul(word, ':');
        if (end > word && memmem(path, length, word, end - word)) return 1;
        word = *end ? end + 1 : end;
    }
    return 0;
}

/* Whether writing up to `end` is refused because the disk is full. */
static int is_refused(int fd, off_t end) {
    long long full = numbers ? atomic_load(&numbers[IS_FULL]) : 0;
    if (full == 0) return 0;
    int before = errno;
    struct stat about;
    int refused = is_ours(fd) && fstat(fd, &about) == 0 && (full == 2 || end > about.st_size);
    errno = before;
    if (refused) {
        atomic_fetch_add(&numbers[REFUSED], 1);
        errno = ENOSPC;
    }
    return refused;
}

static off_t length_of(const struct iovec *pieces, int count) {
    off_t length = 0;
    for (int i = 0; i < count; i++) length += pieces[i].iov_len;
    return length;
}

/* Where `write` would end; 0 for what has no place, such as a pipe. */
static off_t end_of(int fd, off_t length) {
    if (!numbers || atomic_load(&numbers[IS_FULL]) == 0) return 0;
    int before = errno;
    int flags = fcntl(fd, F_GETFL);
    off_t at = lseek(fd, 0, flags >= 0 && (flags & O_APPEND) ? SEEK_END : SEEK_CUR);
    errno = before;
    return at < 0 ? 0 : at + length;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (is_refused(fd, end_of(fd, (off_t)length))) return -1;
    return real_write(fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    if (is_refused(fd, at + (off_t)length)) return -1;
    return real_pwrite(fd, bytes, length, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    return pwrite64(fd, bytes, length, at);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    if (is_refused(fd, end_of(fd, length_of(pieces, count)))) return -1;
    return real_writev(fd, pieces, count);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off_t at) {
    if (is_refused(fd, at + length_of(pieces, count))) return -1;
    return real_pwritev(fd, pieces, count, at);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t at) {
    return pwritev64(fd, pieces, count, at);
}

int posix_fallocate64(int fd, off_t at, off_t length) {
    if (is_refused(fd, at + length)) return ENOSPC;
    return real_fallocate(fd, at, length);
}

int posix_fallocate(int fd, off_t at, off_t length) {
    return posix_fallocate64(fd, at, length);
}

/* What happens to a sync before it is made; not 0 if it fails instead. */
static int before_sync(int fd) {
    if (!numbers || !is_ours(fd)) return 0;
    atomic_fetch_add(&numbers[SYNCS], 1);
    long long delay = atomic_load(&numbers[DELAY_MS]);
    if (delay > 0) {
        struct timespec wait = {delay / 1000, delay % 1000 * 1000000};
        nanosleep(&wait, NULL);
        atomic_fetch_add(&numbers[SLOWED], 1);
    }
    long long fails = atomic_load(&numbers[SYNC_FAILS]);
    while (fails > 0) {
        if (atomic_compare_exchange_weak(&numbers[SYNC_FAILS], &fails, fails - 1)) {
            atomic_fetch_add(&numbers[FAILED], 1);
            errno = EIO;
            return -1;
        }
    }
    return 0;
}

int fsync(int fd) {
    return before_sync(fd) != 0 ? -1 : real_fsync(fd);
}

int fdatasync(int fd) {
    return before_sync(fd) != 0 ? -1 : real_fdatasync(fd);
}
