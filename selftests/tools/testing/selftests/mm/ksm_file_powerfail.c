// SPDX-License-Identifier: GPL-2.0
/*
 * What was synced survives a power failure, though file pages merge.
 *
 * Usage: ksm_file_powerfail [-l] [-d SECONDS] [-r REPLAYS] [-s SEED] [-o OPTIONS]
 *			     -t TYPE DISK LOG
 *
 * It needs CONFIG_DM_LOG_WRITES.
 *
 * DISK holds a clean filesystem of TYPE, to be mounted with OPTIONS; LOG is a
 * device for dm-log-writes, which notes there what a disk whose cache is lost
 * would keep: a write counts once a flush that followed it is done.
 *
 * Workers change files whose pages are equal for the most part, while ksmd
 * merges them. Before each change, and after each fsync() that returned, they
 * put a mark into the log. So the log up to any entry is a power failure, and
 * tells what a file may hold then: what was synced last, or what was written
 * since. Each replay makes the disk of such a moment, mounts it, and reads all
 * files. Either it is the moment after a sync, when nothing but the log up to
 * there is on the disk, or one between two flushes, when of the writes since
 * the first an arbitrary part is there. Some files nobody writes to, but all
 * their pages are merged.
 *
 * -l: now and then a worker claims a sync that it did not do, which has to be
 * found out.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "ksm_file.h"

#define PS		4096UL
#define SECTOR		512UL
#define PAGE_SECTORS	(PS / SECTOR)
#define WORDS		(SECTOR / sizeof(uint64_t))
#define NPAGES		64
#define NSECTORS	(NPAGES * PAGE_SECTORS)
#define WORKERS		4
#define NWRITTEN	(4 * WORKERS)	/* files that workers write to */
#define NFILES		(NWRITTEN + 8)	/* and those that nobody does */
#define COMMON		12		/* tags that make pages equal */
#define NAME		"ksm_file_powerfail"
#define CHUNK		65536UL
#define FSCK_EVERY	8

/* ------------------------------------------------------------------------- */
/* content: all words of a sector tell their place in the page and a tag */

static void fill(void *to, uint32_t tag, uint32_t first, uint32_t n)
{
	uint64_t *words = to;
	size_t i, at = first % PAGE_SECTORS * WORDS;

	for (i = 0; i < n * WORDS; i++)
		words[i] = word(tag, (at + i) % (PS / sizeof(*words)));
}

/* ------------------------------------------------------------------------- */
/* the device */

struct dm_request {
	struct dm_ioctl io;
	union {
		struct dm_target_msg msg;
		struct dm_target_spec spec;
	};
	char text[256];
};

static const char *disk, *log_name;
static off_t disk_size;
static int dm_fd;
static unsigned int dm_major, dm_minor;

static int dm(unsigned long cmd, struct dm_request *request)
{
	request->io.version[0] = DM_VERSION_MAJOR;
	request->io.data_size = sizeof(*request);
	request->io.data_start = offsetof(struct dm_request, msg);
	snprintf(request->io.name, sizeof(request->io.name), NAME);
	return ioctl(dm_fd, cmd, request);
}

static void make_device(void)
{
	struct dm_request request = {};

	if (dm(DM_DEV_CREATE, &request))
		ksft_exit_fail_perror("DM_DEV_CREATE");
	dm_major = major(request.io.dev);
	dm_minor = minor(request.io.dev);
	memset(&request, 0, sizeof(request));
	request.io.target_count = 1;
	request.spec.length = disk_size / SECTOR;
	snprintf(request.spec.target_type, sizeof(request.spec.target_type),
		 "log-writes");
	snprintf(request.text, sizeof(request.text), "%s %s", disk, log_name);
	if (dm(DM_TABLE_LOAD, &request))
		ksft_exit_fail_perror("DM_TABLE_LOAD");
	memset(&request, 0, sizeof(request));
	if (dm(DM_DEV_SUSPEND, &request))	/* resumes */
		ksft_exit_fail_perror("DM_DEV_SUSPEND");
}

static void remove_device(void)
{
	struct dm_request request = {};

	if (dm(DM_DEV_REMOVE, &request))
		ksft_exit_fail_perror("DM_DEV_REMOVE");
}

/* The log is in order: whoever does something after this finds it before. */
static __printf(1, 2) void mark(const char *fmt, ...)
{
	struct dm_request request = {};
	char *text = request.msg.message;
	va_list ap;
	int n = sprintf(text, "mark ");

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(request.text) - n, fmt, ap);
	va_end(ap);
	if (dm(DM_TARGET_MSG, &request))
		ksft_exit_fail_perror("DM_TARGET_MSG");
}

/* Is there room in the log? */
static bool log_has_room(void)
{
	struct dm_request request = {};
	unsigned long long used;
	int fd = open(log_name, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END);

	close(fd);
	if (dm(DM_TABLE_STATUS, &request) || strstr(request.text, "disabled") ||
	    sscanf(request.text, "%*u %llu", &used) != 1)
		ksft_exit_fail_msg("the log is not written: %s\n", request.text);
	return used * SECTOR < size / 8 * 7ULL;
}

/* To the disk, so far. */
struct written {
	unsigned long sectors, discarded;
};

static struct written written(void)
{
	char path[64], text[256];
	struct written w;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/stat", dm_major, dm_minor);
	if (read_text(path, text, sizeof(text)) ||
	    sscanf(text, "%*u %*u %*u %*u %*u %*u %lu %*u %*u %*u %*u %*u %*u %lu",
		   &w.sectors, &w.discarded) != 2)
		ksft_exit_fail_perror(path);
	return w;
}

static const char *type, *options = "noatime";
static char mnt[64] = "/tmp/" NAME ".XXXXXX";

static bool mount_fs(const char *device)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd), "mount -t %s -o %s %s %s", type, options,
		 device, mnt);
	return !system(cmd);
}

/* ------------------------------------------------------------------------- */
/* the work, with a power failure at any moment */

static int fds[NFILES], direct[NWRITTEN];
static char *maps[NWRITTEN];
static uint32_t tags = COMMON;
static unsigned long syncs;
static bool lies;
static int stop;

struct worker {
	int nr;
	uint64_t rand;
	pthread_t thread;
	char *buf;		/* a page, aligned */
};

static void must(bool ok, const char *what)
{
	if (!ok)
		ksft_exit_fail_perror(what);
}

/* Most changes make a page equal to many others, some make it unique. */
static uint32_t new_tag(uint64_t *rand)
{
	if (random_below(rand, 8))
		return 1 + random_below(rand, COMMON);
	return __atomic_add_fetch(&tags, 1, __ATOMIC_RELAXED);
}

static void sync_file(struct worker *w, int f)
{
	uint32_t p = random_below(&w->rand, NPAGES), n = 1 + random_below(&w->rand, NPAGES - p);
	bool lie = lies && !random_below(&w->rand, 4);

	switch (random_below(&w->rand, 4)) {
	case 0:
	case 1:
		must(lie || !fsync(fds[f]), "fsync");
		mark("S:%d", f);
		break;
	case 2:
		must(lie || !fdatasync(fds[f]), "fdatasync");
		mark("S:%d", f);
		break;
	case 3:
		must(lie || !msync(maps[f] + p * PS, n * PS, MS_SYNC), "msync");
		mark("s:%d:%lu:%lu", f, p * PAGE_SECTORS, n * PAGE_SECTORS);
		break;
	}
	__atomic_add_fetch(&syncs, 1, __ATOMIC_RELAXED);
}

static void write_page(struct worker *w, int f, uint32_t p)
{
	uint32_t tag = new_tag(&w->rand);

	fill(w->buf, tag, 0, PAGE_SECTORS);
	mark("w:%d:%lu:%lu:%u", f, p * PAGE_SECTORS, PAGE_SECTORS, tag);
	must(pwrite(fds[f], w->buf, PS, p * PS) == PS, "pwrite");
}

static void truncate_to(int f, uint32_t sectors)
{
	mark("t:%d:%u", f, sectors);
	must(!ftruncate(fds[f], sectors * SECTOR), "ftruncate");
}

/* Cut a file, anywhere in a page, and let it grow to its size again. */
static void cut(struct worker *w, int f)
{
	uint32_t len = NSECTORS - 1 - random_below(&w->rand, NSECTORS / 4), p;

	truncate_to(f, len);
	if (!random_below(&w->rand, 4))
		sync_file(w, f);
	if (random_below(&w->rand, 2)) {
		truncate_to(f, NSECTORS);
		return;
	}
	for (p = len / PAGE_SECTORS; p < NPAGES; p++)
		write_page(w, f, p);
}

static void fallocate_page(struct worker *w, int f, uint32_t p, int mode)
{
	mark("w:%d:%lu:%lu:0", f, p * PAGE_SECTORS, PAGE_SECTORS);
	if (!fallocate(fds[f], mode, p * PS, PS))
		return;
	must(errno == EOPNOTSUPP, "fallocate");
	fill(w->buf, 0, 0, PAGE_SECTORS);
	must(pwrite(fds[f], w->buf, PS, p * PS) == PS, "pwrite");
}

static void change(struct worker *w, int f)
{
	uint32_t tag = new_tag(&w->rand), p = random_below(&w->rand, NPAGES);
	uint32_t first = p * PAGE_SECTORS + random_below(&w->rand, PAGE_SECTORS);
	uint32_t n = 1 + random_below(&w->rand, PAGE_SECTORS - first % PAGE_SECTORS);
	char *at = maps[f] + first * SECTOR;

	switch (random_below(&w->rand, 32)) {
	case 0:
		cut(w, f);
		break;
	case 1 ... 2:
		fallocate_page(w, f, p, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
		break;
	case 3:
		fallocate_page(w, f, p, FALLOC_FL_ZERO_RANGE);
		break;
	case 4:
		fill(w->buf, tag, 0, PAGE_SECTORS);
		mark("w:%d:%lu:%lu:%u", f, p * PAGE_SECTORS, PAGE_SECTORS, tag);
		must(pwrite(direct[f], w->buf, PS, p * PS) == PS, "direct pwrite");
		break;
	case 5:
		/* written, maybe, but not synced */
		must(!sync_file_range(fds[f], 0, 0, SYNC_FILE_RANGE_WRITE),
		     "sync_file_range");
		break;
	case 6 ... 11:
		fill(w->buf, tag, first, n);
		mark("w:%d:%u:%u:%u", f, first, n, tag);
		must(pwrite(fds[f], w->buf, n * SECTOR, first * SECTOR) ==
		     (ssize_t)(n * SECTOR), "pwrite");
		break;
	case 12 ... 20:
		if (random_below(&w->rand, 2))
			touch(at);
		mark("w:%d:%u:%u:%u", f, first, n, tag);
		fill(at, tag, first, n);
		break;
	default:
		write_page(w, f, p);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		int f = random_below(&w->rand, NWRITTEN / WORKERS) * WORKERS + w->nr;

		change(w, f);
		if (!random_below(&w->rand, 4))
			sync_file(w, f);
		/* leave pages alone for a while, or they never merge */
		if (!random_below(&w->rand, 4))
			usleep(random_below(&w->rand, 10000));
	}
	return NULL;
}

static void sync_all(void)
{
	int fd = open(mnt, O_RDONLY);

	must(fd >= 0 && !syncfs(fd), "syncfs");
	close(fd);
}

static int open_file(int f, int flags)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" NAME "/%d", mnt, f);
	return open(path, flags, 0600);
}

/* Returns how many of their pages need not be there. */
static int make_files(uint64_t *rand)
{
	static bool seen[COMMON + 1];
	int f, p, equal = 0;
	char buf[PS];

	snprintf(buf, sizeof(buf), "%s/" NAME, mnt);
	must(!mkdir(buf, 0700) || errno == EEXIST, "mkdir");
	errno = 0;
	for (f = 0; f < NFILES; f++) {
		fds[f] = open_file(f, O_RDWR | O_CREAT | O_TRUNC);
		must(fds[f] >= 0, "create");
		for (p = 0; p < NPAGES; p++) {
			uint32_t tag = new_tag(rand);

			if (tag <= COMMON) {
				equal += seen[tag];
				seen[tag] = true;
			}
			fill(buf, tag, 0, PAGE_SECTORS);
			mark("w:%d:%lu:%lu:%u", f, p * PAGE_SECTORS,
			     PAGE_SECTORS, tag);
			must(pwrite(fds[f], buf, PS, p * PS) == PS, "pwrite");
		}
		must(!fsync(fds[f]), "fsync");
		mark("S:%d", f);
	}
	sync_all();
	for (f = 0; f < NWRITTEN; f++) {
		direct[f] = open_file(f, O_RDWR | O_DIRECT);
		must(direct[f] >= 0, "open for direct I/O");
		maps[f] = mmap(NULL, NPAGES * PS, PROT_READ | PROT_WRITE,
			       MAP_SHARED, fds[f], 0);
		must(maps[f] != MAP_FAILED, "mmap");
	}
	mark("begin");
	return equal;
}

static void read_files(void)
{
	char page[PS];
	int f, p;

	for (f = 0; f < NFILES; f++)
		for (p = 0; p < NPAGES; p++)
			must(pread(fds[f], page, PS, p * PS) == PS, "pread");
}

/* Until a filesystem has nothing of its own to write any more. */
static bool wait_until_quiet(void)
{
	struct written before, now = written();
	int i, quiet = 0;

	sync_all();
	for (i = 0; i < 60 && quiet < 3; i++) {
		sleep(1);
		before = now;
		now = written();
		quiet = memcmp(&now, &before, sizeof(now)) ? 0 : quiet + 1;
	}
	return quiet == 3;
}

/* Start ksmd, and wait until it has merged nearly all that is equal. */
static int merge(int equal)
{
	long shared = 0;
	int i;

	ksm_set("run", 1);
	for (i = 0; i < 600; i++) {
		shared = ksm_get("file_pages_sharing");
		if (shared >= equal * 95L / 100)
			return PASS;
		usleep(100000);
	}
	return fail("%ld of %d pages are merged", shared, equal);
}

static int merge_writes_nothing(int equal)
{
	struct written before, now;

	if (!wait_until_quiet())
		return fail("the disk does not come to rest");
	evict();
	read_files();
	before = written();
	if (merge(equal))
		return FAIL;
	sync_all();
	ksm_set("run", 2);
	if (ksm_get("file_pages_sharing"))
		return fail("not all was broken");
	sync_all();
	sleep(2);
	now = written();
	if (memcmp(&now, &before, sizeof(now)))
		return fail("%lu sectors were written, %lu discarded",
			    now.sectors - before.sectors,
			    now.discarded - before.discarded);
	return PASS;
}

static void write_files(int seconds, uint64_t seed)
{
	time_t end = time(NULL) + seconds;
	uint64_t rand = seed * 0x9e3779b97f4a7c15ULL | 1;
	struct worker w[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		w[i].nr = i;
		w[i].rand = (seed + i + 1) * 0x9e3779b97f4a7c15ULL | 1;
		must(!posix_memalign((void **)&w[i].buf, PS, PS), "memory");
		must(!pthread_create(&w[i].thread, NULL, work, w + i),
		     "pthread_create");
	}
	while (time(NULL) < end && log_has_room()) {
		usleep(100000 + random_below(&rand, 200000));
		ksm_set("sleep_millisecs", random_below(&rand, 2) * 10);
		if (!random_below(&rand, 16))
			sync_all();
		if (!random_below(&rand, 16))
			evict();
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < WORKERS; i++)
		pthread_join(w[i].thread, NULL);
}

/* ------------------------------------------------------------------------- */
/* the log */

/* What dm-log-writes writes; all is little-endian. */
#define LOG_MAGIC	0x6a736677736872ULL
#define LOG_VERSION	1
enum { LOG_FLUSH = 1, LOG_FUA = 2, LOG_DISCARD = 4, LOG_MARK = 8 };

struct log_super {
	uint64_t magic;
	uint64_t version;
	uint64_t nr_entries;
	uint32_t sectorsize;
};

struct log_entry {
	uint64_t sector;
	uint64_t nr_sectors;
	uint64_t flags;
	uint64_t data_len;
};

struct entry {
	uint64_t at;		/* of its data in the log */
	uint64_t to;		/* in the disk */
	uint64_t len;
	unsigned int flags;
	char *text;		/* of a mark */
};

static struct entry *entries;
static uint32_t nr_entries, begin;	/* where the files are made */
static int log_fd;

static void read_log(void)
{
	char sector[SECTOR];
	struct log_super *super = (void *)sector;
	struct log_entry *raw = (void *)sector;
	struct entry *entry;
	uint64_t at = SECTOR;
	uint32_t i;

	log_fd = open(log_name, O_RDONLY);
	must(log_fd >= 0 && pread(log_fd, sector, SECTOR, 0) == SECTOR, log_name);
	if (le64toh(super->magic) != LOG_MAGIC ||
	    le64toh(super->version) != LOG_VERSION ||
	    le32toh(super->sectorsize) != SECTOR)
		ksft_exit_fail_msg("this is no log, or of another kind\n");
	nr_entries = le64toh(super->nr_entries);
	entries = calloc(nr_entries, sizeof(*entries));
	must(entries, "memory");
	for (i = 0; i < nr_entries; i++) {
		must(pread(log_fd, sector, SECTOR, at) == SECTOR, "entry of the log");
		entry = entries + i;
		entry->flags = le64toh(raw->flags);
		entry->at = at + SECTOR;
		entry->to = le64toh(raw->sector) * SECTOR;
		entry->len = le64toh(raw->nr_sectors) * SECTOR;
		if (entry->flags & LOG_MARK) {
			entry->text = strndup(sector + sizeof(*raw),
					      le64toh(raw->data_len));
			must(entry->text, "memory");
			if (!strcmp(entry->text, "begin"))
				begin = i;
		}
		at = entry->at + (entry->flags & LOG_DISCARD ? 0 : entry->len);
	}
	if (!begin ||
	    strcmp(entries[nr_entries - 1].text ?: "", "dm-log-writes-end"))
		ksft_exit_fail_msg("the log is not complete\n");
}

/* ------------------------------------------------------------------------- */
/* what a file may hold, as the marks say */

struct versions {
	uint32_t *vals;		/* the first one is synced, the last is the newest */
	uint32_t n;
};

static struct may_hold {
	struct versions sectors[NSECTORS];	/* tags */
	struct versions size;
} may_hold[NFILES];

static void add_version(struct versions *v, uint32_t val)
{
	if (v->n && v->vals[v->n - 1] == val)
		return;
	v->vals = realloc(v->vals, (v->n + 1) * sizeof(*v->vals));
	must(v->vals, "memory");
	v->vals[v->n++] = val;
}

static void settle(struct versions *v)
{
	v->vals[0] = v->vals[v->n - 1];
	v->n = 1;
}

static bool may_be(const struct versions *v, uint32_t val)
{
	uint32_t i;

	for (i = 0; i < v->n; i++)
		if (v->vals[i] == val)
			return true;
	return false;
}

static void read_mark(const char *text)
{
	uint32_t f, first, n, tag, s;
	struct may_hold *file;

	if (sscanf(text, "%*c:%u", &f) != 1)
		return;
	file = may_hold + f;
	if (sscanf(text, "w:%*u:%u:%u:%u", &first, &n, &tag) == 3) {
		for (s = first; s < first + n; s++)
			add_version(file->sectors + s, tag);
		if (first + n > file->size.vals[file->size.n - 1])
			add_version(&file->size, first + n);
	} else if (sscanf(text, "t:%*u:%u", &n) == 1) {
		for (s = n; s < NSECTORS; s++)
			add_version(file->sectors + s, 0);
		/* xfs first writes zeros up to the end of a page, with that size */
		s = file->size.vals[file->size.n - 1];
		s += -s % PAGE_SECTORS;
		if (s < n)
			add_version(&file->size, s);
		add_version(&file->size, n);
	} else if (sscanf(text, "s:%*u:%u:%u", &first, &n) == 2) {
		for (s = first; s < first + n; s++)
			settle(file->sectors + s);
	} else {
		for (s = 0; s < NSECTORS; s++)
			settle(file->sectors + s);
		settle(&file->size);
	}
}

/* All files are made after the log begins. */
static void begin_empty(void)
{
	uint32_t s;
	int f;

	for (f = 0; f < NFILES; f++) {
		add_version(&may_hold[f].size, 0);
		for (s = 0; s < NSECTORS; s++)
			add_version(may_hold[f].sectors + s, 0);
	}
}

/* ------------------------------------------------------------------------- */
/* replays */

static int image;		/* the disk as of the last flush */
static int copy;		/* as a power failure leaves it */
static char loop[32];
static char buf[CHUNK];
static unsigned long wrong_bytes, wrong_unwritten, inconsistent;

/* A file in memory; holes are zeros. */
static int make_image(void)
{
	int fd = open("/dev/shm", O_RDWR | O_TMPFILE, 0600);

	must(fd >= 0 && !ftruncate(fd, disk_size), "/dev/shm");
	return fd;
}

static void read_disk(void)
{
	static const char zero[CHUNK];
	int fd = open(disk, O_RDONLY);
	ssize_t n;
	off_t at;

	disk_size = lseek(fd, 0, SEEK_END);
	must(fd >= 0 && disk_size > 0, disk);
	image = make_image();
	for (at = 0; at < disk_size; at += n) {
		n = pread(fd, buf, CHUNK, at);
		must(n > 0, disk);
		if (memcmp(buf, zero, n))
			must(pwrite(image, buf, n, at) == n, "/dev/shm");
	}
	/* others are going to write to it */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static void apply(const struct entry *entry, int fd)
{
	uint64_t done;
	size_t n;

	if (entry->flags & LOG_MARK || !entry->len)
		return;
	if (entry->flags & LOG_DISCARD) {
		must(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				entry->to, entry->len), "punch");
		return;
	}
	for (done = 0; done < entry->len; done += n) {
		n = entry->len - done < CHUNK ? entry->len - done : CHUNK;
		must(pread(log_fd, buf, n, entry->at + done) == (ssize_t)n,
		     "data of the log");
		must(pwrite(fd, buf, n, entry->to + done) == (ssize_t)n,
		     "/dev/shm");
	}
}

/*
 * A copy of the image, and what the entries from @first to @last do to it; only
 * some of them, if @part, since no flush followed.
 */
static void make_copy(uint32_t first, uint32_t last, bool part, uint64_t *rand)
{
	off_t at, hole = 0;
	ssize_t n;

	copy = make_image();
	while ((at = lseek(image, hole, SEEK_DATA)) >= 0) {
		hole = lseek(image, at, SEEK_HOLE);
		for (; at < hole; at += n) {
			n = pread(image, buf, hole - at < (off_t)CHUNK ?
				  hole - at : (off_t)CHUNK, at);
			must(n > 0 && pwrite(copy, buf, n, at) == n, "/dev/shm");
		}
	}
	for (; first <= last; first++)
		if (!part || entries[first].flags & LOG_FUA || random_below(rand, 2))
			apply(entries + first, copy);
}

/* mount(8) keeps the device open for writing, which the kernel may not like. */
static void attach(void)
{
	int control = open("/dev/loop-control", O_RDWR), nr, fd;

	nr = ioctl(control, LOOP_CTL_GET_FREE);
	must(nr >= 0, "/dev/loop-control");
	close(control);
	snprintf(loop, sizeof(loop), "/dev/loop%d", nr);
	fd = open(loop, O_RDWR);
	must(fd >= 0 && !ioctl(fd, LOOP_SET_FD, copy), loop);
	close(fd);
}

static void detach(void)
{
	int fd = open(loop, O_RDWR);

	must(fd >= 0 && !ioctl(fd, LOOP_CLR_FD), loop);
	close(fd);
	close(copy);
}

static __printf(2, 3) void wrong(int f, const char *fmt, ...)
{
	static int told;
	char msg[256];
	va_list ap;

	if (f >= NWRITTEN)
		wrong_unwritten++;
	if (told++ >= 20)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	ksft_print_msg("WRONG: file %d %s\n", f, msg);
}

static void check_sector(int f, uint32_t s, const uint64_t *words)
{
	const struct versions *v = may_hold[f].sectors + s;
	size_t i, bad = 0, first = 0, at = s % PAGE_SECTORS * WORDS;
	uint32_t j;

	for (i = 0; i < WORDS; i++) {
		for (j = 0; j < v->n; j++)
			if (words[i] == word(v->vals[j], at + i))
				break;
		if (j == v->n && !bad++)
			first = i;
	}
	if (!bad)
		return;
	wrong_bytes += bad * sizeof(*words);
	wrong(f, "sector %u: %#llx, synced was %#llx, %u changes since", s,
	      (unsigned long long)words[first],
	      (unsigned long long)word(v->vals[0], at + first), v->n - 1);
}

static void check_file(int f)
{
	static uint64_t words[NSECTORS * WORDS];
	int fd = open_file(f, O_RDONLY);
	struct stat st;
	ssize_t n = -1;
	uint32_t s;

	if (fd >= 0 && !fstat(fd, &st))
		n = read(fd, words, sizeof(words));
	if (n < 0) {
		wrong_bytes += sizeof(words);
		wrong(f, "cannot be read: %s", strerror(errno));
	} else if (n != st.st_size || n % SECTOR ||
		   !may_be(&may_hold[f].size, n / SECTOR)) {
		wrong_bytes++;
		wrong(f, "has %lld bytes, synced were %lu, %u changes since",
		      (long long)st.st_size, may_hold[f].size.vals[0] * SECTOR,
		      may_hold[f].size.n - 1);
	}
	for (s = 0; n >= 0 && s < n / SECTOR; s++)
		check_sector(f, s, words + s * WORDS);
	if (fd >= 0)
		close(fd);
}

static void check_consistent(void)
{
	static const char * const checks[][2] = {
		{ "ext4", "e2fsck -fn" }, { "xfs", "xfs_repair -n" },
		{ "btrfs", "btrfs check" }, { "f2fs", "fsck.f2fs --dry-run" },
	};
	char cmd[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		if (strcmp(type, checks[i][0]))
			continue;
		snprintf(cmd, sizeof(cmd), "%s %s > %s.fsck 2>&1", checks[i][1],
			 loop, mnt);
		if (!system(cmd))
			continue;
		inconsistent++;
		snprintf(cmd, sizeof(cmd), "sed 's/^/# /' %s.fsck", mnt);
		must(!system(cmd), "sed");
	}
}

struct point {
	uint32_t entry;
	bool synced;
};

static int by_entry(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static bool suits(const struct entry *entry, bool synced)
{
	const char *text = entry->text;

	if (synced)
		return text && (*text == 'S' || *text == 's');
	return !text && entry->len;
}

/* One half is just after a sync, one between two flushes. */
static void choose(struct point *points, int n, uint64_t *rand)
{
	int i;

	for (i = 0; i < n; i++) {
		points[i].synced = i % 2;
		do {
			points[i].entry = begin + 1 +
					  random_below(rand, nr_entries - begin - 1);
		} while (!suits(entries + points[i].entry, points[i].synced));
	}
	qsort(points, n, sizeof(*points), by_entry);
}

static void replay_log(int n, uint64_t *rand)
{
	struct point *points = calloc(n, sizeof(*points));
	uint32_t applied = 0, marks = 0, flush = 0;
	int i, f;

	must(points, "memory");
	choose(points, n, rand);
	begin_empty();
	for (i = 0; i < n; i++) {
		const struct point *point = points + i;

		for (; marks <= point->entry; marks++) {
			if (entries[marks].text)
				read_mark(entries[marks].text);
			if (entries[marks].flags & LOG_FLUSH)
				flush = marks;
		}
		while (applied <= flush)
			apply(entries + applied++, image);
		make_copy(applied, point->entry, !point->synced, rand);
		attach();
		if (mount_fs(loop)) {
			for (f = 0; f < NFILES; f++)
				check_file(f);
			must(!umount2(mnt, 0), "umount");
		} else {
			wrong_bytes++;
			ksft_print_msg("WRONG: entry %u: cannot be mounted\n",
				       point->entry);
		}
		if (i % FSCK_EVERY == 0)
			check_consistent();
		detach();
	}
}

int main(int argc, char **argv)
{
	int opt, seconds = 20, replays = 0, equal, ret, f;
	long merges, breaks;
	uint64_t seed = 1, rand;
	char device[32];

	while ((opt = getopt(argc, argv, "d:lo:r:s:t:")) != -1) {
		if (opt == 'd')
			seconds = atoi(optarg);
		else if (opt == 'l')
			lies = true;
		else if (opt == 'o')
			options = optarg;
		else if (opt == 'r')
			replays = atoi(optarg);
		else if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (opt == 't')
			type = optarg;
		else
			return KSFT_FAIL;
	}
	ksft_print_header();
	if (access(KSM_DIR "file", F_OK))
		ksft_exit_skip("the kernel has no " KSM_DIR "file\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");
	if (!type || optind + 2 != argc)
		ksft_exit_skip("no type and two devices given\n");
	disk = argv[optind];
	log_name = argv[optind + 1];
	dm_fd = open("/dev/mapper/control", O_RDWR);
	if (dm_fd < 0)
		ksft_exit_skip("no device mapper\n");
	if (ksm_write("file", "always"))
		ksft_exit_skip("file = always: %s\n", strerror(errno));
	ksft_set_plan(5);
	ksft_print_msg("%s with %s, %d s, seed %llu\n", type, options, seconds,
		       (unsigned long long)seed);
	rand = seed * 0x9e3779b97f4a7c15ULL | 1;
	if (!replays)
		replays = 8 * seconds;

	must(mkdtemp(mnt), mnt);
	read_disk();
	make_device();
	snprintf(device, sizeof(device), "/dev/dm-%u", dm_minor);
	must(mount_fs(device), "mount");
	ksm_save_knobs();
	ksm_set("run", 0);
	ksm_set("pages_to_scan", 10000);
	ksm_set("sleep_millisecs", 10);
	equal = make_files(&rand);
	ret = lies ? skip("it is known") : merge_writes_nothing(equal);
	result("merging and breaking write nothing to the disk", ret);

	ret = merge(equal);
	merges = read_vmstat("page_wp_merge");
	breaks = ksm_get("file_pages_broken");
	write_files(seconds, seed);
	merges = read_vmstat("page_wp_merge") - merges;
	breaks = ksm_get("file_pages_broken") - breaks;
	result("enough was merged and broken",
	       ret || merges < 10L * seconds || breaks < 10L * seconds);
	ksm_mode("never");
	ksm_set("run", 2);
	ksm_restore_knobs();
	for (f = 0; f < NFILES; f++)
		close(fds[f]);
	for (f = 0; f < NWRITTEN; f++) {
		close(direct[f]);
		munmap(maps[f], NPAGES * PS);
	}
	must(!umount2(mnt, 0), "umount");
	remove_device();

	read_log();
	replay_log(replays, &rand);
	rmdir(mnt);
	result("what was synced is there", !!wrong_bytes);
	result("merged files that nobody wrote are as they were", !!wrong_unwritten);
	result("the filesystem is consistent", !!inconsistent);
	ksft_print_msg("%s: %d replays, %ld merges, %ld breaks, %lu fsyncs, %lu bytes wrong\n",
		       type, replays, merges, breaks, syncs, wrong_bytes);
	ksft_finished();
}
