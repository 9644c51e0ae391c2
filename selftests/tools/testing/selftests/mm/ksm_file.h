/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of file merging have in common: outcomes, knobs, where pages are. */
#ifndef KSM_FILE_H
#define KSM_FILE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "vm_util.h"

#define KSM_DIR		"/sys/kernel/mm/ksm/"

enum { PASS, FAIL, SKIP };	/* so that a || b is FAIL when one of them is */

static char why[256];		/* of a skip */
static int pagemap_fd;

static inline __printf(1, 2) int fail(const char *fmt, ...)
{
	char msg[512];
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	ksft_print_msg("%s (errno: %s)\n", msg, strerror(err));
	errno = 0;
	return FAIL;
}

static inline __printf(1, 2) int skip(const char *fmt, ...)
{
	int err = errno;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (err && n < sizeof(why))
		snprintf(why + n, sizeof(why) - n, ": %s", strerror(err));
	errno = 0;
	return SKIP;
}

static inline void result(const char *name, int ret)
{
	if (ret == SKIP)
		ksft_test_result_skip("%s (%s)\n", name, why);
	else
		ksft_test_result(!ret, "%s\n", name);
}

static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t ret;

	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text));
	close(fd);
	return ret == (ssize_t)strlen(text) ? 0 : -1;
}

static inline int read_text(const char *path, char *buf, size_t n)
{
	int fd = open(path, O_RDONLY);
	ssize_t ret;

	if (fd < 0)
		return -1;
	ret = read(fd, buf, n - 1);
	close(fd);
	if (ret < 0)
		return -1;
	buf[ret] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

static inline int ksm_write(const char *name, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), KSM_DIR "%s", name);
	return write_text(path, text);
}

/* A knob or counter that must be there: the kernel was asked before. */
static inline long ksm_get(const char *name)
{
	char path[512], buf[64];

	snprintf(path, sizeof(path), KSM_DIR "%s", name);
	if (read_text(path, buf, sizeof(buf)))
		ksft_exit_fail_msg("%s: %s\n", path, strerror(errno));
	return strtol(buf, NULL, 0);
}

static inline void ksm_set(const char *name, long val)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%ld", val);
	if (ksm_write(name, buf))
		ksft_exit_fail_msg("%s = %ld: %s\n", name, val,
				   strerror(errno));
}

static const char * const ksm_knobs[] = {
	"run", "pages_to_scan", "sleep_millisecs",
};

static long ksm_saved[ARRAY_SIZE(ksm_knobs)];

static inline void ksm_save_knobs(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ksm_knobs); i++)
		ksm_saved[i] = ksm_get(ksm_knobs[i]);
}

static inline void ksm_restore_knobs(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ksm_knobs); i++)
		ksm_set(ksm_knobs[i], ksm_saved[i]);
}

static inline void ksm_mode(const char *mode)
{
	if (ksm_write("file", mode))
		ksft_exit_fail_msg("file = %s: %s\n", mode, strerror(errno));
}

/* The number behind @name, with what follows it, in a file; -1 if there is none. */
static inline long field(const char *path, const char *name)
{
	size_t n = strlen(name);
	char line[256];
	long val = -1;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	while (val < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n))
			val = strtol(line + n, NULL, 0);
	fclose(f);
	return val;
}

/* What a mapping says of itself in smaps, in KiB. */
static inline long mapping_says(const char *map, const char *name)
{
	char line[256], head[32];
	FILE *f = fopen("/proc/self/smaps", "r");
	bool found = false;
	long val = -1;

	if (!f)
		return -1;
	snprintf(head, sizeof(head), "%lx-", (unsigned long)map);
	while (val < 0 && fgets(line, sizeof(line), f)) {
		found |= !strncmp(line, head, strlen(head));
		if (found && !strncmp(line, name, strlen(name)))
			val = strtol(line + strlen(name), NULL, 0);
	}
	fclose(f);
	return val;
}

/* A counter of /proc/vmstat, or -1. */
static inline long read_vmstat(const char *key)
{
	char name[64];

	snprintf(name, sizeof(name), "%s ", key);
	return field("/proc/vmstat", name);
}

static inline bool on_fs(const char *dir, long magic)
{
	struct statfs fs;

	return !statfs(dir, &fs) && fs.f_type == magic;
}

/* Are the files on tmpfs, which has only swap to go to? */
static inline bool on_tmpfs(const char *dir)
{
	return on_fs(dir, TMPFS_MAGIC);
}

#define DEBUGFS		"/sys/kernel/debug/"

/* Let a debugging kernel audit all shared pages; it complains in its log. */
static inline void audit(void)
{
	const char *path = DEBUGFS "page_wp/sweep";
	char buf[256];

	if (!access(path, F_OK) && read_text(path, buf, sizeof(buf)))
		ksft_exit_fail_perror(path);
}

/* Any allocation of a kind may fail, with that probability for tasks that ask for it. */
static inline int fault_injection(const char *kind, const char *probability)
{
	const char * const knobs[][2] = {
		{ "task-filter", "1" }, { "ignore-gfp-wait", "0" },
		{ "ignore-gfp-highmem", "0" }, { "min-order", "0" },
		{ "verbose", "0" }, { "interval", "1" }, { "times", "-1" },
		{ "space", "0" }, { "stacktrace-depth", "32" },
		{ "require-start", "0" }, { "require-end", "0xffffffffffffffff" },
		{ "reject-start", "0" }, { "reject-end", "0" },
		{ "probability", probability },
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s/%s", kind, knobs[i][0]);
		/* not all kinds have all knobs */
		if (!access(path, F_OK) && write_text(path, knobs[i][1]))
			return fail("%s", path);
	}
	return PASS;
}

/*
 * What is injected fails from now on for a process.  Returns a file to which "0" is written
 * to end that: it may be this process, which could not open it then.
 */
static inline int begin_failing(const char *pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/make-it-fail", pid);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		fail("%s", path);
	return fd;
}

static inline int end_failing(int fd)
{
	int ret = pwrite(fd, "0", 1, 0) == 1 ? PASS : fail("make-it-fail");

	close(fd);
	return ret;
}

/* From now on all of a kind fails for a process. */
static inline int fail_task(const char *kind, const char *pid)
{
	return fault_injection(kind, "100") ? -1 : begin_failing(pid);
}

/* A function that allocates what merging or replication needs, and what calls it. */
struct alloc_site {
	const char *function;
	const char *kind;		/* of fault injection */
	const char *pid;		/* whose allocations fail, "self" by default */
	int (*again)(void);		/* make all as it was */
	int (*fn)(void);
	int (*check)(bool done);
	unsigned long start, end;	/* of its code, by find_functions() */
};

/* Find the code of functions in the kernel; an inlined one has none. */
static inline int find_functions(struct alloc_site *sites, int nr)
{
	char line[512], name[256];
	struct alloc_site *site;
	unsigned long addr;
	int turn;
	FILE *f;

	/* what follows a function may stand before it */
	for (turn = 0; turn < 2; turn++) {
		f = fopen("/proc/kallsyms", "r");
		while (f && fgets(line, sizeof(line), f)) {
			if (strchr(line, '[') || sscanf(line, "%lx %*c %255s", &addr, name) != 2)
				continue;
			for (site = sites; site < sites + nr; site++) {
				if (turn && addr > site->start && addr < site->end)
					site->end = addr;
				if (turn || strcmp(name, site->function))
					continue;
				if (site->start)
					return fail("two functions are called %s", name);
				site->start = addr;
				site->end = ~0UL;
			}
		}
		if (f)
			fclose(f);
	}
	for (site = sites; site < sites + nr; site++)
		if (!site->start)
			return skip("%s has been inlined", site->function);
	return PASS;
}

static inline int set_injection(const char *kind, const char *knob, unsigned long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", kind, knob);
	snprintf(text, sizeof(text), "%#lx", value);
	return write_text(path, text) ? fail("%s", path) : PASS;
}

static inline int inject_at(const struct alloc_site *site, long times)
{
	return fault_injection(site->kind, "100") || set_injection(site->kind, "times", times) ||
	       set_injection(site->kind, "require-start", site->start) ||
	       set_injection(site->kind, "require-end", site->end);
}

/* All that a function allocates fails, which has to be something. */
static inline int fail_at(const struct alloc_site *site)
{
	const long times = 1 << 20;
	long left = -1;
	int fd = -1, ret = -1, err = 0;
	char path[128];

	if (site->again())
		return FAIL;
	if (!inject_at(site, times))
		fd = begin_failing(site->pid ?: "self");
	if (fd >= 0) {
		errno = 0;
		ret = site->fn();
		err = errno;
		if (!end_failing(fd)) {
			snprintf(path, sizeof(path), DEBUGFS "%s/times", site->kind);
			left = field(path, "");
		}
	}
	if (fault_injection(site->kind, "0") || left < 0 || site->check(!ret))
		return FAIL;
	ksft_print_msg("%s: %s: %ld failed%s%s\n", site->function, site->kind, times - left,
		       ret ? ": " : "", ret ? strerror(err) : "");
	errno = err;
	/* madvise() has EAGAIN for that */
	if (left == times || (ret && err != ENOMEM && err != EAGAIN))
		return fail("%s", site->function);
	return PASS;
}

static inline int fail_at_each(struct alloc_site *sites, int nr)
{
	int i, ret;

	if (access(DEBUGFS "failslab/require-start", F_OK))
		return skip("no fault injection by function");
	ret = find_functions(sites, nr);
	for (i = 0; i < nr && ret != SKIP; i++)
		ret = fail_at(sites + i) || ret;
	return ret;
}

/*
 * An operation that is done again and again, while one allocation fails.  It says 0, or an
 * error with errno and has changed nothing, or only what is told apart by check().
 */
struct nomem {
	const char *name;
	int (*again)(void);		/* make all as it was */
	int (*fn)(void);
	int (*check)(bool done);
};

/* Fails one allocation in each turn, of many some.  Returns how many there were, or -1. */
static inline int nomem_each(const struct nomem *op, int nth_fd)
{
	char left[16] = "0", nth[16];
	int n, ret, err = 0;

	for (n = 1; n < 2000; n += 1 + n / 4) {
		if (op->again())
			return -1;
		snprintf(nth, sizeof(nth), "%d", n);
		errno = 0;
		if (pwrite(nth_fd, nth, strlen(nth), 0) < 0)
			return -fail("fail-nth");
		ret = op->fn();
		err = errno;
		if (pread(nth_fd, left, sizeof(left), 0) < 1 || pwrite(nth_fd, "0", 1, 0) != 1)
			return -fail("fail-nth");
		errno = err;
		if (op->check(!ret))
			return -fail("%s, allocation %d: %d", op->name, n, ret);
		if (strtol(left, NULL, 0)) {
			ksft_print_msg("%s: %d allocations\n", op->name, n - 1);
			errno = err;
			return ret ? -fail("%s", op->name) : n - 1;
		}
		if (ret && err != ENOMEM && err != EAGAIN && err != EFAULT && err != EIO)
			return -fail("%s, allocation %d", op->name, n);
	}
	errno = err;
	return -fail("%s: no end", op->name);
}

/* Content: all words tell their place and a tag; without a tag they are zero. */
static inline uint64_t word(uint32_t tag, size_t i)
{
	return tag ? (uint64_t)tag << 32 | (uint32_t)(i * 0x9e3779b9) : 0;
}

/* xorshift64: the same numbers from the same state, whatever the C library. */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 20) % n;
}

#define CGROUPS		"/sys/fs/cgroup/"
#define CGROUP		CGROUPS "ksm_test/"

static inline int cgroup_set(const char *knob, long kib)
{
	char path[128], buf[32];

	snprintf(path, sizeof(path), CGROUP "%s", knob);
	snprintf(buf, sizeof(buf), "%ldK", kib);
	return write_text(path, buf) ? fail("%s = %s", path, buf) : PASS;
}

static inline int cgroup_make(void)
{
	errno = 0;
	if (write_text(CGROUPS "cgroup.subtree_control", "+memory"))
		return skip("a memory cgroup, version 2");
	/* what is left of a test that failed */
	rmdir(CGROUP);
	return mkdir(CGROUP, 0700) ? fail("mkdir " CGROUP) : PASS;
}

/* Who was in it has to be gone. */
static inline int cgroup_remove(void)
{
	int i;

	for (i = 0; i < 100; i++) {
		if (!rmdir(CGROUP))
			return PASS;
		usleep(50000);
	}
	return fail("rmdir %s", CGROUP);
}

static inline int in_cgroup(int (*fn)(void))
{
	int ret = cgroup_make();

	if (ret)
		return ret;
	ret = write_text(CGROUP "cgroup.procs", "0") ? fail("cgroup.procs") : fn();
	if (write_text(CGROUPS "cgroup.procs", "0") || cgroup_remove())
		return fail("leaving the cgroup");
	return ret;
}

/* Swap out what can be; no more than is there, so it always says that it fell short. */
static inline void swap_out(void)
{
	if (!write_text(CGROUPS "memory.reclaim", "64G swappiness=200") ||
	    errno != EAGAIN)
		ksft_exit_fail_perror("memory.reclaim");
}

static const char *swap_dev;	/* or NULL */

static inline int with_swap(int (*fn)(void), int (*check)(const char *when))
{
	int ret;

	if (!swap_dev)
		return skip("no swap device");
	if (swapon(swap_dev, 0))
		return fail("swapon %s", swap_dev);
	ret = fn();
	if (swapoff(swap_dev))
		return fail("swapoff %s", swap_dev);
	return ret ?: check("after swapoff");
}

/* Drop all clean pages that nobody maps. */
static inline void evict(void)
{
	/* 4 keeps the kernel from logging each time */
	if (write_text("/proc/sys/vm/drop_caches", "4") ||
	    write_text("/proc/sys/vm/drop_caches", "1"))
		ksft_exit_fail_perror("drop_caches");
}

static inline long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Let ksmd run until nothing is left for it, or for @seconds; returns what is left.
 * Looking keeps folios busy, which ksmd then leaves alone: the longer a look takes, the
 * longer is the pause behind it.
 */
static inline unsigned long run_ksmd(unsigned long (*left)(void), int seconds)
{
	long start = now_ms(), before, after;
	unsigned long n;

	ksm_set("run", 1);
	for (;;) {
		before = now_ms();
		n = left();
		after = now_ms();
		if (!n || after - start > seconds * 1000L)
			break;
		usleep(20000 + 4000 * (after - before));
	}
	ksm_set("run", 0);
	return n;
}

#define LRU_GEN		"/sys/kernel/mm/lru_gen/enabled"
#define KHUGEPAGED	"/sys/kernel/mm/transparent_hugepage/khugepaged/"

static inline int khugepaged_set(const char *knob, const char *val)
{
	char path[128];

	snprintf(path, sizeof(path), KHUGEPAGED "%s", knob);
	return write_text(path, val) ? fail("%s = %s", path, val) : PASS;
}

/* Let it look at everything, a few times. */
static inline int khugepaged_again(int seconds)
{
	long end = field(KHUGEPAGED "full_scans", "") + 4;
	int i;

	for (i = 0; i < seconds * 20 && field(KHUGEPAGED "full_scans", "") < end; i++)
		usleep(50000);
	return field(KHUGEPAGED "full_scans", "") < end ? fail("khugepaged makes no passes") : PASS;
}

/* While a test runs it makes haste. */
static inline int with_khugepaged(int (*fn)(void))
{
	char before[64];
	int ret;

	if (read_text(KHUGEPAGED "scan_sleep_millisecs", before, sizeof(before)) ||
	    khugepaged_set("scan_sleep_millisecs", "10") ||
	    khugepaged_set("pages_to_scan", "4096"))
		return FAIL;
	ret = fn();
	return khugepaged_set("scan_sleep_millisecs", before) || ret;
}

/* Run @fn in a child; its result is the child's. */
static inline int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		/* An open pagemap stays that of who opened it. */
		pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
		_exit(fn());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	       fail("the child got signal %d", WTERMSIG(status));
}

/* Nothing in a directory can be written. */
static inline int refused(const char *dir)
{
	struct dirent *entry;
	DIR *d = opendir(dir);
	int n = 0, fd;

	if (!d)
		return fail("%s", dir);
	while ((entry = readdir(d))) {
		if (entry->d_type == DT_DIR)
			continue;
		fd = openat(dirfd(d), entry->d_name, O_WRONLY);
		if (fd >= 0 || errno != EACCES)
			break;
		n++;
	}
	closedir(d);
	return entry ? fail("nobody opens %s%s", dir, entry->d_name) :
	       n ? PASS : fail("%s is empty", dir);
}

/* Let the memory of a page fail. */
static inline int poison_frame(unsigned long pfn)
{
	char text[32];

	snprintf(text, sizeof(text), "%#lx", pfn);
	if (write_text(DEBUGFS "hwpoison/corrupt-pfn", text))
		return errno == ENOENT ? skip("hwpoison/corrupt-pfn") :
					 fail("hwpoison/corrupt-pfn");
	return PASS;
}

#define NOBODY		65534

#define MEMORY_DIR	"/sys/devices/system/memory/"

/* The size of the blocks in which memory comes and goes, or -1. */
static inline long block_pages(void)
{
	char text[64];

	if (read_text(MEMORY_DIR "block_size_bytes", text, sizeof(text)))
		return -1;
	return strtoul(text, NULL, 16) / psize();
}

/* The number of the block of memory that a page is in. */
static inline long memory_block(unsigned long pfn)
{
	return pfn / block_pages();
}

static inline int set_block(long block, const char *state)
{
	char path[64], zones[64];
	int i;

	snprintf(path, sizeof(path), MEMORY_DIR "memory%ld/valid_zones", block);
	if (!strcmp(state, "offline") &&
	    (read_text(path, zones, sizeof(zones)) || strcmp(zones, "Movable")))
		return skip("the page is not in movable memory: %s", zones);
	snprintf(path, sizeof(path), MEMORY_DIR "memory%ld/state", block);
	/* What somebody has just pinned for a moment may stop it. */
	for (i = 0; i < 10; i++)
		if (!write_text(path, state))
			return PASS;
	return fail("%s: %s", path, state);
}

/* Read a byte of a mapping, so that its page is present. */
static inline void touch(const char *addr)
{
	char byte = *addr;

	asm volatile("" : : "r" (byte) : "memory");
}

static inline unsigned long pfn_at(const char *addr)
{
	unsigned long pfn = -1UL;
	int i;

	/* ksmd may unmap the page between the touch and the look */
	for (i = 0; i < 100 && pfn == -1UL; i++) {
		touch(addr);
		pfn = pagemap_get_pfn(pagemap_fd, (char *)addr);
	}
	return pfn;
}

#endif /* KSM_FILE_H */
