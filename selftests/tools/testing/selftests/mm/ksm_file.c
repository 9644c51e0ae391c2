// SPDX-License-Identifier: GPL-2.0
/*
 * Equal pages of files share memory (/sys/kernel/mm/ksm/file), and every way
 * to change one of them changes that one only.
 *
 * Usage: ksm_file [-t NAME] DIR [DIR2]	   run the tests
 *	  ksm_file -m DIR [DIR2]	   only try the models, on any kernel
 *	  ksm_file -c OUT FILE...	   change files, say what they must hold
 *	  ksm_file -r FILE...		   merge files that cannot be written to
 *
 * DIR and DIR2 are empty directories on a file system that merges. To include
 * unmounting they are mount points, of devices that nobody else uses. This is
 * for a test machine: it unmounts, drops caches and owns ksmd while it runs.
 *
 * The first part of the tests is two tables: operations that write, and
 * operations that read. Each one runs on one slot of a scene: several files
 * in both directories, with equal pages across files, at different offsets
 * and within a file, holes and partial last pages. The scene is merged, which
 * is proven by page frame numbers; the operation is done to the file and to a
 * model in memory; then every file must hold its model, through the page
 * cache, on disk, and after eviction; every slot but the written ones must
 * still be shared. The second part is tests that need a scene of their own.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/btrfs.h>
#include <linux/f2fs.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <linux/futex.h>
#include <linux/hw_breakpoint.h>
#include <linux/io_uring.h>
#include <linux/loop.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <mntent.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../../../mm/gup_test.h"
#include "../kselftest.h"
#include "ksm_file.h"

#define PS		4096UL
#define NFILES		4
#define NPAGES		11		/* pages in the longest file of a scene */
#define TAIL		1000		/* bytes in its last page */
#define MAXLEN		(32 * PS)	/* an operation may let a file grow */
#define SLOT		2		/* the page that operations change */
#define AT		(SLOT * PS)
#define REPEAT		509		/* what is written can be compressed */
#define MANY		1000	/* files */
#define SNAPSHOT	"snapshot"
#define NODE_DIR "/sys/devices/system/node/node"
#define TRACING		"/sys/kernel/tracing/"
#define PROBE		"ksm_file/text"
#define PAGE_WP_DIR	DEBUGFS "page_wp/"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#ifndef __NR_cachestat
#define __NR_cachestat		451
#endif

struct cachestat_range {
	__u64 off;
	__u64 len;
};

struct cachestat {
	__u64 nr_cache;
	__u64 nr_dirty;
	__u64 nr_writeback;
	__u64 nr_evicted;
	__u64 nr_recently_evicted;
};

struct move_extent {
	__u32 reserved;
	__u32 donor_fd;
	__u64 orig_start;
	__u64 donor_start;
	__u64 len;
	__u64 moved_len;
};

#define EXT4_IOC_RESIZE_FS	_IOW('f', 16, __u64)
#define EXT4_IOC_MOVE_EXT	_IOWR('f', 15, struct move_extent)

/* A file, and what it must hold. @want is zero beyond @len. */
struct file {
	char path[PATH_MAX];
	int fd;
	char *map;			/* shared and read-only */
	char *want;
	size_t len;
	unsigned long pfn[MAXLEN / PS];
};

static const char *dirs[2];
static struct file files[NFILES + 1];	/* a scene, and what an operation adds */
static int nfiles;
static char *ink_buf, *scratch;		/* page-aligned, for direct I/O */
static bool model_only;
static bool compressed;			/* new files are to be compressed */
static int seconds;			/* how long to wait for ksmd */
static unsigned long long seed = 0x9e3779b97f4a7c15ULL;

static size_t pages(const struct file *f)
{
	return (f->len + PS - 1) / PS;
}

/* Up to four pages of which none was there before, aligned. */
static char *ink(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i >= REPEAT) {
			ink_buf[i] = ink_buf[i - REPEAT];
			continue;
		}
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		ink_buf[i] = seed | 1;	/* never zero, so never like a hole */
	}
	return ink_buf;
}

/* ------------------------------------------------------------------------- */
/* files and their models */

static void want_bytes(struct file *f, size_t off, const void *buf, size_t n)
{
	memcpy(f->want + off, buf, n);
	if (off + n > f->len)
		f->len = off + n;
}

static void want_zero(struct file *f, size_t off, size_t n)
{
	memset(f->want + off, 0, n);
}

static void want_len(struct file *f, size_t len)
{
	if (len < f->len)
		want_zero(f, len, f->len - len);
	f->len = len;
}

static int map_file(struct file *f)
{
	f->map = mmap(NULL, MAXLEN, PROT_READ, MAP_SHARED, f->fd, 0);
	return f->map == MAP_FAILED ? fail("mmap %s", f->path) : PASS;
}

static void unmap_file(struct file *f)
{
	munmap(f->map, MAXLEN);
	f->map = NULL;
}

static char *map_rw(const struct file *f)
{
	char *map = mmap(NULL, MAXLEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			 f->fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

static int set_compressed(int fd)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return -1;
	flags |= FS_COMPR_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/* Create a file, open, mapped, with a model, and with no byte in it. */
static int create_file(struct file *f, const char *dir, const char *name)
{
	snprintf(f->path, sizeof(f->path), "%s/%s", dir, name);
	f->len = 0;
	f->want = calloc(1, MAXLEN);
	f->fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (!f->want || f->fd < 0)
		return fail("create %s", f->path);
	/* in one directory it may be impossible: see test_compressed() */
	if (compressed)
		set_compressed(f->fd);
	return map_file(f);
}

/* Open a file that exists; what it holds becomes its model. */
static int open_file(struct file *f, const char *path, int flags)
{
	struct stat st;

	memset(f, 0, sizeof(*f));
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->want = calloc(1, MAXLEN);
	f->fd = open(path, flags);
	if (!f->want || f->fd < 0 || fstat(f->fd, &st))
		return fail("%s", path);
	f->len = st.st_size;
	if (f->len > MAXLEN)
		return fail("%s: %zu bytes", path, f->len);
	if (pread(f->fd, f->want, f->len, 0) != (ssize_t)f->len)
		return fail("read %s", path);
	return map_file(f);
}

static void remove_file(struct file *f)
{
	if (f->map)
		unmap_file(f);
	close(f->fd);
	unlink(f->path);
	free(f->want);
	memset(f, 0, sizeof(*f));
}

/* Write @n bytes, to the file and to the model. */
static int fill(struct file *f, size_t off, const void *buf, size_t n)
{
	if (pwrite(f->fd, buf, n, off) != (ssize_t)n)
		return fail("pwrite %s", f->path);
	want_bytes(f, off, buf, n);
	return PASS;
}

/* A file with @n fresh bytes on disk beside @f: a source for copies. */
static int source(const struct file *f, size_t n, int flags)
{
	char path[PATH_MAX + 8];
	int fd;

	snprintf(path, sizeof(path), "%s.src", f->path);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || pwrite(fd, ink(n), n, 0) != (ssize_t)n || fsync(fd)) {
		fail("create %s", path);
		return -1;
	}
	if (flags) {
		close(fd);
		fd = open(path, O_RDWR | flags);
	}
	unlink(path);
	return fd;
}

static int reopen(const struct file *f, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	return open(path, flags);
}

/* What of a file is on disk at an offset, or next. */
static int find_extent(const struct file *f, size_t off,
		       struct fiemap_extent *extent)
{
	struct {
		struct fiemap map;
		struct fiemap_extent extent;
	} arg = {
		.map = {
			.fm_start = off,
			.fm_length = f->len - off,
			.fm_flags = FIEMAP_FLAG_SYNC,
			.fm_extent_count = 1,
		},
	};

	if (ioctl(f->fd, FS_IOC_FIEMAP, &arg) || !arg.map.fm_mapped_extents)
		return fail("FIEMAP of %s", f->path);
	*extent = arg.extent;
	return PASS;
}

static void sync_dirs(void)
{
	int fd, i;

	for (i = 0; i < 2; i++) {
		fd = open(dirs[i], O_RDONLY);
		if (fd < 0 || syncfs(fd))
			fail("syncfs %s", dirs[i]);
		close(fd);
	}
}

/* Let no page that can be read again stay in memory. */
static void forget(void)
{
	evict();
	if (on_tmpfs(dirs[0]))
		swap_out();
}

/* ------------------------------------------------------------------------- */
/* checks */

static int check_bytes(const struct file *f, const char *got, const char *how)
{
	size_t i;

	if (!memcmp(got, f->want, f->len))
		return PASS;
	for (i = 0; got[i] == f->want[i]; i++)
		;
	errno = 0;
	return fail("%s: %s: byte %zu of page %zu is %#x, not %#x", f->path,
		    how, i % PS, i / PS, (unsigned char)got[i],
		    (unsigned char)f->want[i]);
}

/* Every file has its length and its bytes, as read by the given kind of fd. */
static int check_read(int flags, const char *how)
{
	char *buf = scratch;
	struct file *f;
	struct stat st;
	ssize_t n;
	int fd;

	for (f = files; f < files + nfiles; f++) {
		fd = reopen(f, O_RDONLY | flags);
		if (fd < 0 && flags && errno == EINVAL)
			continue;	/* no direct I/O on this file */
		n = fd < 0 || fstat(fd, &st) ? -1 : pread(fd, buf, MAXLEN, 0);
		close(fd);
		if (n != (ssize_t)f->len || st.st_size != n)
			return fail("%s: %s: %zd bytes, not %zu", f->path, how,
				    n, f->len);
		if (check_bytes(f, buf, how))
			return FAIL;
	}
	return PASS;
}

static int check_maps(const char *how)
{
	struct file *f;

	for (f = files; f < files + nfiles; f++)
		if (check_bytes(f, f->map, how))
			return FAIL;
	return PASS;
}

static void unmap_scene(void)
{
	int i;

	for (i = 0; i < nfiles; i++)
		unmap_file(files + i);
}

static int map_scene(void)
{
	int i, ret = PASS;

	for (i = 0; i < nfiles; i++)
		ret = map_file(files + i) || ret;
	return ret;
}

/* On disk, and again in a page cache that starts empty. */
static int check_cold(void)
{
	int ret;

	unmap_scene();
	sync_dirs();
	forget();
	ret = check_read(O_DIRECT, "direct read after sync") ||
	      check_read(0, "read after drop_caches");
	return map_scene() || ret;
}

static void look(void)
{
	struct file *f;
	size_t p;

	for (f = files; f < files + nfiles; f++)
		for (p = 0; p < pages(f); p++)
			f->pfn[p] = pfn_at(f->map + p * PS);
}

/*
 * Count the slots of the scene whose page frame differs from that of the
 * first slot with the same bytes. @same counts those that have it.
 */
static int unmerged(int *same, bool say)
{
	struct file *f, *g;
	size_t p, q;
	int n = 0;

	*same = 0;
	look();
	for (f = files; f < files + nfiles; f++) {
		for (p = 0; p < pages(f); p++) {
			for (g = files; g <= f; g++) {
				for (q = 0; q < (g == f ? p : pages(g)); q++)
					if (!memcmp(f->want + p * PS,
						    g->want + q * PS, PS))
						goto equal;
			}
			continue;
equal:
			if (f->pfn[p] == g->pfn[q] && f->pfn[p] != -1UL) {
				++*same;
				continue;
			}
			n++;
			if (say)
				ksft_print_msg("%s page %zu: frame %#lx, %s page %zu: %#lx\n",
					       f->path, p, f->pfn[p], g->path,
					       q, g->pfn[q]);
		}
	}
	return n;
}

/* How many other slots of the scene use the frame of this slot? */
static int sharers(const struct file *t, size_t page)
{
	struct file *f;
	int n = 0;
	size_t p;

	if (model_only)
		return 0;
	look();
	for (f = files; f < files + nfiles; f++)
		for (p = 0; p < pages(f); p++)
			n += f->pfn[p] == t->pfn[page];
	return n - 1;
}

/* Let ksmd go over all pages @n times, starting with fresh passes. */
static int passes(int n)
{
	long end;
	int i;

	if (model_only)
		return PASS;
	end = ksm_get("file_full_scans") + n + 1;
	ksm_set("run", 1);
	for (i = 0; i < seconds * 100; i++) {
		if (ksm_get("file_full_scans") >= end)
			break;
		usleep(10000);
	}
	ksm_set("run", 0);
	audit();
	return ksm_get("file_full_scans") >= end ? PASS :
		fail("ksmd went not %d times over all in %d s", n + 1, seconds);
}

/* Let ksmd run for a while: it need not make passes if it has nothing to do. */
static void idle(void)
{
	ksm_set("run", 1);
	usleep(seconds * 1000000 / 30);
	ksm_set("run", 0);
}

static int read_all(void)
{
	sync_dirs();
	return check_read(0, "first read");
}

static const __u64 kpf_ksm = 1ULL << 21;
static const __u64 kpf_compound = 3ULL << 15;	/* head or tail */

/* How many pages of a file have one of these flags in /proc/kpageflags? */
static int count_kpageflags(const struct file *f, __u64 mask)
{
	int fd = open("/proc/kpageflags", O_RDONLY);
	__u64 flags;
	size_t p;
	int n = 0;

	for (p = 0; p < pages(f); p++) {
		if (pread(fd, &flags, sizeof(flags), f->pfn[p] * 8) !=
		    sizeof(flags)) {
			n = -1;
			break;
		}
		n += !!(flags & mask);
	}
	close(fd);
	return n;
}

static unsigned long left_to_merge(void)
{
	int same;

	return unmerged(&same, false);
}

/* Merge all that is equal in the scene, and stop ksmd again. */
static int merge(void)
{
	int left, same;

	if (read_all())
		return FAIL;
	if (model_only)
		return PASS;
	left = run_ksmd(left_to_merge, seconds);
	unmerged(&same, left);
	if (left)
		return fail("%d equal pages not merged in %d s, %d are",
			    left, seconds, same);
	if (ksm_get("file_pages_sharing") < same)
		return fail("file_pages_sharing is %ld with %d slots merged",
			    ksm_get("file_pages_sharing"), same);
	return PASS;
}

/*
 * One file of the scene: pages 0..9 and a tail, behind @shift fresh pages.
 * Page 3 equals page 2 and page 8 equals page 1; 5 holds zeros, 6 is a hole.
 */
static int fill_scene_file(struct file *f, int shift, const char *text)
{
	static const int from[] = { 0, 1, 2, 2, 3, -1, -2, 4, 1, 5, 6 };
	size_t p, off, n;

	if (shift && fill(f, 0, ink(shift * PS), shift * PS))
		return FAIL;
	for (p = 0; p < ARRAY_SIZE(from); p++) {
		static const char zeros[PS];

		off = (p + shift) * PS;
		n = p == ARRAY_SIZE(from) - 1 ? TAIL : PS;
		if (from[p] == -2)
			continue;
		if (fill(f, off, from[p] < 0 ? zeros : text + from[p] * PS, n))
			return FAIL;
	}
	return PASS;
}

static void remove_scene(void)
{
	char path[PATH_MAX];

	while (nfiles)
		remove_file(files + --nfiles);
	/* left by op_snapshot() */
	snprintf(path, sizeof(path), "%s/" SNAPSHOT, dirs[0]);
	rmdir(path);
	sync_dirs();
}

/* Three equal files and one shifted by a page, in turn in both directories. */
static int make_scene(void)
{
	static char text[7 * PS];
	char name[32];
	int i;

	for (i = 0; i < 7; i++)
		memcpy(text + i * PS, ink(PS), PS);
	for (i = 0; i < NFILES; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		if (create_file(files + i, dirs[i % 2], name))
			return FAIL;
		nfiles++;
		if (fill_scene_file(files + i, i == NFILES - 1, text))
			return FAIL;
		/* where f2fs is told when to (compress_mode=user) */
		if (compressed)
			ioctl(files[i].fd, F2FS_IOC_COMPRESS_FILE);
	}
	return PASS;
}

/* A scene of @n equal files of @np fresh pages (@same: all the same page). */
static int make_files(int n, int np, bool same)
{
	char name[32];
	char *page;
	int i, p;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		if (create_file(files + i, dirs[i % 2], name))
			return FAIL;
		nfiles++;
	}
	page = ink(PS);
	for (p = 0; p < np; p++) {
		if (!same)
			page = ink(PS);
		for (i = 0; i < n; i++)
			if (fill(files + i, p * PS, page, PS))
				return FAIL;
	}
	return PASS;
}

/* ------------------------------------------------------------------------- */
/* operations that write; each one does the same to @f and to its model */

static int wrote(struct file *f, ssize_t ret, size_t off, const void *buf,
		 size_t n)
{
	if (ret != (ssize_t)n)
		return fail("%zd bytes written, not %zu", ret, n);
	want_bytes(f, off, buf, n);
	return PASS;
}

static int op_write(struct file *f)
{
	char *buf = ink(100);

	lseek(f->fd, AT + 123, SEEK_SET);
	return wrote(f, write(f->fd, buf, 100), AT + 123, buf, 100);
}

static int op_write_page(struct file *f)
{
	char *buf = ink(PS);

	return wrote(f, pwrite(f->fd, buf, PS, AT), AT, buf, PS);
}

static int op_pwrite_two(struct file *f)
{
	char *buf = ink(100);

	return wrote(f, pwrite(f->fd, buf, 100, AT + PS - 50), AT + PS - 50,
		     buf, 100);
}

static int op_append(struct file *f)
{
	char *buf = ink(50);
	int fd = reopen(f, O_WRONLY | O_APPEND);
	ssize_t ret = write(fd, buf, 50);

	close(fd);
	return wrote(f, ret, f->len, buf, 50);
}

static int op_writev(struct file *f)
{
	char *buf = ink(300);
	struct iovec iov[2] = { { buf, 100 }, { buf + 100, 200 } };

	lseek(f->fd, AT + 7, SEEK_SET);
	return wrote(f, writev(f->fd, iov, 2), AT + 7, buf, 300);
}

static int op_pwritev2(struct file *f)
{
	char *buf = ink(300);
	struct iovec iov[2] = { { buf, 100 }, { buf + 100, 200 } };

	return wrote(f, pwritev2(f->fd, iov, 2, AT + 9, RWF_DSYNC), AT + 9,
		     buf, 300);
}

static int op_write_from_map(struct file *f)
{
	/* the source is another slot of the same group, mapped */
	return wrote(f, pwrite(f->fd, f->map + (SLOT + 1) * PS, 200, AT + 77),
		     AT + 77, f->want + (SLOT + 1) * PS, 200);
}

static int op_splice(struct file *f)
{
	char *buf = ink(PS);
	loff_t off = AT;
	int pipefd[2];
	ssize_t ret;

	if (pipe(pipefd) || write(pipefd[1], buf, PS) != PS)
		return fail("pipe");
	ret = splice(pipefd[0], NULL, f->fd, &off, PS, 0);
	close(pipefd[0]);
	close(pipefd[1]);
	return wrote(f, ret, AT, buf, PS);
}

static int op_splice_move(struct file *f)
{
	int src = source(f, PS, 0);
	loff_t from = 0, to = AT;
	static char buf[PS];
	int pipefd[2];
	ssize_t ret;

	/* pages of one file's cache, moved into another file */
	if (pread(src, buf, PS, 0) != PS || pipe(pipefd))
		return fail("pipe");
	ret = splice(src, &from, pipefd[1], NULL, PS, 0);
	if (ret == PS)
		ret = splice(pipefd[0], NULL, f->fd, &to, PS, SPLICE_F_MOVE);
	close(pipefd[0]);
	close(pipefd[1]);
	close(src);
	return wrote(f, ret, AT, buf, PS);
}

static int op_sendfile(struct file *f)
{
	int src = source(f, 500, 0);
	char buf[500];
	ssize_t ret;
	off_t off = 0;

	if (pread(src, buf, 500, 0) != 500)
		return fail("source");
	lseek(f->fd, AT + 33, SEEK_SET);
	ret = sendfile(f->fd, src, &off, 500);
	close(src);
	return wrote(f, ret, AT + 33, buf, 500);
}

static int op_copy_file_range(struct file *f)
{
	int src = source(f, 500, 0);
	loff_t from = 0, to = AT + 44;
	char buf[500];
	ssize_t ret;

	if (pread(src, buf, 500, 0) != 500)
		return fail("source");
	ret = copy_file_range(src, &from, f->fd, &to, 500, 0);
	close(src);
	return wrote(f, ret, AT + 44, buf, 500);
}

static int op_dio_write(struct file *f)
{
	char *buf = ink(PS);
	int fd = reopen(f, O_WRONLY | O_DIRECT);
	ssize_t ret;

	if (fd < 0)
		return skip("no direct I/O here");
	ret = pwrite(fd, buf, PS, AT);
	close(fd);
	return wrote(f, ret, AT, buf, PS);
}

/* Read @n bytes of a source file into a shared mapping of @f. */
static int read_into_map(struct file *f, size_t at, size_t n, int flags)
{
	int src = source(f, n, flags);
	char *map = map_rw(f);
	char *buf = scratch;
	ssize_t ret;

	if (src < 0)
		return flags ? skip("no direct I/O here") : FAIL;
	if (pread(src, buf, n, 0) != (ssize_t)n || !map)
		return fail("source");
	ret = pread(src, map + at, n, 0);
	close(src);
	munmap(map, MAXLEN);
	return wrote(f, ret, at, buf, n);
}

static int op_dio_read_into_map(struct file *f)
{
	return read_into_map(f, AT, PS, O_DIRECT);
}

static int op_read_into_map(struct file *f)
{
	return read_into_map(f, AT + 100, 300, 0);
}

static int store(struct file *f, char *map, size_t at)
{
	char *buf = ink(64);

	if (!map)
		return fail("mmap");
	memcpy(map + at, buf, 64);
	want_bytes(f, at, buf, 64);
	return PASS;
}

static int op_store_cold(struct file *f)
{
	char *map = map_rw(f);
	int ret = store(f, map, AT + 11);

	munmap(map, MAXLEN);
	return ret;
}

static int op_store_warm(struct file *f)
{
	char *map = map_rw(f);
	int ret;

	if (map)
		touch(map + AT);
	ret = store(f, map, AT + 11);
	munmap(map, MAXLEN);
	return ret;
}

static int op_store_populated(struct file *f)
{
	char *map = mmap(NULL, MAXLEN, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, f->fd, 0);
	int ret = store(f, map == MAP_FAILED ? NULL : map, AT + 11);

	munmap(map, MAXLEN);
	return ret;
}

static int op_store_tail(struct file *f)
{
	char *map = map_rw(f);
	int ret = store(f, map, f->len - 64);

	munmap(map, MAXLEN);
	return ret;
}

static int op_store_msync(struct file *f)
{
	char *map = map_rw(f);
	int ret = store(f, map, AT + 11);

	if (msync(map, MAXLEN, MS_SYNC))
		ret = fail("msync");
	ret |= store(f, map, AT + 99);
	munmap(map, MAXLEN);
	return ret;
}

static int op_mprotect(struct file *f)
{
	char *map = mmap(NULL, MAXLEN, PROT_READ, MAP_SHARED, f->fd, 0);
	int ret;

	if (map == MAP_FAILED)
		return fail("mmap");
	pfn_at(map + AT);
	if (mprotect(map, MAXLEN, PROT_READ | PROT_WRITE))
		return fail("mprotect");
	ret = store(f, map, AT + 12);
	munmap(map, MAXLEN);
	return ret;
}

static int op_populate_write(struct file *f)
{
	char *map = map_rw(f);
	int ret = PASS;

	if (!map || madvise(map + AT, PS, MADV_POPULATE_WRITE))
		ret = fail("MADV_POPULATE_WRITE");
	else if (nfiles > 1 && sharers(f, SLOT))
		ret = fail("a slot mapped for writing is shared");
	else
		ret = store(f, map, AT + 13);
	munmap(map, MAXLEN);
	return ret;
}

static int op_fork_store(struct file *f)
{
	char *map = map_rw(f);
	char *buf = ink(64);
	int status;
	pid_t pid;

	if (!map)
		return fail("mmap");
	pfn_at(map + AT);
	pid = fork();
	if (!pid) {
		memcpy(map + AT + 14, buf, 64);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	munmap(map, MAXLEN);
	return wrote(f, status ? -1 : 64, AT + 14, buf, 64);
}

static int op_process_vm_writev(struct file *f)
{
	char *map = map_rw(f);
	char *buf = ink(200);
	struct iovec from = { buf, 200 }, to = { map + AT + 15, 200 };
	ssize_t ret = process_vm_writev(getpid(), &from, 1, &to, 1, 0);

	munmap(map, MAXLEN);
	if (process_vm_writev(getpid(), NULL, 0, NULL, 0, 0))
		return skip("process_vm_writev");
	return wrote(f, ret, AT + 15, buf, 200);
}

static ssize_t write_proc_mem(const char *addr, const void *buf, size_t n)
{
	int fd = open("/proc/self/mem", O_RDWR);
	ssize_t ret = pwrite(fd, buf, n, (unsigned long)addr);

	close(fd);
	return ret;
}

static int op_proc_mem(struct file *f)
{
	char *map = map_rw(f);
	char *buf = ink(200);
	ssize_t ret = write_proc_mem(map + AT + 16, buf, 200);

	munmap(map, MAXLEN);
	return wrote(f, ret, AT + 16, buf, 200);
}

static int op_ptrace(struct file *f)
{
	char *map = map_rw(f);
	long word;
	long ret;
	pid_t pid;

	memcpy(&word, ink(sizeof(word)), sizeof(word));
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, WUNTRACED);
	ret = ptrace(PTRACE_POKEDATA, pid, map + AT + 24, word);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(map, MAXLEN);
	return wrote(f, ret ? -1 : (ssize_t)sizeof(word), AT + 24, &word,
		     sizeof(word));
}

#define URING_OFF	INT_MIN

/* One io_uring request; returns what it returned. */
static int uring(struct io_uring_sqe *req, struct iovec *fixed)
{
	struct io_uring_params p = {};
	int fd = syscall(__NR_io_uring_setup, 1, &p);
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	char *sq, *cq;
	int ret;

	if (fd < 0)
		return URING_OFF;
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(__u32),
		  PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_CQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE,
		   MAP_SHARED, fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		return -errno;
	ret = fixed ? syscall(__NR_io_uring_register, fd,
			      IORING_REGISTER_BUFFERS, fixed, 1) : 0;
	if (!ret) {
		*sqe = *req;
		((__u32 *)(sq + p.sq_off.array))[0] = 0;
		__atomic_store_n((__u32 *)(sq + p.sq_off.tail), 1,
				 __ATOMIC_RELEASE);
		ret = syscall(__NR_io_uring_enter, fd, 1, 1,
			      IORING_ENTER_GETEVENTS, NULL, 0);
	}
	if (ret == 1) {
		cqe = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
		ret = cqe->res;
	} else {
		ret = -errno;
	}
	close(fd);
	return ret;
}

static int op_uring_write(struct file *f)
{
	char *buf = ink(100);
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE,
		.fd = f->fd,
		.addr = (unsigned long)buf,
		.len = 100,
		.off = AT + 17,
	};
	int ret = uring(&sqe, NULL);

	if (ret == URING_OFF)
		return skip("io_uring is off");
	return wrote(f, ret, AT + 17, buf, 100);
}

static int op_uring_read_into_map(struct file *f)
{
	int src = source(f, 100, 0);
	char *map = map_rw(f);
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ,
		.fd = src,
		.addr = (unsigned long)map + AT + 18,
		.len = 100,
	};
	char buf[100];
	int ret;

	if (!map || pread(src, buf, 100, 0) != 100)
		return fail("source");
	ret = uring(&sqe, NULL);
	close(src);
	munmap(map, MAXLEN);
	if (ret == URING_OFF)
		return skip("io_uring is off");
	return wrote(f, ret, AT + 18, buf, 100);
}

/*
 * Fixed buffers are long-term pins for writing, which the kernel refuses for
 * file systems that track dirty pages. Refused or not: the bytes are right.
 */
static int op_uring_fixed(struct file *f)
{
	int src = source(f, 100, 0);
	char *map = map_rw(f);
	struct iovec iov = { map + AT, PS };
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ_FIXED,
		.fd = src,
		.addr = (unsigned long)map + AT,
		.len = 100,
	};
	char buf[100];
	int ret;

	if (!map || pread(src, buf, 100, 0) != 100)
		return fail("source");
	ret = uring(&sqe, &iov);
	close(src);
	munmap(map, MAXLEN);
	if (ret == URING_OFF)
		return skip("io_uring is off");
	if (ret == -EFAULT || ret == -EOPNOTSUPP)
		return PASS;
	return wrote(f, ret, AT, buf, 100);
}

/* A long-term pin sees what the file holds, now and later. */
static int op_pin_longterm(struct file *f)
{
	int gup = open("/sys/kernel/debug/gup_test", O_RDWR);
	struct pin_longterm_test args = {
		.addr = (unsigned long)f->map + AT,
		.size = PS,
	};
	char *buf = scratch;
	__u64 addr = (unsigned long)buf;
	int ret = PASS;

	if (gup < 0)
		return skip("gup_test");
	if (ioctl(gup, PIN_LONGTERM_TEST_START, &args)) {
		close(gup);
		return fail("PIN_LONGTERM_TEST_START");
	}
	if (nfiles > 1 && (passes(1) || sharers(f, SLOT)))
		ret = fail("a pinned slot is shared");
	if (ioctl(gup, PIN_LONGTERM_TEST_READ, &addr) ||
	    memcmp(buf, f->want + AT, PS))
		ret = fail("a pin shows other bytes than the file");
	if (fill(f, AT + 5, ink(10), 10) ||
	    ioctl(gup, PIN_LONGTERM_TEST_READ, &addr) ||
	    memcmp(buf, f->want + AT, PS))
		ret = fail("a pin does not show what the file holds now");
	if (ioctl(gup, PIN_LONGTERM_TEST_STOP))
		ret = fail("PIN_LONGTERM_TEST_STOP");
	close(gup);
	return ret;
}

static int set_len(struct file *f, size_t len)
{
	if (ftruncate(f->fd, len))
		return fail("ftruncate");
	want_len(f, len);
	return PASS;
}

static int op_truncate_mid(struct file *f)
{
	return set_len(f, AT + 1000);
}

static int op_truncate_mid_up(struct file *f)
{
	size_t len = f->len;

	return set_len(f, AT + 1000) || set_len(f, len);
}

static int op_truncate_page_up(struct file *f)
{
	size_t len = f->len;

	return set_len(f, AT) || set_len(f, len);
}

static int op_truncate_zero_up(struct file *f)
{
	size_t len = f->len;

	return set_len(f, 0) || set_len(f, len);
}

/*
 * What was stored behind the end of files is zero when they grow.  They end in the
 * last page of a cluster, which f2fs compresses if all its pages are there.
 */
static int op_store_behind(struct file *f)
{
	const size_t at = 8 * PS, n = 4 * PS - TAIL;
	char *buf = ink(n), *map;
	int i, ret;

	if (on_fs(f->path, TMPFS_MAGIC))
		return skip("tmpfs shows it again, merged or not");
	for (i = 0; i < NFILES - 1; i++) {
		map = map_rw(files + i);
		if (!map || fill(files + i, at, buf, n))
			return fail("%s", files[i].path);
		memset(map + at + n, 0xaa, TAIL);
		ret = msync(map, MAXLEN, MS_SYNC);
		munmap(map, MAXLEN);
		if (ret)
			return fail("msync");
	}
	return merge() || set_len(f, f->len + 2 * PS);
}

static int op_extend(struct file *f)
{
	return set_len(f, f->len + PS + 10);
}

static int op_otrunc(struct file *f)
{
	int fd = reopen(f, O_WRONLY | O_TRUNC);

	if (fd < 0)
		return fail("O_TRUNC");
	close(fd);
	want_len(f, 0);
	return fill(f, 0, ink(2 * PS + 5), 2 * PS + 5);
}

static int falloc(struct file *f, int mode, size_t off, size_t n)
{
	if (!fallocate(f->fd, mode, off, n))
		return PASS;
	/* with bigalloc, ranges move by clusters */
	if (errno == EINVAL &&
	    mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE))
		return skip("fallocate mode %#x by a page", mode);
	return errno == EOPNOTSUPP ? skip("fallocate mode %#x", mode) :
		fail("fallocate mode %#x", mode);
}

static int falloc_zero(struct file *f, int mode, size_t off, size_t n)
{
	int ret = falloc(f, mode, off, n);

	if (!ret)
		want_zero(f, off, n);
	return ret;
}

#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static int op_punch(struct file *f)
{
	return falloc_zero(f, PUNCH, AT, PS);
}

static int op_punch_part(struct file *f)
{
	return falloc_zero(f, PUNCH, AT + 100, 50);
}

static int op_punch_unaligned(struct file *f)
{
	return falloc_zero(f, PUNCH, AT + 100, 2 * PS);
}

static int op_zero(struct file *f)
{
	return falloc_zero(f, FALLOC_FL_ZERO_RANGE, AT, PS);
}

static int op_zero_unaligned(struct file *f)
{
	return falloc_zero(f, FALLOC_FL_ZERO_RANGE, AT + 100, 2 * PS);
}

static int op_zero_keep_size(struct file *f)
{
	size_t off = f->len - 200;

	return falloc_zero(f, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
			   off, PS);
}

static int op_preallocate(struct file *f)
{
	int ret = falloc(f, 0, AT, PS);

	return ret ?: falloc(f, FALLOC_FL_KEEP_SIZE, f->len, 2 * PS);
}

static int op_madv_remove(struct file *f)
{
	char *map = map_rw(f);
	int ret = PASS;

	if (!map)
		return fail("mmap");
	if (madvise(map + AT, PS, MADV_REMOVE))
		ret = errno == EOPNOTSUPP ? skip("fallocate mode of MADV_REMOVE") :
					     fail("MADV_REMOVE");
	else
		want_zero(f, AT, PS);
	munmap(map, MAXLEN);
	return ret;
}

/* A page is referenced, or soft-dirty, when it was used since the last time. */
static int op_clear_refs(struct file *f)
{
	char *map = map_rw(f);
	size_t p, n = pages(f);
	int ret;

	if (!map)
		return fail("mmap");
	for (p = 0; p < n; p++)
		touch(map + p * PS);
	if (mapping_says(map, "Referenced:") <= 0 || write_text("/proc/self/clear_refs", "1") ||
	    mapping_says(map, "Referenced:"))
		return fail("%ld kB are referenced", mapping_says(map, "Referenced:"));
	if (!softdirty_supported()) {
		ret = store(f, map, AT + 11);
		munmap(map, MAXLEN);
		return ret;
	}
	clear_softdirty();
	for (p = 0; p < n; p++)
		if (pagemap_is_softdirty(pagemap_fd, map + p * PS))
			return fail("page %zu is soft-dirty", p);
	ret = store(f, map, AT + 11);
	for (p = 0; p < n && !ret; p++) {
		bool stored = p == SLOT;

		if (pagemap_is_softdirty(pagemap_fd, map + p * PS) != stored)
			ret = fail("page %zu is%s soft-dirty", p, stored ? " not" : "");
	}
	munmap(map, MAXLEN);
	return ret;
}

/* Which pages, as bits, were written to since they were asked for the last time? */
static int pages_written(const struct file *f, const char *map, unsigned long *bits)
{
	struct page_region regions[MAXLEN / PS];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC,
		.start = (unsigned long)map,
		.end = (unsigned long)map + pages(f) * PS,
		.vec = (unsigned long)regions,
		.vec_len = ARRAY_SIZE(regions),
		.category_mask = PAGE_IS_WRITTEN,
		.return_mask = PAGE_IS_WRITTEN,
	};
	int i, n = ioctl(pagemap_fd, PAGEMAP_SCAN, &arg);
	unsigned long at;

	*bits = 0;
	for (i = 0; i < n; i++)
		for (at = regions[i].start; at < regions[i].end; at += PS)
			*bits |= 1UL << ((at - arg.start) / PS);
	return n < 0 ? fail("PAGEMAP_SCAN") : PASS;
}

/* Who asks for the pages that were written to is told of a store, not of merging. */
static int op_pagemap_scan(struct file *f)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_WP_ASYNC };
	int uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	unsigned long first, merged, stored;
	char *map = map_rw(f);
	size_t p;
	int ret;

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api)) {
		munmap(map, MAXLEN);
		close(uffd);
		return skip("asynchronous userfaultfd");
	}
	reg.range.start = (unsigned long)map;
	reg.range.len = MAXLEN;
	if (!map || ioctl(uffd, UFFDIO_REGISTER, &reg))
		return fail("UFFDIO_REGISTER");
	for (p = 0; p < pages(f); p++)
		touch(map + p * PS);
	ret = pages_written(f, map, &first);
	if (!model_only) {
		ksm_set("run", 2);
		ksm_set("run", 0);
	}
	ret = ret || merge() || pages_written(f, map, &merged) || store(f, map, AT + 11) ||
	      pages_written(f, map, &stored);
	if (!ret && (first != (1UL << pages(f)) - 1 || merged || stored != 1UL << SLOT))
		ret = fail("pages written: at first %#lx, then %#lx, after a store %#lx", first,
			   merged, stored);
	munmap(map, MAXLEN);
	close(uffd);
	return ret;
}

static int op_collapse(struct file *f)
{
	int ret = falloc(f, FALLOC_FL_COLLAPSE_RANGE, AT, PS);

	if (!ret) {
		memmove(f->want + AT, f->want + AT + PS, f->len - AT - PS);
		want_len(f, f->len - PS);
	}
	return ret;
}

static int op_insert(struct file *f)
{
	int ret = falloc(f, FALLOC_FL_INSERT_RANGE, AT, PS);

	if (!ret) {
		memmove(f->want + AT + PS, f->want + AT, f->len - AT);
		f->len += PS;
		want_zero(f, AT, PS);
	}
	return ret;
}

/* The file and its clone are merged, and share blocks; either is written to. */
static int op_reflink(struct file *f)
{
	struct file *clone = files + nfiles;
	char *buf;

	if (create_file(clone, dirs[0], "clone"))
		return FAIL;
	nfiles++;
	if (ioctl(clone->fd, FICLONE, f->fd)) {
		remove_file(files + --nfiles);
		return errno == EOPNOTSUPP || errno == EINVAL ? skip("FICLONE") :
			fail("FICLONE");
	}
	memcpy(clone->want, f->want, f->len);
	clone->len = f->len;
	/* It comes onto ksmd's list within a second or so. */
	if (check_read(0, "read of a clone") || merge())
		return FAIL;
	buf = ink(100);
	if (fill(clone, AT + 10, buf, 100) || fsync(clone->fd))
		return FAIL;
	buf = ink(100);
	return fill(f, AT + 200, buf, 100);
}

/*
 * The file as it is in a snapshot is merged with it; either is written to. The
 * snapshot has all files of its folder, of which the others go.
 */
static int op_snapshot(struct file *f)
{
	struct btrfs_ioctl_vol_args args = { .name = SNAPSHOT };
	char path[PATH_MAX];
	int i, dir, ret;
	char *buf;

	dir = open(dirs[0], O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return fail("%s", dirs[0]);
	args.fd = dir;
	ret = ioctl(dir, BTRFS_IOC_SNAP_CREATE, &args);
	close(dir);
	if (ret)
		return errno == ENOTTY || errno == EOPNOTSUPP ?
			skip("BTRFS_IOC_SNAP_CREATE") :
			fail("BTRFS_IOC_SNAP_CREATE");
	for (i = nfiles - 1; i >= 0; i--) {
		snprintf(path, sizeof(path), "%s/" SNAPSHOT "/%s", dirs[0],
			 strrchr(files[i].path, '/') + 1);
		if (i && unlink(path) && errno != ENOENT)
			return fail("unlink %s", path);
	}
	nfiles++;
	if (open_file(files + nfiles - 1, path, O_RDWR))
		return FAIL;
	if (memcmp(files[nfiles - 1].want, f->want, f->len) ||
	    files[nfiles - 1].len != f->len)
		return fail("the snapshot differs");
	if (merge())
		return FAIL;
	look();
	if (files[nfiles - 1].pfn[SLOT] != f->pfn[SLOT])
		return fail("the snapshot is not merged");
	buf = ink(100);
	if (fill(files + nfiles - 1, AT + 10, buf, 100) ||
	    fsync(files[nfiles - 1].fd))
		return FAIL;
	buf = ink(100);
	return fill(f, AT + 200, buf, 100);
}

/* Blocks of another file take the place of merged pages. */
static int op_clone_range(struct file *f)
{
	struct file_clone_range range = {
		.src_length = 2 * PS,
		.dest_offset = AT,
	};
	static char buf[2 * PS];
	int ret;

	range.src_fd = source(f, 2 * PS, 0);
	if (pread(range.src_fd, buf, 2 * PS, 0) != 2 * PS)
		return fail("source");
	ret = ioctl(f->fd, FICLONERANGE, &range);
	close(range.src_fd);
	if (ret)
		return errno == EOPNOTSUPP || errno == EINVAL ?
			skip("FICLONERANGE") : fail("FICLONERANGE");
	want_bytes(f, AT, buf, 2 * PS);
	return PASS;
}

/* Equal pages, shared already: the same folio is compared with itself. */
static int op_dedupe(struct file *f)
{
	struct {
		struct file_dedupe_range range;
		struct file_dedupe_range_info info;
	} arg = {
		.range = { AT, 2 * PS, 1 },
		.info = { files[2].fd, AT },
	};

	if (ioctl(f->fd, FIDEDUPERANGE, &arg))
		return errno == EOPNOTSUPP || errno == EINVAL ?
			skip("FIDEDUPERANGE") : fail("FIDEDUPERANGE");
	if (arg.info.status == -EINVAL)	/* of an overlay, from what is below */
		return skip("FIDEDUPERANGE");
	if (arg.info.status != FILE_DEDUPE_RANGE_SAME ||
	    arg.info.bytes_deduped != 2 * PS)
		return fail("deduped %llu bytes, status %d",
			    (unsigned long long)arg.info.bytes_deduped,
			    arg.info.status);
	/* And pages that differ, one of them shared. */
	arg.info.dest_offset = AT + 2 * PS;
	if (ioctl(f->fd, FIDEDUPERANGE, &arg))
		return fail("FIDEDUPERANGE");
	return arg.info.status == FILE_DEDUPE_RANGE_DIFFERS ? PASS :
		fail("pages that differ were deduped");
}

static int op_move_extents(struct file *f)
{
	struct move_extent me = {};
	struct stat st;
	int donor = source(f, PS, 0);
	int ret;

	if (fstat(f->fd, &st) || fsync(f->fd) ||
	    fallocate(donor, 0, 0, pages(f) * PS)) {
		close(donor);
		return errno == EOPNOTSUPP ? skip("fallocate") : fail("donor");
	}
	me.donor_fd = donor;
	me.len = pages(f) * PS / st.st_blksize;
	ret = ioctl(f->fd, EXT4_IOC_MOVE_EXT, &me);
	close(donor);
	if (ret && (errno == EOPNOTSUPP || errno == ENOTTY))
		return skip("EXT4_IOC_MOVE_EXT");
	return ret ? fail("EXT4_IOC_MOVE_EXT") : PASS;
}

static int op_journal_data(struct file *f)
{
	int flags, i;

	for (i = 0; i < 2; i++) {
		if (ioctl(f->fd, FS_IOC_GETFLAGS, &flags))
			return errno == ENOTTY ? skip("FS_IOC_GETFLAGS") :
				fail("FS_IOC_GETFLAGS");
		flags ^= FS_JOURNAL_DATA_FL;
		if (ioctl(f->fd, FS_IOC_SETFLAGS, &flags))
			return errno == EOPNOTSUPP || errno == EPERM ?
				skip("FS_JOURNAL_DATA_FL") :
				fail("FS_JOURNAL_DATA_FL");
		if (fill(f, AT + 1 + i, ink(10), 10))
			return FAIL;
	}
	return PASS;
}

/* A loop device writes from inside the kernel. */
static int op_loop(struct file *f)
{
	int ctl = open("/dev/loop-control", O_RDWR);
	char *buf = ink(100);
	char path[64];
	int fd, n, ret;

	n = ctl < 0 ? -1 : ioctl(ctl, LOOP_CTL_GET_FREE);
	close(ctl);
	snprintf(path, sizeof(path), "/dev/loop%d", n);
	fd = n < 0 ? -1 : open(path, O_RDWR);
	if (fd < 0)
		return skip("%s", path);
	if (ioctl(fd, LOOP_SET_FD, f->fd)) {
		close(fd);
		return fail("LOOP_SET_FD");
	}
	ret = wrote(f, pwrite(fd, buf, 100, AT + 20), AT + 20, buf, 100);
	if (fsync(fd))
		ret = fail("fsync of a loop device");
	ioctl(fd, LOOP_CLR_FD);
	close(fd);
	return ret;
}

static int op_unlink(struct file *f)
{
	if (unlink(f->path))
		return fail("unlink");
	return fill(f, AT + 21, ink(10), 10);
}

static int op_rename_over(struct file *f)
{
	struct file *other = files + nfiles - 1;
	char from[PATH_MAX];

	/* the last file of the same directory loses its name */
	while (strncmp(other->path, f->path, strlen(dirs[0])))
		other--;
	snprintf(from, sizeof(from), "%s", f->path);
	if (rename(from, other->path))
		return fail("rename");
	return fill(f, AT + 22, ink(10), 10);
}

/* A verity file cannot change any more, and is not merged any more. */
static int op_verity(struct file *f)
{
	struct fsverity_enable_arg arg = {
		.version = 1,
		.hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
		.block_size = PS,
	};
	int ret;

	unmap_file(f);
	close(f->fd);
	f->fd = open(f->path, O_RDONLY);
	ret = ioctl(f->fd, FS_IOC_ENABLE_VERITY, &arg);
	if (map_file(f))
		return FAIL;
	if (ret)
		return errno == EOPNOTSUPP || errno == ENOTTY ?
			skip("FS_IOC_ENABLE_VERITY") :
			fail("FS_IOC_ENABLE_VERITY");
	if (check_read(0, "read of a verity file") || passes(2))
		return FAIL;
	return sharers(f, SLOT) ? fail("a verity page is shared") : PASS;
}

/* ------------------------------------------------------------------------- */
/* what only f2fs can do to a file */

static int f2fs_ioctl(const struct file *f, unsigned int cmd, void *arg,
		      const char *what)
{
	if (!ioctl(f->fd, cmd, arg))
		return PASS;
	/* of files that are compressed, or are not, it does not do all */
	return errno == EOPNOTSUPP || errno == EINVAL ? skip("%s", what) :
		fail("%s", what);
}

/* Blocks move, by way of the page cache of their files. */
static int f2fs_collect(struct file *f, __u32 sync)
{
	struct f2fs_gc_range range = { .sync = sync, .len = 1 };
	struct fiemap_extent old, new;
	struct statfs fs;
	int i, n, fd;

	if (find_extent(f, 0, &old) || statfs(f->path, &fs))
		return fail("statfs");
	/*
	 * The segment that is being filled is left alone: fill it.  That is the
	 * one for files of which few pages are dirty at a time, or which are
	 * compressed.
	 */
	fd = open(dirs[0], O_RDWR | O_TMPFILE, 0600);
	if (fd < 0 || (compressed && set_compressed(fd)))
		return fail("O_TMPFILE");
	ink(PS);
	for (i = 0; i < 4096; i++)
		if (pwrite(fd, ink_buf, PS, i * PS) != PS ||
		    (i % 8 == 0 && fsync(fd)))
			return fail("pwrite");
	if (compressed)
		ioctl(fd, F2FS_IOC_COMPRESS_FILE);
	sync_dirs();
	/* segment by segment, of which most have nothing in them */
	for (n = 0; range.start < fs.f_blocks; range.start += 512)
		n += !ioctl(f->fd, F2FS_IOC_GARBAGE_COLLECT_RANGE, &range);
	close(fd);
	sync_dirs();
	if (find_extent(f, 0, &new))
		return FAIL;
	return n && new.fe_physical != old.fe_physical ? PASS :
		fail("%d segments collected, and no page of this file", n);
}

static int op_f2fs_collect(struct file *f)
{
	return f2fs_collect(f, 1);
}

static int op_f2fs_collect_later(struct file *f)
{
	return f2fs_collect(f, 0);
}

static int op_f2fs_defragment(struct file *f)
{
	struct f2fs_defragment range = { .len = 8 * PS };
	const char *text = files[1].want;
	int i;

	/* the same once more, but on disk in another order */
	if (set_len(f, 0))
		return FAIL;
	for (i = 7; i >= 0; i--) {
		if (fill(f, i * PS, text + i * PS, PS))
			return FAIL;
		sync_dirs();
	}
	if (merge())
		return FAIL;
	i = f2fs_ioctl(f, F2FS_IOC_DEFRAGMENT, &range, "F2FS_IOC_DEFRAGMENT");
	return i || range.len ? i : fail("nothing was moved");
}

/* Pages of another file take the place of merged ones. */
static int op_f2fs_move_range(struct file *f)
{
	struct f2fs_move_range range = {
		.dst_fd = f->fd,
		.pos_out = AT,
		.len = 2 * PS,
	};
	struct file src = { .fd = source(f, 2 * PS, 0) };
	static char buf[2 * PS];
	int ret;

	if (pread(src.fd, buf, 2 * PS, 0) != 2 * PS)
		return fail("source");
	/* blocks that are in a checkpoint are copied in the page cache */
	sync_dirs();
	ret = f2fs_ioctl(&src, F2FS_IOC_MOVE_RANGE, &range,
			 "F2FS_IOC_MOVE_RANGE");
	close(src.fd);
	if (!ret)
		want_bytes(f, AT, buf, 2 * PS);
	return ret;
}

/*
 * What is written atomically is on disk, but not where the file is read from, until
 * it is committed.  So it must not be merged: truncation drops what is.
 */
static int op_f2fs_atomic(struct file *f)
{
	int ret = f2fs_ioctl(f, F2FS_IOC_START_ATOMIC_WRITE, NULL,
			     "F2FS_IOC_START_ATOMIC_WRITE");

	if (ret)
		return ret;
	if (fill(f, AT, f->want, PS))
		return FAIL;
	if (sync_file_range(f->fd, AT, PS, SYNC_FILE_RANGE_WRITE |
			    SYNC_FILE_RANGE_WAIT_AFTER))
		return fail("sync_file_range");
	if (passes(2))
		return FAIL;
	if (sharers(f, SLOT) > 0)
		return fail("what is written atomically is shared");
	ret = set_len(f, AT + 1000) || check_read(0, "read before the commit");
	return ret || f2fs_ioctl(f, F2FS_IOC_COMMIT_ATOMIC_WRITE, NULL,
				 "F2FS_IOC_COMMIT_ATOMIC_WRITE");
}

static int op_f2fs_abort(struct file *f)
{
	int ret = f2fs_ioctl(f, F2FS_IOC_START_ATOMIC_WRITE, NULL,
			     "F2FS_IOC_START_ATOMIC_WRITE");

	if (ret)
		return ret;
	if (pwrite(f->fd, ink(100), 100, AT) != 100)
		return fail("pwrite");
	return f2fs_ioctl(f, F2FS_IOC_ABORT_ATOMIC_WRITE, NULL,
			  "F2FS_IOC_ABORT_ATOMIC_WRITE");
}

/* A file whose blocks stay where they are, while its pages are merged. */
static int op_f2fs_pin(struct file *f)
{
	struct file *pinned = files + nfiles;
	__u32 pin = 1;
	int ret;

	if (create_file(pinned, dirs[0], "pinned"))
		return FAIL;
	nfiles++;
	ret = f2fs_ioctl(pinned, F2FS_IOC_SET_PIN_FILE, &pin,
			 "F2FS_IOC_SET_PIN_FILE");
	if (ret)
		return ret;
	if (fallocate(pinned->fd, 0, 0, 4 * PS))
		return fail("fallocate");
	if (fill(pinned, 0, f->want, 4 * PS) || merge() ||
	    fill(pinned, AT + 10, ink(100), 100) || fsync(pinned->fd))
		return FAIL;
	return fill(f, AT + 20, ink(100), 100);
}

/* All pages of clusters are read, and made dirty. */
static int op_f2fs_decompress(struct file *f)
{
	return f2fs_ioctl(f, F2FS_IOC_DECOMPRESS_FILE, NULL,
			  "F2FS_IOC_DECOMPRESS_FILE") ?:
	       f2fs_ioctl(f, F2FS_IOC_COMPRESS_FILE, NULL,
			  "F2FS_IOC_COMPRESS_FILE") ?:
	       fill(f, AT + 40, ink(100), 100);
}

/* A file gives blocks away that compression saved, and takes them back. */
static int op_f2fs_release(struct file *f)
{
	__u64 blocks;
	int ret = f2fs_ioctl(f, F2FS_IOC_RELEASE_COMPRESS_BLOCKS, &blocks,
			     "F2FS_IOC_RELEASE_COMPRESS_BLOCKS");

	if (ret)
		return ret;
	if (pwrite(f->fd, ink(10), 10, AT) != -1)
		return fail("a file without blocks was written to");
	return f2fs_ioctl(f, F2FS_IOC_RESERVE_COMPRESS_BLOCKS, &blocks,
			  "F2FS_IOC_RESERVE_COMPRESS_BLOCKS") ?:
	       fill(f, AT + 50, ink(100), 100);
}

/* ------------------------------------------------------------------------- */
/* operations that read, and must see the right bytes */

static int op_read(struct file *f)
{
	return check_read(0, "read");
}

static int op_preadv2_nowait(struct file *f)
{
	static char buf[PS];
	struct iovec iov = { buf, PS };
	ssize_t ret = preadv2(f->fd, &iov, 1, AT, RWF_NOWAIT);

	if (ret < 0 && errno == EOPNOTSUPP)
		return skip("RWF_NOWAIT");
	return ret == PS && !memcmp(buf, f->want + AT, PS) ? PASS :
		fail("RWF_NOWAIT on a page in cache: %zd", ret);
}

static int op_dio_read(struct file *f)
{
	return check_read(O_DIRECT, "direct read");
}

static int op_fault(struct file *f)
{
	return check_maps("mapping");
}

/* Without fault-around, and with MAP_PRIVATE. */
static int op_fault_each(struct file *f)
{
	char *map = mmap(NULL, MAXLEN, PROT_READ, MAP_PRIVATE, f->fd, 0);
	int ret;

	if (map == MAP_FAILED || madvise(map, MAXLEN, MADV_RANDOM))
		return fail("MADV_RANDOM");
	ret = check_bytes(f, map, "private mapping, page by page");
	munmap(map, MAXLEN);
	return ret;
}

static int op_private_store(struct file *f)
{
	char *map = mmap(NULL, MAXLEN, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			 f->fd, 0);
	char *buf = ink(64);
	int ret = PASS;

	if (map == MAP_FAILED)
		return fail("mmap");
	pfn_at(map + AT);
	memcpy(map + AT, buf, 64);
	memcpy(map + AT + PS, buf, 64);
	if (memcmp(map + AT, buf, 64) ||
	    memcmp(map + AT + 64, f->want + AT + 64, PS - 64))
		ret = fail("a private copy has the wrong bytes");
	munmap(map, MAXLEN);
	return ret;
}

static int op_proc_mem_private(struct file *f)
{
	char *map = mmap(NULL, MAXLEN, PROT_READ, MAP_PRIVATE, f->fd, 0);
	char *buf = ink(64);
	int ret = PASS;

	/* as a debugger sets a breakpoint: the process gets its own copy */
	if (map == MAP_FAILED || write_proc_mem(map + AT, buf, 64) != 64 ||
	    memcmp(map + AT, buf, 64))
		ret = fail("forced write to a private mapping");
	munmap(map, MAXLEN);
	return ret;
}

static int op_proc_mem_refused(struct file *f)
{
	if (write_proc_mem(f->map + AT, ink(64), 64) == 64)
		return fail("forced write to a shared read-only mapping");
	return PASS;
}

static int op_mincore(struct file *f)
{
	char *map = mmap(NULL, MAXLEN, PROT_READ, MAP_SHARED, f->fd, 0);
	unsigned char vec[MAXLEN / PS];
	size_t p;

	if (map == MAP_FAILED || mincore(map, MAXLEN, vec))
		return fail("mincore");
	munmap(map, MAXLEN);
	for (p = 0; p < pages(f); p++)
		if (!(vec[p] & 1))
			return fail("page %zu is not in core", p);
	return PASS;
}

static int op_cachestat(struct file *f)
{
	struct cachestat_range range = { 0, f->len };
	struct cachestat cs;

	if (on_fs(f->path, OVERLAYFS_SUPER_MAGIC))
		return skip("an overlay has no pages of its own");
	if (syscall(__NR_cachestat, -1, &range, &cs, 0) && errno != EBADF)
		return skip("cachestat");
	if (syscall(__NR_cachestat, f->fd, &range, &cs, 0))
		return fail("cachestat");
	return cs.nr_cache == pages(f) && !cs.nr_dirty && !cs.nr_writeback &&
	       !cs.nr_evicted ? PASS :
		fail("cachestat: %llu of %zu pages, %llu dirty, %llu evicted",
		     (unsigned long long)cs.nr_cache, pages(f),
		     (unsigned long long)cs.nr_dirty,
		     (unsigned long long)cs.nr_evicted);
}

static int op_seek(struct file *f)
{
	if (lseek(f->fd, 0, SEEK_HOLE) == (off_t)f->len)
		return skip("the filesystem does not know its holes");
	return lseek(f->fd, 0, SEEK_HOLE) == 6 * PS &&
	       lseek(f->fd, 6 * PS, SEEK_DATA) == 7 * PS ? PASS :
		fail("SEEK_HOLE: %ld", (long)lseek(f->fd, 0, SEEK_HOLE));
}

/* What is in a pipe stays what it was, although the slot changes. */
static int pipe_across_break(struct file *f, bool vm)
{
	static char buf[PS], old[PS];
	struct iovec iov = { f->map + AT, PS };
	loff_t off = AT;
	int pipefd[2];
	ssize_t ret;

	if (model_only)
		return skip("an unshared page changes in the pipe, too");
	memcpy(old, f->want + AT, PS);
	if (pipe(pipefd))
		return fail("pipe");
	ret = vm ? vmsplice(pipefd[1], &iov, 1, 0) :
		   splice(f->fd, &off, pipefd[1], NULL, PS, 0);
	if (ret != PS)
		return fail("splice of a shared page: %zd", ret);
	if (fill(f, AT + 30, ink(100), 100))
		return FAIL;
	ret = read(pipefd[0], buf, PS);
	close(pipefd[0]);
	close(pipefd[1]);
	return ret == PS && !memcmp(buf, old, PS) ? PASS :
		fail("a pipe does not hold the old bytes");
}

static int op_splice_held(struct file *f)
{
	return pipe_across_break(f, false);
}

static int op_vmsplice_held(struct file *f)
{
	return pipe_across_break(f, true);
}

static int op_sendfile_out(struct file *f)
{
	int out = source(f, 1, 0);
	static char buf[MAXLEN];
	off_t off = 0;
	int ret;

	lseek(out, 0, SEEK_SET);
	if (sendfile(out, f->fd, &off, f->len) != (ssize_t)f->len ||
	    pread(out, buf, MAXLEN, 0) != (ssize_t)f->len)
		ret = fail("sendfile");
	else
		ret = check_bytes(f, buf, "sendfile");
	close(out);
	return ret;
}

static int op_readahead(struct file *f)
{
	return readahead(f->fd, 0, f->len) ||
	       posix_fadvise(f->fd, 0, 0, POSIX_FADV_WILLNEED) ?
		fail("readahead") : PASS;
}

static int op_fadvise_dontneed(struct file *f)
{
	int ret;

	unmap_file(f);
	ret = posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (map_file(f))
		return FAIL;
	return ret ? fail("POSIX_FADV_DONTNEED") : PASS;
}

static int advise(struct file *f, int advice)
{
	if (!madvise(f->map, pages(f) * PS, advice))
		return PASS;
	return errno == EINVAL ? skip("madvise %d", advice) :
		fail("madvise %d", advice);
}

static int op_madv_dontneed(struct file *f)
{
	return advise(f, MADV_DONTNEED);
}

static int op_madv_willneed(struct file *f)
{
	return advise(f, MADV_WILLNEED);
}

static int op_madv_populate_read(struct file *f)
{
	return advise(f, MADV_POPULATE_READ);
}

static int op_madv_cold(struct file *f)
{
	return advise(f, MADV_COLD);
}

/* It is for anonymous memory. */
static int op_madv_free(struct file *f)
{
	if (!madvise(f->map, pages(f) * PS, MADV_FREE) || errno != EINVAL)
		return fail("MADV_FREE");
	return PASS;
}

/*
 * ksmd goes by files that are frozen.  Meanwhile the last user of one goes that has no
 * name: it is deleted when it thaws, and nobody may wait for that who is needed to thaw.
 */
static int op_freeze(struct file *f)
{
	int fd = open(dirs[0], O_RDONLY), status, ret;
	pid_t pid = fork();

	if (!pid) {
		if (source(f, 4 * PS, 0) >= 0)
			raise(SIGSTOP);
		_exit(1);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status) || fd < 0)
		return fail("a file without a name");
	/* equal pages of two files in the same directory */
	if (fill(f, AT, ink(PS), PS) || fill(f + 2, AT, ink_buf, PS))
		return FAIL;
	sync_dirs();
	if (ioctl(fd, FIFREEZE, 0)) {
		ret = errno == EOPNOTSUPP ? skip("FIFREEZE") : fail("FIFREEZE");
		kill(pid, SIGKILL);
	} else {
		ret = passes(1);
		kill(pid, SIGKILL);
		ret = ret || passes(2) || check_read(0, "read while frozen") ||
		      check_maps("mapping while frozen");
		look();
		if (!model_only && f->pfn[SLOT] == f[2].pfn[SLOT])
			ret = fail("ksmd merged what is frozen");
		if (ioctl(fd, FITHAW, 0))
			ksft_exit_fail_perror("FITHAW");
	}
	close(fd);
	waitpid(pid, NULL, 0);
	return ret ?: merge();
}

/* Nobody pages out what others use, too. */
static int op_madv_pageout(struct file *f)
{
	struct file *g;
	int ret;

	/* not the tests' own mappings: they would keep the pages */
	for (g = files + 1; g < files + nfiles; g++)
		madvise(g->map, MAXLEN, MADV_DONTNEED);
	ret = advise(f, MADV_PAGEOUT);
	for (g = files + 1; g < files + nfiles && !ret && !model_only; g++)
		ret = op_mincore(g);
	return ret;
}

/* A slot has another frame than before, and so have all that it was merged with. */
static int moved(const struct file *f, unsigned long before)
{
	int same;

	if (model_only)
		return PASS;
	if (unmerged(&same, true))
		return fail("what was merged is not any more");
	return f->pfn[SLOT] == before ? fail("the page did not move") : PASS;
}

static int op_soft_offline(struct file *f)
{
	unsigned long before = pfn_at(f->map + AT);

	if (model_only)
		return PASS;
	if (madvise(f->map + AT, PS, MADV_SOFT_OFFLINE))
		return errno == EINVAL ? skip("MADV_SOFT_OFFLINE") :
					 fail("MADV_SOFT_OFFLINE");
	return moved(f, before);
}

/* Every file reads its own page again, and merges it again, but not into bad memory. */
static int read_again(struct file *f, unsigned long pfn)
{
	if (sharers(f, SLOT))
		return fail("poisoned memory is still shared");
	return merge() || moved(f, pfn);
}

/* The page is clean: nobody is killed. */
static int op_hwpoison(struct file *f)
{
	unsigned long pfn = pfn_at(f->map + AT);

	if (on_tmpfs(f->path))
		return skip("a page of tmpfs is lost with its memory");
	if (madvise(f->map + AT, PS, MADV_HWPOISON))
		return errno == EINVAL ? skip("MADV_HWPOISON") :
					 fail("MADV_HWPOISON");
	return read_again(f, pfn);
}

/* The same by its frame, of a page that nobody maps, or uses in any other way. */
static int op_hwpoison_inject(struct file *f)
{
	unsigned long pfn = pfn_at(f->map + AT);
	int i, ret;

	if (on_tmpfs(f->path))
		return skip("a page of tmpfs is lost with its memory");
	for (i = 0; i < nfiles; i++)
		if (madvise(files[i].map, MAXLEN, MADV_DONTNEED))
			return fail("MADV_DONTNEED");
	ret = poison_frame(pfn);
	return ret ?: read_again(f, pfn);
}

/* The same of a page that is mapped by who wants to know at once when memory is lost. */
static int op_hwpoison_early(struct file *f)
{
	unsigned long pfn = pfn_at(f->map + AT);
	int status, ret;
	pid_t pid;

	if (on_tmpfs(f->path))
		return skip("a page of tmpfs is lost with its memory");
	pid = fork();
	if (!pid) {
		if (prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0))
			_exit(FAIL);
		touch(f->map + AT);
		raise(SIGSTOP);
		_exit(memcmp(f->map + AT, f->want + AT, PS) ? FAIL : PASS);
	}
	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return fail("child");
	ret = poison_frame(pfn);
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, 0) != pid || status)
		return fail("who wants to be told early: status %#x", status);
	return ret ?: read_again(f, pfn);
}

/* Move a page to a NUMA node. */
static int by_move_pages(void *addr, int node)
{
	int status = 0;

	if (syscall(__NR_move_pages, 0, 1, &addr, &node, &status, MPOL_MF_MOVE_ALL) < 0)
		return fail("move_pages");
	return status == node ? PASS :
		fail("move_pages to node %d: %d", node, status);
}

static int by_mbind(void *addr, int node)
{
	unsigned long mask = 1UL << node;

	return syscall(__NR_mbind, addr, PS, MPOL_BIND, &mask, 8 * sizeof(mask),
		       MPOL_MF_MOVE_ALL | MPOL_MF_STRICT) ? fail("mbind") : PASS;
}

/* The whole process moves. */
static int by_migrate_pages(void *addr, int node)
{
	unsigned long from = 3UL & ~(1UL << node), to = 1UL << node;

	return syscall(__NR_migrate_pages, 0, 8 * sizeof(to), &from, &to) < 0 ?
		fail("migrate_pages") : PASS;
}

static int migrate(struct file *f, int (*move)(void *addr, int node))
{
	void *addr = f->map + AT;
	int i;

	if (access(NODE_DIR "1", F_OK))
		return skip("no second node");
	for (i = 0; i < 3; i++) {
		unsigned long before = pfn_at(addr);
		int from = -1, to = -1;

		/* without nodes it only tells where the page is */
		if (syscall(__NR_move_pages, 0, 1, &addr, NULL, &from, 0) ||
		    move(addr, i % 2))
			return FAIL;
		touch(addr);
		if (syscall(__NR_move_pages, 0, 1, &addr, NULL, &to, 0) || to != i % 2)
			return fail("the page is on node %d, not %d", to, i % 2);
		if (from != to && moved(f, before))
			return FAIL;
	}
	return PASS;
}

static int op_move_pages(struct file *f)
{
	return migrate(f, by_move_pages);
}

static int op_mbind(struct file *f)
{
	return migrate(f, by_mbind);
}

static int op_migrate_pages(struct file *f)
{
	return migrate(f, by_migrate_pages);
}

/* The last node: what is there was plugged in, if all is well; nothing was reserved at boot. */
static int last_node(void)
{
	char path[64];
	int n = 0;

	do
		snprintf(path, sizeof(path), NODE_DIR "%d", ++n);
	while (!access(path, F_OK));
	return n - 1;
}

/* The whole block of memory that holds a merged page goes. */
static int op_offline(struct file *f)
{
	unsigned long before;
	long block;
	int ret;

	if (model_only)
		return PASS;
	if (block_pages() < 0)
		return skip("no memory hot-remove");
	if (last_node() && by_move_pages(f->map + AT, last_node()))
		return FAIL;
	before = pfn_at(f->map + AT);
	block = memory_block(before);
	ret = set_block(block, "offline");
	if (ret)
		return ret;
	ret = moved(f, before) || check_maps("mapping after memory went");
	return set_block(block, "online_movable") || ret;
}

/* How many pages are elsewhere than before?  But for the last file, all are merged. */
static int count_moved(void)
{
	static unsigned long before[NFILES + 1][MAXLEN / PS];
	int i, n = 0;
	size_t p;

	for (i = 0; i < nfiles; i++)
		memcpy(before[i], files[i].pfn, sizeof(before[i]));
	look();
	for (i = 0; i < nfiles - 1; i++)
		for (p = 0; p < pages(files + i); p++)
			n += files[i].pfn[p] != before[i][p];
	return n;
}

#define HOLES	4096		/* pages */
#define PCP_LIST "/proc/sys/vm/percpu_pagelist_high_fraction"

struct frame {
	unsigned long pfn;
	char *addr;
};

static int by_pfn(const void *a, const void *b)
{
	const struct frame *f = a, *g = b;

	return f->pfn < g->pfn ? -1 : f->pfn > g->pfn;
}

/* Merge the scene into memory at the beginning of @frames, and make holes at their end. */
static int merge_below(struct frame *frames, char *map)
{
	int i;

	for (i = 0; i < HOLES; i++) {
		frames[i].addr = map + i * PS;
		frames[i].pfn = pfn_at(frames[i].addr);
	}
	qsort(frames, HOLES, sizeof(*frames), by_pfn);
	/* the last one that is freed is the first to be used */
	for (i = HOLES / 4; i--; )
		madvise(frames[i].addr, PS, MADV_DONTNEED);
	ksm_set("run", 2);
	if (merge())
		return FAIL;
	for (i = HOLES / 2; i < HOLES; i += 2)
		madvise(frames[i].addr, PS, MADV_DONTNEED);
	look();
	return PASS;
}

static int compact_below(struct frame *frames, int *n)
{
	char *map = mmap(NULL, HOLES * PS, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int ret = map == MAP_FAILED || merge_below(frames, map) ||
		  write_text("/proc/sys/vm/compact_memory", "1") ? fail("compact_memory") : PASS;

	*n = count_moved();
	munmap(map, HOLES * PS);
	return ret;
}

/* Pages that are merged are moved, sooner or later, to holes behind them. */
static int op_compact(struct file *f)
{
	static struct frame frames[HOLES];
	int i, same, ret = PASS, n = 0;

	if (model_only || access("/proc/sys/vm/compact_memory", F_OK))
		return skip("compaction");
	/* a list of free pages for each CPU hides them from it: a short one */
	if (write_text(PCP_LIST, "1000000"))
		return fail(PCP_LIST);
	for (i = 0; i < 20 && !n && !ret; i++)
		ret = compact_below(frames, &n);
	ksft_print_msg("%d pages moved in turn %d\n", n, i);
	if (write_text(PCP_LIST, "0"))
		return fail(PCP_LIST);
	if (ret || unmerged(&same, true))
		return fail("what was merged is not any more");
	return n ? PASS : fail("nothing that is merged moved");
}

static int op_mlock(struct file *f)
{
	size_t p;
	int ret;

	if (mlock(f->map, pages(f) * PS))
		return fail("mlock");
	ret = check_maps("locked mapping") || passes(1) ||
	      check_maps("locked mapping after a pass");
	for (p = 0; p < pages(f) && !model_only && !ret; p++)
		if (sharers(f, p) > 0)
			ret = fail("page %zu is locked and shared", p);
	return munlock(f->map, pages(f) * PS) ? fail("munlock") : ret;
}

/* What is locked stays mapped, whatever is done to those it was merged with. */
static int lock_and_write(struct file *f, bool lock_first)
{
	char *map = mmap(NULL, MAXLEN, PROT_READ, MAP_SHARED, f->fd, 0);
	struct file *other = files + nfiles - 1;
	size_t p;
	int ret;

	if (map == MAP_FAILED)
		return fail("mmap");
	/* the page tables are empty, or full of merged pages */
	for (p = 0; p < pages(f) && !lock_first; p++)
		touch(map + p * PS);
	if (mlock2(map, pages(f) * PS, lock_first ? MLOCK_ONFAULT : 0))
		return fail("mlock2");
	for (p = 0; p < pages(f) && lock_first; p++)
		touch(map + p * PS);
	ret = wrote(other, pwrite(other->fd, ink(PS), PS, AT), AT, ink_buf, PS);
	if (!model_only) {
		ksm_set("run", 2);
		ksm_set("run", 0);
		forget();
	}
	for (p = 0; p < pages(f) && !ret; p++)
		if (pagemap_get_pfn(pagemap_fd, map + p * PS) == -1UL)
			ret = fail("locked page %zu is not mapped any more", p);
	munmap(map, MAXLEN);
	return ret;
}

static int op_mlock_merged(struct file *f)
{
	return lock_and_write(f, false);
}

static int op_mlock_onfault(struct file *f)
{
	return lock_and_write(f, true);
}

static int op_mremap(struct file *f)
{
	char *to = mmap(NULL, MAXLEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	f->map = mremap(f->map, MAXLEN, MAXLEN, MREMAP_MAYMOVE | MREMAP_FIXED,
			to);
	return f->map == to ? PASS : fail("mremap");
}

static int op_fork(struct file *f)
{
	int status;
	pid_t pid;

	look();
	pid = fork();
	if (!pid)
		_exit(check_maps("mapping after fork"));
	waitpid(pid, &status, 0);
	return status ? FAIL : PASS;
}

static int op_core_dump(struct file *f)
{
	static char buf[PS];
	const struct rlimit lim = { RLIM_INFINITY, RLIM_INFINITY };
	char path[PATH_MAX], pattern[PATH_MAX];
	int found = 0;
	pid_t pid;
	FILE *core;

	snprintf(path, sizeof(path), "%s/core", dirs[1]);
	if (read_text("/proc/sys/kernel/core_pattern", pattern,
		      sizeof(pattern)) ||
	    write_text("/proc/sys/kernel/core_pattern", path))
		return skip("core_pattern");
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &lim);
		/* shared and private file mappings too */
		if (write_text("/proc/self/coredump_filter", "0xff"))
			_exit(1);
		look();
		abort();
	}
	waitpid(pid, NULL, 0);
	write_text("/proc/sys/kernel/core_pattern", pattern);
	core = fopen(path, "r");
	while (core && fread(buf, PS, 1, core) == 1)
		found += !memcmp(buf, f->want + AT, PS);
	if (core)
		fclose(core);
	unlink(path);
	return found >= 2 ? PASS : fail("%d copies of a page in core", found);
}

static long futex(void *addr, int op, int val, const struct timespec *t)
{
	return syscall(__NR_futex, addr, op, val, t, NULL, 0);
}

/*
 * Wait on a read-only mapping of one slot, merge before or after the wait
 * began, and wake: the other slots of the group must not wake it, a writable
 * mapping of its own slot must.
 */
static int futex_across(struct file *f, bool merge_first)
{
	const struct timespec limit = { .tv_sec = seconds };
	char *rw = map_rw(f), *other;
	struct file *g;
	int status, val;
	pid_t pid;
	long woken = 0;
	int i;

	if (!rw)
		return fail("mmap");
	if (!merge_first) {
		ksm_set("run", 2);
		ksm_set("run", 0);
	}
	memcpy(&val, f->want + AT, sizeof(val));
	pid = fork();
	if (!pid) {
		pfn_at(f->map + AT);
		_exit(futex(f->map + AT, FUTEX_WAIT, val, &limit) ? errno : 0);
	}
	usleep(200000);
	if (!merge_first && merge()) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		munmap(rw, MAXLEN);
		return FAIL;
	}
	for (g = files; g < files + nfiles; g++) {
		if (g == f)
			continue;
		other = map_rw(g);
		pfn_at(g->map + AT);
		woken += futex(g->map + AT, FUTEX_WAKE, 1, NULL);
		woken += futex(other + AT, FUTEX_WAKE, 1, NULL);
		munmap(other, MAXLEN);
	}
	woken += futex(f->map + AT + PS, FUTEX_WAKE, 1, NULL);
	if (woken)
		fail("another slot woke a waiter");
	for (i = 0; i < 50 && woken < 1; i++) {
		woken = futex(i % 2 ? f->map + AT : rw + AT, FUTEX_WAKE, 1,
			      NULL);
		if (woken < 1)
			usleep(100000);
	}
	if (i > 1)
		fail("%d wakes needed", i);
	if (woken < 1)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	munmap(rw, MAXLEN);
	/* breaking the other slots is what FUTEX_WAKE may do */
	return woken == 1 && i == 1 && !status && !merge() ? PASS :
		fail("the waiter was not woken (status %#x)", status);
}

static int op_futex_merged(struct file *f)
{
	return futex_across(f, true);
}

static int op_futex_then_merged(struct file *f)
{
	return futex_across(f, false);
}

/* What must hold for page frames after an operation. */
enum {
	OTHERS_STAY = 0,	/* slots of other files keep their frame */
	ALL_STAY = 1,		/* slots of this file too */
	FRESH = 2,		/* the slot got a frame of its own */
	ANY = 4,		/* frames may change, bytes may not */
	INPLACE = 8,		/* changes bytes of the file only: for -c */
	F2FS = 16,		/* is not there elsewhere */
	READS = 32,		/* asks for no right to write */
};

#define BREAKS	(FRESH | INPLACE)

static const struct op {
	const char *name;
	int (*fn)(struct file *f);
	int rule;
} ops[] = {
	{ "write", op_write, BREAKS },
	{ "write of a whole page", op_write_page, BREAKS },
	{ "pwrite over two pages", op_pwrite_two, BREAKS },
	{ "append", op_append, INPLACE },
	{ "writev", op_writev, BREAKS },
	{ "pwritev2", op_pwritev2, BREAKS },
	{ "write from a mapping of the same group", op_write_from_map, BREAKS },
	{ "splice", op_splice, BREAKS },
	{ "splice of cache pages", op_splice_move, BREAKS },
	{ "sendfile", op_sendfile, BREAKS },
	{ "copy_file_range", op_copy_file_range, BREAKS },
	{ "O_DIRECT write", op_dio_write, BREAKS },
	{ "O_DIRECT read into a mapping", op_dio_read_into_map, BREAKS },
	{ "read into a mapping", op_read_into_map, BREAKS },
	{ "store, not mapped before", op_store_cold, BREAKS },
	{ "store, mapped for reading before", op_store_warm, BREAKS },
	{ "store to a populated mapping", op_store_populated, BREAKS },
	{ "store to the last page", op_store_tail, INPLACE },
	{ "store, msync, store", op_store_msync, BREAKS },
	{ "mprotect and store", op_mprotect, BREAKS },
	{ "MADV_POPULATE_WRITE and store", op_populate_write, BREAKS },
	{ "store by a child", op_fork_store, BREAKS },
	{ "process_vm_writev", op_process_vm_writev, BREAKS },
	{ "/proc/self/mem", op_proc_mem, BREAKS },
	{ "ptrace", op_ptrace, BREAKS },
	{ "io_uring write", op_uring_write, BREAKS },
	{ "io_uring read into a mapping", op_uring_read_into_map, BREAKS },
	{ "io_uring fixed buffer", op_uring_fixed, INPLACE },
	{ "long-term pin", op_pin_longterm, FRESH },
	{ "truncate into a page", op_truncate_mid, BREAKS },
	{ "truncate into a page and extend", op_truncate_mid_up, BREAKS },
	{ "truncate at a page and extend", op_truncate_page_up, INPLACE },
	{ "truncate to zero and extend", op_truncate_zero_up, INPLACE },
	{ "extend", op_extend, INPLACE },
	{ "store behind the end, extend", op_store_behind, ANY },
	{ "O_TRUNC", op_otrunc, INPLACE },
	{ "punch a page", op_punch, INPLACE },
	{ "punch within a page", op_punch_part, BREAKS },
	{ "punch unaligned", op_punch_unaligned, BREAKS },
	{ "zero a page", op_zero, INPLACE },
	{ "zero unaligned", op_zero_unaligned, BREAKS },
	{ "zero the end, keep size", op_zero_keep_size, INPLACE },
	{ "preallocate", op_preallocate, INPLACE },
	{ "MADV_REMOVE", op_madv_remove, INPLACE },
	{ "clear_refs", op_clear_refs, BREAKS },
	{ "PAGEMAP_SCAN with asynchronous userfaultfd", op_pagemap_scan, ANY | FRESH },
	{ "collapse", op_collapse, INPLACE },
	{ "insert", op_insert, INPLACE },
	{ "move extents", op_move_extents, OTHERS_STAY },
	{ "reflink, then write to both", op_reflink, ANY },
	{ "clone a range into the file", op_clone_range, ANY },
	{ "snapshot, then write to both", op_snapshot, ANY },
	{ "dedupe of merged pages", op_dedupe, ANY },
	{ "journal data", op_journal_data, FRESH },
	{ "loop device", op_loop, BREAKS },
	{ "unlink, then write", op_unlink, FRESH },
	{ "rename over a sharer, then write", op_rename_over, FRESH },
	{ "verity", op_verity, OTHERS_STAY },
	{ "splice to a pipe, then write", op_splice_held, FRESH },
	{ "vmsplice to a pipe, then write", op_vmsplice_held, FRESH },

	{ "f2fs: garbage collection", op_f2fs_collect, F2FS | ANY },
	{ "f2fs: garbage collection by writeback", op_f2fs_collect_later, F2FS | ANY },
	{ "f2fs: defragment", op_f2fs_defragment, F2FS | ANY },
	{ "f2fs: move range", op_f2fs_move_range, F2FS | FRESH },
	{ "f2fs: atomic write", op_f2fs_atomic, F2FS | FRESH },
	{ "f2fs: atomic write, aborted", op_f2fs_abort, F2FS | FRESH },
	{ "f2fs: pinned file", op_f2fs_pin, F2FS | ANY },
	{ "f2fs: decompress and compress", op_f2fs_decompress, F2FS | FRESH },
	{ "f2fs: release compressed blocks", op_f2fs_release, F2FS | FRESH },

	{ "read", op_read, ALL_STAY | READS },
	{ "RWF_NOWAIT read", op_preadv2_nowait, ALL_STAY | READS },
	{ "O_DIRECT read", op_dio_read, ALL_STAY | READS },
	{ "fault-around", op_fault, ALL_STAY | READS },
	{ "fault page by page", op_fault_each, ALL_STAY | READS },
	{ "store to a private mapping", op_private_store, ALL_STAY | READS },
	{ "/proc/self/mem to a private mapping", op_proc_mem_private, ALL_STAY | READS },
	{ "/proc/self/mem refused", op_proc_mem_refused, ALL_STAY | READS },
	{ "mincore", op_mincore, ALL_STAY | READS },
	{ "cachestat", op_cachestat, ALL_STAY | READS },
	{ "SEEK_DATA and SEEK_HOLE", op_seek, ALL_STAY },
	{ "sendfile from a merged file", op_sendfile_out, ALL_STAY },
	{ "readahead", op_readahead, ALL_STAY | READS },
	{ "POSIX_FADV_DONTNEED", op_fadvise_dontneed, READS },
	{ "MADV_DONTNEED", op_madv_dontneed, ALL_STAY | READS },
	{ "MADV_WILLNEED", op_madv_willneed, ALL_STAY | READS },
	{ "MADV_POPULATE_READ", op_madv_populate_read, ALL_STAY | READS },
	{ "MADV_COLD", op_madv_cold, ALL_STAY | READS },
	{ "MADV_FREE", op_madv_free, ALL_STAY | READS },
	{ "freeze", op_freeze, ANY },
	{ "MADV_PAGEOUT", op_madv_pageout, ANY | READS },
	{ "soft offline", op_soft_offline, ANY | READS },
	{ "hwpoison", op_hwpoison, ANY | READS },
	{ "hwpoison, not mapped", op_hwpoison_inject, ANY | READS },
	{ "hwpoison, early", op_hwpoison_early, ANY | READS },
	{ "move_pages", op_move_pages, ANY | READS },
	{ "mbind", op_mbind, ANY | READS },
	{ "migrate_pages", op_migrate_pages, ANY | READS },
	{ "memory offline", op_offline, ANY | READS },
	{ "compaction", op_compact, ANY | READS },
	{ "mlock", op_mlock, ANY | READS },
	{ "mlock of merged pages", op_mlock_merged, ANY },
	{ "mlock2(MLOCK_ONFAULT)", op_mlock_onfault, ANY },
	{ "mremap", op_mremap, ALL_STAY | READS },
	{ "fork", op_fork, ALL_STAY | READS },
	{ "core dump", op_core_dump, ALL_STAY },
	{ "futex wake after merge", op_futex_merged, ANY },
	{ "merge between futex wait and wake", op_futex_then_merged, ANY },
};

static int check_frames(struct file *t, int rule)
{
	static unsigned long before[NFILES + 1][MAXLEN / PS];
	struct file *f;
	size_t p, len;
	int i;

	if (model_only)
		return PASS;
	for (i = 0; i < nfiles; i++)
		memcpy(before[i], files[i].pfn, sizeof(before[i]));
	len = t->len;
	if (rule & FRESH && len > AT && sharers(t, SLOT))
		return fail("the written slot is still shared");
	look();
	for (f = files; f < files + nfiles && !(rule & ANY); f++) {
		if (f == t && !(rule & ALL_STAY))
			continue;
		for (p = 0; p < pages(f); p++)
			if (f->pfn[p] != before[f - files][p])
				return fail("%s: page %zu was broken too",
					    f->path, p);
	}
	return PASS;
}

/* Do it to the first of the files, which are merged. */
static int do_op(const struct op *op)
{
	static unsigned long merged[NFILES + 1][MAXLEN / PS];
	struct file *t = files;
	int i, ret;

	look();
	for (i = 0; i < nfiles; i++)
		memcpy(merged[i], files[i].pfn, sizeof(merged[i]));
	ret = op->fn(t);
	if (ret == FAIL)
		return FAIL;
	/* operations look too: compare with what was right after the merge */
	for (i = 0; i < nfiles; i++)
		memcpy(files[i].pfn, merged[i], sizeof(merged[i]));
	if (!ret && check_frames(t, op->rule))
		return FAIL;
	if (check_read(0, "read") || check_maps("mapping") || check_cold())
		return FAIL;
	return ret;
}

static int run_op(const struct op *op)
{
	struct fiemap_extent extent;

	if (op->rule & F2FS && !on_fs(dirs[0], F2FS_SUPER_MAGIC))
		return skip("not on f2fs");
	if (make_scene() || merge())
		return FAIL;
	if (compressed && (find_extent(files, 0, &extent) ||
			   !(extent.fe_flags & FIEMAP_EXTENT_ENCODED)))
		return fail("%s is not compressed", files[0].path);
	return do_op(op);
}

/* ------------------------------------------------------------------------- */
/* tests that need a scene of their own */

static int test_words(void)
{
	static const char * const words[] = { "always", "madvise", "never" };
	static const char * const bad[] = {
		"", "alway", "alwaysx", "always madvise", "[never]", "1", "-1",
		"always\nnever", "\377\377", " ",
		"nevernevernevernevernevernevernevernevernevernevernevernever",
	};
	char buf[128], want[64];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		snprintf(buf, sizeof(buf), "%s\n", words[i]);
		if (ksm_write("file", i % 2 ? buf : words[i]))
			return fail("write %s", words[i]);
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			errno = 0;
			if (*bad[j] && (!ksm_write("file", bad[j]) ||
					errno != EINVAL))
				return fail("'%s' was taken", bad[j]);
		}
		snprintf(want, sizeof(want), "%s %s %s",
			 i == 0 ? "[always]" : "always",
			 i == 1 ? "[madvise]" : "madvise",
			 i == 2 ? "[never]" : "never");
		if (read_text(KSM_DIR "file", buf, sizeof(buf)) ||
		    strcmp(buf, want))
			return fail("'%s' is not '%s'", buf, want);
	}
	return PASS;
}

static int test_knobs(void)
{
	static const char * const bad[] = { "3", "-1", "x", "99999999999" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (!ksm_write("run", bad[i]))
			return fail("run took '%s'", bad[i]);
	if (!ksm_write("max_page_sharing", "1"))
		return fail("max_page_sharing took 1");
	return PASS;
}

static int test_counters_read_only(void)
{
	struct dirent *d;
	DIR *dir = opendir(KSM_DIR);
	int n = 0;

	if (!dir)
		return fail("opendir");
	while ((d = readdir(dir))) {
		if (strncmp(d->d_name, "file_", 5))
			continue;
		n++;
		if (!ksm_write(d->d_name, "0"))
			return fail("%s can be written", d->d_name);
		if (ksm_get(d->d_name) < 0)
			return fail("%s is negative", d->d_name);
	}
	closedir(dir);
	return n >= 8 ? PASS : fail("%d counters", n);
}

static int as_nobody(void)
{
	char buf[128];

	if (setgid(NOBODY) || setuid(NOBODY))
		return fail("setuid");
	/* debugfs lets nobody in: neither are groups for all to see */
	if (refused(KSM_DIR))
		return FAIL;
	if (!access(PAGE_WP_DIR, F_OK))
		return fail("nobody can see " PAGE_WP_DIR);
	return read_text(KSM_DIR "file", buf, sizeof(buf)) ?
		fail("nobody cannot read file") : PASS;
}

static int test_permissions(void)
{
	return in_child(as_nobody);
}

static long meminfo_kb(const char *key)
{
	char line[128];
	long kb = -1;
	FILE *fp;

	/* what CPUs have not added up yet */
	write_text("/proc/sys/vm/stat_refresh", "1");
	fp = fopen("/proc/meminfo", "r");
	while (fp && fgets(line, sizeof(line), fp))
		if (!strncmp(line, key, strlen(key)))
			sscanf(line + strlen(key), ": %ld", &kb);
	if (fp)
		fclose(fp);
	return kb;
}

/* What the counters claim was saved has left the page cache. */
static int test_counters(void)
{
	const char *key = on_tmpfs(dirs[0]) ? "Shmem" : "Cached";
	const int n = 4, np = MAXLEN / PS;
	long cached, sharing, shared, drop;

	/* what the filesystem itself keeps in the cache comes once */
	if (make_files(n, np, false) || read_all() || read_all())
		return FAIL;
	cached = meminfo_kb(key);
	sharing = ksm_get("file_pages_sharing");
	shared = ksm_get("file_pages_shared");
	if (merge())
		return FAIL;
	drop = (cached - meminfo_kb(key)) * 1024 / (long)PS;
	sharing = ksm_get("file_pages_sharing") - sharing;
	shared = ksm_get("file_pages_shared") - shared;
	if (shared != np || sharing != (n - 1) * np)
		return fail("%ld shared, %ld sharing; not %d, %d", shared,
			    sharing, np, (n - 1) * np);
	if (ksm_get("file_bytes_saved") !=
	    ksm_get("file_pages_sharing") * (long)PS)
		return fail("file_bytes_saved is %ld",
			    ksm_get("file_bytes_saved"));
	if (ksm_get("file_metadata_bytes") < 8 * n * np)
		return fail("file_metadata_bytes is %ld",
			    ksm_get("file_metadata_bytes"));
	/* a program's own pages come and go: a tenth */
	return labs(drop - sharing) <= sharing / 10 ? PASS :
		fail("page cache shrank by %ld pages, not %ld", drop, sharing);
}

/* /proc tells which pages are merged, and how often that happened. */
static int test_proc(void)
{
	long merged = read_vmstat("page_wp_merge");
	long broken = read_vmstat("page_wp_break");
	long sharing = ksm_get("file_pages_sharing");
	struct file *f;
	size_t p;
	int want;

	if (merged < 0 || broken < 0)
		return fail("no page_wp_merge or page_wp_break in vmstat");
	if (make_scene() || merge())
		return FAIL;
	for (f = files; f < files + nfiles; f++) {
		want = 0;
		for (p = 0; p < pages(f); p++)
			want += sharers(f, p) > 0;
		if (count_kpageflags(f, kpf_ksm) != want)
			return fail("%s: kpageflags: %d pages, not %d", f->path,
				    count_kpageflags(f, kpf_ksm), want);
		if (mapping_says(f->map, "KSM:") != want * (long)PS / 1024)
			return fail("%s: smaps: %ld kB, not %d pages", f->path,
				    mapping_says(f->map, "KSM:"), want);
	}
	if (read_vmstat("page_wp_merge") - merged <
	    ksm_get("file_pages_sharing") - sharing)
		return fail("vmstat: %ld merges",
			    read_vmstat("page_wp_merge") - merged);

	merged = ksm_get("file_pages_broken");
	broken = read_vmstat("page_wp_break");
	ksm_set("run", 2);
	ksm_set("run", 0);
	look();
	for (f = files; f < files + nfiles; f++)
		if (count_kpageflags(f, kpf_ksm) || mapping_says(f->map, "KSM:"))
			return fail("%s: still merged after run=2", f->path);
	merged = ksm_get("file_pages_broken") - merged;
	broken = read_vmstat("page_wp_break") - broken;
	return broken == merged && broken ? PASS :
		fail("%ld breaks in vmstat, %ld in file_pages_broken", broken,
		     merged);
}

/* What debugfs says of the group of a page, or -1; debugging kernels have that. */
static int read_group(unsigned long pfn, char *line, size_t n)
{
	FILE *fp = fopen(PAGE_WP_DIR "groups", "r");
	char head[64];
	bool found = false;

	if (!fp)
		return -1;
	snprintf(head, sizeof(head), "pfn %#lx ", pfn);
	while (!found && fgets(line, n, fp))
		found = !strncmp(line, head, strlen(head));
	fclose(fp);
	return found ? 0 : -1;
}

static unsigned long inode(const struct file *f)
{
	struct stat st;

	return fstat(f->fd, &st) ? 0 : st.st_ino;
}

/*
 * How often does a group name page SLOT of an inode?  There are two filesystems, and what
 * stat() has for their devices need not be what the kernel has.
 */
static int named(const char *line, unsigned long ino)
{
	char slot[64];
	int n = 0;

	snprintf(slot, sizeof(slot), ":%lu, %d)", ino, SLOT);
	while ((line = strstr(line, slot))) {
		line++;
		n++;
	}
	return n;
}

/* The dump of a group names all its slots, and counts its references. */
static int test_group(void)
{
	struct file *f, *g;
	char line[1024];
	int want, refs, expected, sharing, slots;

	if (access(PAGE_WP_DIR "groups", F_OK))
		return skip("dump of groups");
	if (make_scene() || merge())
		return FAIL;
	sharing = sharers(files, SLOT) + 1;
	/* What CPUs have of it goes. */
	evict();
	if (read_group(files->pfn[SLOT], line, sizeof(line)))
		return fail("no group has pfn %#lx", files->pfn[SLOT]);
	if (sscanf(line, "%*s %*s refs %d expected %d mapped %*d hash %*s slots %d:", &refs,
		   &expected, &slots) != 3 || refs != expected)
		return fail("%s", line);
	if (slots != sharing || sharing < 2)
		return fail("not %d slots: %s", sharing, line);
	for (f = files; f < files + nfiles; f++) {
		want = 0;
		for (g = files; g < files + nfiles; g++)
			want += inode(g) == inode(f) && g->pfn[SLOT] == files->pfn[SLOT];
		if (named(line, inode(f)) != want)
			return fail("not %d slots of inode %lu: %s", want, inode(f), line);
	}
	want = named(line, inode(files));
	/* A slot that is written is no longer in it. */
	if (fill(files, AT, ink(10), 10) || fsync(files->fd))
		return fail("write");
	evict();
	if (read_group(files[1].pfn[SLOT], line, sizeof(line)) ||
	    sscanf(strstr(line, "slots"), "slots %d:", &slots) != 1 || slots != sharing - 1)
		return fail("after a write: %s", line);
	return named(line, inode(files)) == want - 1 ? PASS :
		fail("not %d slots of inode %lu: %s", want - 1, inode(files), line);
}

/* A large folio stays one until a page turns up that is equal to one of its. */
static int test_large(void)
{
	struct file *f = files;
	static char buf[PS];
	int i, large, p, same;
	long hashed;

	if (make_files(1, MAXLEN / PS, false))
		return FAIL;
	sync_dirs();
	unmap_file(f);
	forget();
	for (p = 0; p < (int)pages(f); p++)
		if (pread(f->fd, buf, PS, p * PS) != PS)
			return fail("read");
	if (map_file(f))
		return FAIL;
	look();
	hashed = ksm_get("file_pages_hashed") + pages(f);
	large = count_kpageflags(f, kpf_compound);
	if (!large)
		return skip("no large folios");
	for (i = 0; i < seconds && ksm_get("file_pages_hashed") < hashed; i++)
		if (passes(50))
			return FAIL;
	if (ksm_get("file_pages_hashed") < hashed)
		return fail("ksmd did not read all pages");
	look();
	if (count_kpageflags(f, kpf_compound) != large)
		return fail("%d pages were in large folios, now %d", large,
			    count_kpageflags(f, kpf_compound));

	if (create_file(f + 1, dirs[1], "file1"))
		return FAIL;
	nfiles++;
	/* A page like one in a large folio, and two that are equal within one. */
	if (fill(f + 1, 0, ink(PS), PS) ||
	    fill(f + 1, PS, f->want + MAXLEN - 2 * PS, PS) ||
	    fill(f + 1, 2 * PS, f->want, MAXLEN - 3 * PS) ||
	    fill(f + 1, MAXLEN - PS, f->want + MAXLEN - 4 * PS, PS))
		return FAIL;
	if (check_cold() || merge() || unmerged(&same, true))
		return FAIL;
	if (count_kpageflags(f, kpf_compound) >= large)
		return fail("no large folio was split");
	return check_read(0, "read") || check_maps("mapping") || check_cold();
}

static int test_run_2(void)
{
	long broken = ksm_get("file_pages_broken");
	int same;

	if (make_scene() || merge())
		return FAIL;
	unmerged(&same, false);
	ksm_set("run", 2);
	if (ksm_get("file_pages_shared") || ksm_get("file_pages_sharing"))
		return fail("%ld shared, %ld sharing after run=2",
			    ksm_get("file_pages_shared"),
			    ksm_get("file_pages_sharing"));
	if (ksm_get("file_pages_broken") - broken < same)
		return fail("%ld breaks", ksm_get("file_pages_broken") - broken);
	unmerged(&same, false);
	ksm_set("run", 0);
	if (same)
		return fail("%d slots still share after run=2", same);
	return check_read(0, "read after run=2") || check_cold();
}

/* Nothing is merged in the present state, however long ksmd runs. */
static int check_none(const char *when)
{
	int same;

	if (read_all())
		return FAIL;
	idle();
	unmerged(&same, false);
	return same ? fail("%d slots merged %s", same, when) : PASS;
}

static int test_never(void)
{
	ksm_mode("never");
	return make_scene() || check_none("with never");
}

static int advise_all(int advice)
{
	int i;

	for (i = 0; i < nfiles; i++)
		if (madvise(files[i].map, MAXLEN, advice))
			return fail("madvise %d", advice);
	return PASS;
}

static int test_madvise_none(void)
{
	ksm_mode("madvise");
	return make_scene() || check_none("without an opt-in");
}

static int test_madvise(void)
{
	ksm_mode("madvise");
	return make_scene() || advise_all(MADV_MERGEABLE) || merge() ||
	       check_cold();
}

/* An opt-in for some pages of each file is for these pages only. */
static int test_madvise_range(void)
{
	int i, p;

	ksm_mode("madvise");
	if (make_files(3, 8, true) || read_all())
		return FAIL;
	for (i = 0; i < nfiles; i++)
		if (madvise(files[i].map + 2 * PS, 3 * PS, MADV_MERGEABLE))
			return fail("MADV_MERGEABLE");
	if (passes(2))
		return FAIL;
	for (i = 0; i < nfiles; i++)
		for (p = 0; p < 8; p++)
			if (sharers(files + i, p) !=
			    (p >= 2 && p < 5 ? 3 * 3 - 1 : 0))
				return fail("page %d has %d sharers", p,
					    sharers(files + i, p));
	return PASS;
}

static int test_unmergeable(void)
{
	int i, n;

	ksm_mode("madvise");
	if (make_files(3, 8, true) || advise_all(MADV_MERGEABLE) || merge())
		return FAIL;
	if (madvise(files[0].map, 4 * PS, MADV_UNMERGEABLE))
		return fail("MADV_UNMERGEABLE");
	for (i = 0; i < 2 * 8; i++) {
		if (i == 8 && passes(2))	/* and again after passes */
			return FAIL;
		n = sharers(files, i % 8);
		if (n != (i % 8 < 4 ? 0 : 3 * 8 - 4 - 1))
			return fail("page %d has %d sharers", i % 8, n);
	}
	return check_read(0, "read after MADV_UNMERGEABLE");
}

static int opt_in_and_scan(struct file *f)
{
	if (read_all())		/* maps all files anew */
		return FAIL;
	if (madvise(f->map, MAXLEN, MADV_MERGEABLE))
		return fail("MADV_MERGEABLE");
	return passes(3);
}

/* Who opts in is not merged with what was opted out, or whose opt-in ended. */
static int test_opt_in_ended(void)
{
	int i;

	ksm_mode("madvise");
	if (make_files(3, 1, true) || opt_in_and_scan(files))
		return FAIL;
	if (madvise(files[0].map, MAXLEN, MADV_UNMERGEABLE))
		return fail("MADV_UNMERGEABLE");
	if (opt_in_and_scan(files + 1))
		return FAIL;
	if (sharers(files, 0) || sharers(files + 1, 0))
		return fail("merged with what was opted out");
	unmap_file(files + 1);
	if (map_file(files + 1) || opt_in_and_scan(files + 2))
		return FAIL;
	if (sharers(files + 2, 0))
		return fail("merged with what was unmapped");
	if (advise_all(MADV_MERGEABLE) || passes(3))
		return FAIL;
	for (i = 0; i < nfiles; i++)
		if (sharers(files + i, 0) != 2)
			return fail("%d sharers", sharers(files + i, 0));
	/* The last one that is left is alone as soon as the others are out. */
	for (i = 0; i < nfiles - 1; i++)
		if (madvise(files[i].map, MAXLEN, MADV_UNMERGEABLE))
			return fail("MADV_UNMERGEABLE");
	if (ksm_get("file_pages_shared"))
		return fail("a page alone is shared");
	return PASS;
}

/* munmap ends an opt-in: what is merged stays so, nothing more is merged. */
static int test_munmap(void)
{
	int i, same;

	ksm_mode("madvise");
	if (make_scene() || advise_all(MADV_MERGEABLE) || merge())
		return FAIL;
	for (i = 0; i < nfiles; i++) {
		unmap_file(files + i);
		if (map_file(files + i))
			return FAIL;
	}
	if (unmerged(&same, false) || !same)
		return fail("a merge ended with the opt-in");
	ksm_set("run", 2);
	ksm_set("run", 0);
	return check_none("after munmap");
}

static int opt_in_and_exit(void)
{
	return advise_all(MADV_MERGEABLE);
}

static int test_exit(void)
{
	ksm_mode("madvise");
	return make_scene() || in_child(opt_in_and_exit) ||
	       check_none("after exit");
}

static pid_t exec_child;

static int test_exec(void)
{
	int pipefd[2], ret;
	char c;

	ksm_mode("madvise");
	if (make_scene() || pipe2(pipefd, O_CLOEXEC))
		return FAIL;
	exec_child = fork();
	if (!exec_child) {
		if (!advise_all(MADV_MERGEABLE))
			execlp("sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	close(pipefd[1]);
	if (read(pipefd[0], &c, 1))		/* until the exec closes it */
		return fail("pipe");
	close(pipefd[0]);
	ret = check_none("after exec");
	if (waitpid(exec_child, NULL, WNOHANG))
		ret = fail("the child did not run until the end");
	kill(exec_child, SIGKILL);
	waitpid(exec_child, NULL, 0);
	return ret;
}

static int merge_by_prctl(void)
{
	int i;

	if (prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0))
		return errno == EINVAL ? skip("PR_SET_MEMORY_MERGE") :
			fail("PR_SET_MEMORY_MERGE");
	/* mappings that exist, and mappings made later */
	for (i = 0; i < nfiles / 2; i++) {
		unmap_file(files + i);
		if (map_file(files + i))
			return FAIL;
	}
	return merge();
}

static int test_prctl(void)
{
	int ret;

	ksm_mode("madvise");
	if (make_scene())
		return FAIL;
	ret = in_child(merge_by_prctl);
	if (ret == SKIP)
		return skip("PR_SET_MEMORY_MERGE");
	return ret ?: check_cold();
}

#define HELD "held\n"

/* Map files until somebody ends this. */
static int hold(char **paths)
{
	for (; *paths; paths++) {
		int fd = open(*paths, O_RDONLY);

		if (fd < 0 || mmap(NULL, MAXLEN, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
			return fail("%s", *paths);
	}
	/* in one piece */
	printf(HELD);
	fflush(stdout);
	pause();
	return PASS;
}

/* Nobody says PR_SET_MEMORY_MERGE and runs a copy of this program that holds all files. */
static pid_t held_by_nobody(mode_t mode)
{
	char cmd[2 * PATH_MAX], prog[PATH_MAX];
	char *argv[ARRAY_SIZE(files) + 3] = { prog, "-H" };
	char said[sizeof(HELD)] = "";
	int i, ready[2];
	pid_t pid;

	snprintf(prog, sizeof(prog), "%s/program", dirs[0]);
	snprintf(cmd, sizeof(cmd), "cp /proc/%d/exe %s", getpid(), prog);
	if (system(cmd) || chmod(prog, mode) || pipe(ready)) {
		fail("%s", cmd);
		return -1;
	}
	for (i = 0; i < nfiles; i++)
		argv[2 + i] = files[i].path;
	pid = fork();
	if (!pid) {
		dup2(ready[1], STDOUT_FILENO);
		if (!setgid(NOBODY) && !setuid(NOBODY) &&
		    !prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0))
			execv(prog, argv);
		_exit(FAIL);
	}
	close(ready[1]);
	if (read(ready[0], said, strlen(HELD)) != (ssize_t)strlen(HELD) || strcmp(said, HELD)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		fail("%s does not hold the files: %s", prog, said);
		pid = -1;
	}
	close(ready[0]);
	unlink(prog);
	return pid;
}

/* A program with rights that its user lacks has its files to itself. */
static int test_prctl_set_uid(void)
{
	pid_t pid;
	int i, ret;

	if (prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0) < 0)
		return skip("PR_SET_MEMORY_MERGE");
	ksm_mode("madvise");
	if (make_scene())
		return FAIL;
	pid = held_by_nobody(04755);
	if (pid < 0)
		return FAIL;
	ret = check_none("for a set-uid program");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	/* nor has one that its user may not read */
	for (i = 0; i < nfiles; i++)
		fchmod(files[i].fd, 0644);
	pid = ret ? -1 : held_by_nobody(0711);
	if (pid < 0)
		return FAIL;
	ret = check_none("for an unreadable program");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	/* the same for a program without such rights does merge them */
	pid = ret ? -1 : held_by_nobody(0755);
	if (pid < 0)
		return FAIL;
	ret = merge();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret ?: check_cold();
}

/* Map a page of the first file very often without asking for anything, then go on. */
static void map_and_map(int ready)
{
	const long n = 20000;
	void *map;
	long i;

	for (i = 0; i < n; i++)
		if (mmap(NULL, PS, PROT_READ, MAP_SHARED, files->fd, AT) == MAP_FAILED)
			_exit(FAIL);
	if (setgid(NOBODY) || setuid(NOBODY) || write(ready, "", 1) != 1)
		_exit(FAIL);
	for (;;) {
		map = mmap(NULL, PS, PROT_READ, MAP_SHARED, files->fd, AT);
		munmap(map, PS);
	}
}

/* Who maps a file very often, and all the time, does not keep it from being merged. */
static int test_many_mappings(void)
{
	int pipefd[2], ret;
	pid_t pid;
	char c;

	ksm_mode("madvise");
	if (make_scene() || advise_all(MADV_MERGEABLE) || pipe(pipefd))
		return FAIL;
	pid = fork();
	if (!pid)
		map_and_map(pipefd[1]);
	close(pipefd[1]);
	ret = read(pipefd[0], &c, 1) == 1 ? merge() : fail("20000 mappings");
	close(pipefd[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret ?: check_cold();
}

static int fill_pipe(const struct file *f, int fd)
{
	loff_t off = 0;

	while (off < (loff_t)f->len)
		if (splice(f->fd, &off, fd, NULL, f->len - off, 0) <= 0)
			return fail("splice");
	return PASS;
}

static int drain_pipe(const struct file *f, int fd)
{
	size_t off = 0;
	ssize_t n;

	for (; off < f->len; off += n) {
		n = read(fd, scratch, f->len - off);
		if (n <= 0 || memcmp(scratch, f->want + off, n))
			return fail("a pipe gives other bytes than the file has");
	}
	return PASS;
}

/* Who holds pages keeps those from being merged, and ksmd from nothing else. */
static int test_pipe(void)
{
	unsigned long pfns[3];
	int pipefd[2], ret, i;

	if (make_scene() || read_all() || pipe(pipefd) ||
	    fcntl(pipefd[1], F_SETPIPE_SZ, 1 << 20) < 0)
		return fail("pipe");
	ret = fill_pipe(files, pipefd[1]) || passes(4);
	for (i = 0; i < 3; i++)
		pfns[i] = pfn_at(files[i].map + AT);
	if (!ret && (pfns[1] != pfns[2] || pfns[0] == pfns[1]))
		ret = fail("the pages are %#lx in a pipe, %#lx and %#lx", pfns[0], pfns[1],
			   pfns[2]);
	ret = ret || drain_pipe(files, pipefd[0]);
	close(pipefd[0]);
	close(pipefd[1]);
	return ret || merge() || check_cold();
}

static int advise_many(void)
{
	char path[PATH_MAX];
	long before = ksm_get("file_metadata_bytes");
	int fd, i;

	if (setgid(NOBODY) || setuid(NOBODY))
		return fail("setuid");
	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%s/many/%d", dirs[0], i);
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || ftruncate(fd, PS) ||
		    madvise(mmap(NULL, PS, PROT_READ, MAP_SHARED, fd, 0), PS, MADV_MERGEABLE))
			return fail("%s", path);
		close(fd);
	}
	if (ksm_get("file_metadata_bytes") - before < MANY * 32 ||
	    ksm_get("file_metadata_bytes") - before > MANY * 512)
		return fail("%d files cost %ld bytes", MANY,
			    ksm_get("file_metadata_bytes") - before);
	return PASS;
}

/* What ksmd knows of files goes, although they are in memory, with those who asked. */
static int test_many_files(void)
{
	long bytes = ksm_get("file_metadata_bytes");
	char path[PATH_MAX];
	int i, ret;

	ksm_mode("madvise");
	snprintf(path, sizeof(path), "%s/many", dirs[0]);
	if (mkdir(path, 0777) || chmod(path, 0777))
		return fail("mkdir %s", path);
	ret = in_child(advise_many);
	for (i = 0; i < 10 && !ret && ksm_get("file_metadata_bytes") - bytes >= MANY * 8; i++)
		idle();
	if (!ret && i == 10)
		ret = fail("%ld bytes are left", ksm_get("file_metadata_bytes") - bytes);
	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%s/many/%d", dirs[0], i);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/many", dirs[0]);
	return rmdir(path) ? fail("rmdir %s", path) : ret;
}

static int test_max_page_sharing(void)
{
	long max = ksm_get("max_page_sharing");
	struct file *f;
	int ret = PASS;
	size_t p;

	ksm_set("run", 2);
	ksm_set("run", 0);
	ksm_set("max_page_sharing", 8);
	if (make_files(2, 16, true) || read_all() || passes(3)) {
		ret = FAIL;
	} else if (ksm_get("file_pages_shared") != 4 ||
		   ksm_get("file_pages_sharing") != 28) {
		ret = fail("%ld shared, %ld sharing; not 4, 28",
			   ksm_get("file_pages_shared"),
			   ksm_get("file_pages_sharing"));
	}
	for (f = files; f < files + nfiles && !ret; f++)
		for (p = 0; p < pages(f); p++)
			if (sharers(f, p) != 7)
				ret = fail("%d slots share with page %zu",
					   sharers(f, p), p);
	if (!ret && (op_write(files) || check_read(0, "read") || check_cold()))
		ret = FAIL;
	remove_scene();
	forget();
	ksm_set("run", 2);
	ksm_set("run", 0);
	ksm_set("max_page_sharing", max);
	return ret;
}

/* A clean page that has not changed is not read again. */
static int test_hashed_once(void)
{
	long hashed, scanned;
	char *buf;

	if (on_tmpfs(dirs[0]))
		return skip("nobody tells of writes to tmpfs");
	if (make_files(1, 16, false) || read_all() || passes(3))
		return FAIL;
	hashed = ksm_get("file_pages_hashed");
	scanned = ksm_get("file_pages_scanned");
	if (passes(3))
		return FAIL;
	if (ksm_get("file_pages_scanned") - scanned < 3 * 16)
		return fail("%ld pages scanned",
			    ksm_get("file_pages_scanned") - scanned);
	if (ksm_get("file_pages_hashed") != hashed)
		return fail("%ld unchanged pages were read again",
			    ksm_get("file_pages_hashed") - hashed);
	buf = ink(10);
	if (fill(files, AT, buf, 10) || read_all() || passes(3))
		return FAIL;
	hashed = ksm_get("file_pages_hashed") - hashed;
	return hashed >= 1 && hashed <= 3 ? PASS :
		fail("%ld pages read after one change", hashed);
}

static int check_nothing_shared(const char *when)
{
	long shared = ksm_get("file_pages_shared");
	long sharing = ksm_get("file_pages_sharing");

	return shared || sharing ? fail("%ld shared, %ld sharing %s", shared,
					sharing, when) : PASS;
}

static int test_remove(void)
{
	if (make_scene() || merge())
		return FAIL;
	while (nfiles > 1)
		remove_file(files + --nfiles);
	if (check_read(0, "read of the last file") || check_cold())
		return FAIL;
	remove_scene();
	return check_nothing_shared("after removal");
}

static int test_drop_caches(void)
{
	int i, ret;

	if (make_scene() || merge())
		return FAIL;
	for (i = 0; i < nfiles; i++)
		unmap_file(files + i);
	sync_dirs();
	forget();
	ret = check_nothing_shared("after drop_caches");
	for (i = 0; i < nfiles; i++)
		ret |= map_file(files + i);
	return ret || check_read(0, "read after drop_caches");
}

/* Find how @dir is mounted; it must be a mount point. */
struct mount {
	struct mntent ent;
	char buf[2 * PATH_MAX];
};

/* The mount of a directory, which has to be its mount point. */
static int find_mount(const char *dir, struct mount *m)
{
	FILE *fp = setmntent("/proc/mounts", "r");
	char real[PATH_MAX];
	int found = 0;

	if (!fp || !realpath(dir, real))
		return fail("%s", dir);
	while (!found && getmntent_r(fp, &m->ent, m->buf, sizeof(m->buf)))
		found = !strcmp(m->ent.mnt_dir, real);
	endmntent(fp);
	return found ? PASS : skip("%s is no mount point", real);
}

/* A merged scene, if the first directory is a mount point. */
static int mounted_scene(struct mount *m)
{
	int ret = find_mount(dirs[0], m);

	return ret ?: make_scene() || merge();
}

static void close_scene(void)
{
	int i;

	for (i = 0; i < nfiles; i++) {
		unmap_file(files + i);
		close(files[i].fd);
	}
}

static int open_scene(int flags)
{
	int i;

	for (i = 0; i < nfiles; i++) {
		files[i].fd = open(files[i].path, flags);
		if (files[i].fd < 0 || map_file(files + i))
			return fail("open %s", files[i].path);
	}
	return PASS;
}

/* Unmount one side while it shares with the other; check it; mount again. */
static int test_umount(void)
{
	char cmd[2 * PATH_MAX];
	struct mount m;
	int ret;

	if (on_tmpfs(dirs[0]))
		return skip("nothing is left of tmpfs then");
	ret = mounted_scene(&m);
	if (ret)
		return ret;
	/* the other directory's files stay open, mapped and merged */
	close_scene();
	sync_dirs();
	if (umount(m.ent.mnt_dir)) {
		fail("umount %s", m.ent.mnt_dir);
		open_scene(O_RDWR);
		return FAIL;
	}
	snprintf(cmd, sizeof(cmd), "e2fsck -fn %s >/dev/null 2>&1",
		 m.ent.mnt_fsname);
	if (!strcmp(m.ent.mnt_type, "ext4") && system(cmd))
		ret = fail("%s", cmd);
	snprintf(cmd, sizeof(cmd), "mount -t %s -o %s %s %s", m.ent.mnt_type,
		 m.ent.mnt_opts, m.ent.mnt_fsname, m.ent.mnt_dir);
	if (system(cmd))
		ksft_exit_fail_msg("%s\n", cmd);
	return open_scene(O_RDWR) || ret || check_read(0, "read after umount") ||
	       merge() || check_cold();
}

/* Grow a mounted filesystem, whose device has room; where that goes make it smaller, too. */
static int resize(const struct mntent *ent)
{
	static const char grow_btrfs[] =
		"for to in max -32M max; do btrfs fi res $to %s > /dev/null || exit; done";
	char cmd[2 * PATH_MAX] = "true";
	unsigned long request = 0;
	struct statvfs before, after;
	__u64 size;
	int fd, ret;

	if (!strcmp(ent->mnt_type, "ext4"))
		request = EXT4_IOC_RESIZE_FS;
	else if (!strcmp(ent->mnt_type, "f2fs"))
		request = F2FS_IOC_RESIZE_FS;
	else if (!strcmp(ent->mnt_type, "xfs"))
		snprintf(cmd, sizeof(cmd), "xfs_growfs %s > /dev/null", ent->mnt_dir);
	else if (!strcmp(ent->mnt_type, "btrfs"))
		snprintf(cmd, sizeof(cmd), grow_btrfs, ent->mnt_dir);
	else
		return skip("changing the size of a mounted filesystem");
	fd = open(ent->mnt_fsname, O_RDONLY);
	ret = fd < 0 || ioctl(fd, BLKGETSIZE64, &size) || statvfs(ent->mnt_dir, &before);
	close(fd);
	if (ret)
		return fail("%s", ent->mnt_fsname);
	size /= before.f_bsize;
	/* f2fs can but shrink: what it does not count it does not need */
	if (request == F2FS_IOC_RESIZE_FS)
		size = before.f_blocks;
	fd = open(ent->mnt_dir, O_RDONLY);
	ret = (request && ioctl(fd, request, &size)) || system(cmd) ||
	      statvfs(ent->mnt_dir, &after);
	close(fd);
	return ret || after.f_blocks == before.f_blocks ? fail("it keeps its size") : PASS;
}

static int test_resize(void)
{
	struct mount m;
	int ret, same;

	ret = mounted_scene(&m);
	if (ret)
		return ret;
	ret = resize(&m.ent);
	if (ret)
		return ret;
	return check_read(0, "read") || op_write(files) || check_read(0, "written to") ||
	       check_cold() || merge() || unmerged(&same, true);
}

static int test_remount_ro(void)
{
	struct mount m;
	int ret;

	ret = mounted_scene(&m);
	if (ret)
		return ret;
	close_scene();
	sync_dirs();
	if (mount(NULL, m.ent.mnt_dir, NULL, MS_REMOUNT | MS_RDONLY, NULL))
		ret = fail("remount read-only");
	ret = ret || open_scene(O_RDONLY) || check_read(0, "read-only read") ||
	      check_maps("read-only mapping") || merge();
	if (!ret && pwrite(files[0].fd, "x", 1, 0) == 1)
		ret = fail("write to a read-only mount");
	close_scene();
	if (mount(NULL, m.ent.mnt_dir, NULL, MS_REMOUNT, NULL))
		ksft_exit_fail_msg("remount read-write: %s\n", strerror(errno));
	return open_scene(O_RDWR) || ret || op_write(files) ||
	       check_read(0, "read") || check_cold();
}

/* Anonymous pages merge as before, and no file page does because of it. */
static int test_anonymous(void)
{
	const size_t n = 64 * PS;
	char *anon = mmap(NULL, n, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i, ret = PASS, same;
	size_t p;

	ksm_mode("never");
	if (anon == MAP_FAILED || make_scene() || read_all() ||
	    advise_all(MADV_MERGEABLE))
		return fail("set-up");
	memset(anon, 0x5a, n);
	if (madvise(anon, n, MADV_MERGEABLE))
		return fail("MADV_MERGEABLE");
	ksm_set("run", 1);
	for (i = 0; i < seconds * 50; i++) {
		if (ksm_get("pages_sharing") >= 63)
			break;
		usleep(20000);
	}
	ksm_set("run", 0);
	unmerged(&same, false);
	if (ksm_get("pages_sharing") < 63 || same)
		ret = fail("%ld anonymous and %d file pages merged",
			   ksm_get("pages_sharing"), same);
	/* file pages with the bytes of anonymous ones stay apart from them */
	ksm_mode("always");
	for (p = 0; p < 4; p++)
		ret = ret || fill(files, p * PS, anon, PS);
	ret = ret || merge();
	for (p = 0; p < n && !ret; p += PS)
		if (pfn_at(anon + p) == files[0].pfn[0])
			ret = fail("a file page merged with an anonymous one");
	anon[0] = 1;
	ret = ret || check_read(0, "read") || check_cold();
	if (anon[1] != 0x5a || anon[PS] != 0x5a)
		ret = fail("an anonymous page changed");
	munmap(anon, n);
	ksm_set("run", 2);
	ksm_set("run", 0);
	return ret;
}

/* Short files, which ext4 may hold in the inode. */
static int test_short(void)
{
	char name[32];
	char *text = ink(100);
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "short%d", i);
		if (create_file(files + i, dirs[1], name))
			return FAIL;
		nfiles++;
		if (fill(files + i, 0, text, 100))
			return FAIL;
	}
	if (merge() || fill(files, 10, ink(20), 20) || check_read(0, "read") ||
	    check_maps("mapping") || check_cold() || merge())
		return FAIL;
	/* grow out of the inode, and shrink */
	return fill(files, 90, ink(3 * PS), 3 * PS) || check_cold() ||
	       set_len(files, 40) || set_len(files + 1, 0) || check_cold();
}

/* All operations once more, on files that are compressed on disk. */
static int test_compressed(void)
{
	const struct op *op;
	int fd, ret, one;

	if (!on_fs(dirs[0], F2FS_SUPER_MAGIC) &&
	    !on_fs(dirs[0], BTRFS_SUPER_MAGIC))
		return skip("no compressed files here");
	fd = open(dirs[0], O_RDWR | O_TMPFILE, 0600);
	ret = set_compressed(fd) ? skip("FS_COMPR_FL") : PASS;
	close(fd);
	compressed = true;
	for (op = ops; op < ops + ARRAY_SIZE(ops) && !ret; op++) {
		/* f2fs shows again what it truncated of a cluster, merged or not */
		if (on_fs(dirs[0], F2FS_SUPER_MAGIC) &&
		    (op->fn == op_truncate_mid_up || op->fn == op_truncate_page_up))
			continue;
		one = run_op(op);
		remove_scene();
		/* f2fs punches no holes in them, and some of its ioctls do without them */
		if (one == SKIP && on_fs(dirs[0], F2FS_SUPER_MAGIC) &&
		    (op->rule & F2FS || strstr(why, "fallocate mode")))
			continue;
		if (one == SKIP) {
			/* what is not there for other files need not be */
			compressed = false;
			one = run_op(op) == SKIP ? PASS : fail("it is skipped: %s", why);
			compressed = true;
			remove_scene();
		}
		if (one)
			ret = fail("%s, of a compressed file", op->name);
	}
	compressed = false;
	return ret;
}

/* Encrypted files are no part of this. */
static int test_encrypted(void)
{
	struct {
		struct fscrypt_add_key_arg arg;
		char raw[FSCRYPT_MAX_KEY_SIZE];
	} key = {
		.arg.key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER,
		.arg.raw_size = FSCRYPT_MAX_KEY_SIZE,
	};
	struct fscrypt_policy_v2 policy = {
		.version = FSCRYPT_POLICY_V2,
		.contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS,
		.filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS,
	};
	char path[PATH_MAX - 32];
	int fd, i, ret;
	char *text;

	snprintf(path, sizeof(path), "%s/secret", dirs[0]);
	memset(key.raw, 'k', sizeof(key.raw));
	mkdir(path, 0700);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	ret = ioctl(fd, FS_IOC_ADD_ENCRYPTION_KEY, &key.arg);
	memcpy(policy.master_key_identifier, key.arg.key_spec.u.identifier,
	       sizeof(policy.master_key_identifier));
	ret = ret ?: ioctl(fd, FS_IOC_SET_ENCRYPTION_POLICY, &policy);
	close(fd);
	if (ret) {
		skip("encryption policy");
		rmdir(path);
		return SKIP;
	}
	text = ink(PS);
	for (i = 0; i < 3; i++) {
		/* two encrypted files and a plain one, all alike */
		if (create_file(files + i, i < 2 ? path : dirs[0],
				i ? "b" : "a"))
			return FAIL;
		nfiles++;
		if (fill(files + i, 0, text, PS))
			return FAIL;
	}
	ret = passes(2) || check_none("with encrypted files") || check_cold();
	remove_scene();
	return rmdir(path) ? fail("rmdir") : ret;
}

/* What btrfs can swap to: written in place.  That has to be known before the first byte. */
static int set_nocow(struct file *f)
{
	int flags;

	if (ftruncate(f->fd, 0) || ioctl(f->fd, FS_IOC_GETFLAGS, &flags))
		return fail("FS_IOC_GETFLAGS");
	flags |= FS_NOCOW_FL;
	if (ioctl(f->fd, FS_IOC_SETFLAGS, &flags))
		return fail("FS_NOCOW_FL");
	return fill(f, 0, f->want, f->len);
}

/* A swap file is not page cache: it leaves the merge, and stays out. */
static int test_swap_file(void)
{
	static char head[PS];
	char *map;
	int ret;

	if (make_files(3, 16, true) ||
	    (on_fs(dirs[0], BTRFS_SUPER_MAGIC) && set_nocow(files)))
		return FAIL;
	memset(head, 0, PS);
	/* In the other byte order: swapon turns it round in the page cache. */
	*(__u32 *)(head + 1024) = __builtin_bswap32(1);		/* version */
	*(__u32 *)(head + 1028) = __builtin_bswap32(15);	/* last page */
	memcpy(head + PS - 10, "SWAPSPACE2", 10);
	if (fill(files, 0, head, PS) || fill(files + 1, 0, head, PS) || merge())
		return FAIL;
	if (swapon(files[0].path, 0))
		return skip("swapon");
	*(__u32 *)(head + 1024) = 1;
	*(__u32 *)(head + 1028) = 15;
	want_bytes(files, 0, head, PS);
	ret = passes(2) || check_read(0, "read with swap on");
	map = mmap(NULL, 8 * PS, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return fail("mmap");
	memset(map, 0x77, 8 * PS);
	madvise(map, 8 * PS, MADV_PAGEOUT);
	if (map[0] != 0x77 || memcmp(map, map + PS, 7 * PS))
		ret = fail("swap lost bytes");
	munmap(map, 8 * PS);
	if (swapoff(files[0].path))
		return fail("swapoff");
	/* swap wrote to the file behind its model */
	remove_file(files);
	files[0] = files[--nfiles];
	return ret || check_read(0, "read after swap") || check_cold();
}

/* What an ELF file that is mapped says of itself, as the kernel reads it. */
static int build_id(const char *path, char id[20], unsigned long *pfn)
{
	int maps = open("/proc/self/maps", O_RDONLY), fd = open(path, O_RDONLY), ret;
	char *map = mmap(NULL, PS, PROT_READ, MAP_PRIVATE, fd, 0);
	struct procmap_query query = {
		.size = sizeof(query),
		.query_addr = (unsigned long)map,
		.build_id_addr = (unsigned long)id,
		.build_id_size = 20,
	};

	if (map == MAP_FAILED)
		return fail("mmap %s", path);
	ret = ioctl(maps, PROCMAP_QUERY, &query) || !query.build_id_size ?
		fail("the build ID of %s", path) : PASS;
	*pfn = pfn_at(map);
	munmap(map, PS);
	close(maps);
	close(fd);
	return ret;
}

/* The same as perf sees it, which cannot wait for the page and looks into the page cache. */
static int perf_build_id(const char *path, char id[20])
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.size = sizeof(attr),
		.mmap = 1,
		.mmap2 = 1,
		.build_id = 1,
	};
	int perf = syscall(__NR_perf_event_open, &attr, 0, -1, -1, 0), fd, ret;
	struct {
		struct perf_event_header head;
		__u32 pid, tid;
		__u64 addr, len, pgoff;
		__u8 size, unused[3], id[20];
	} *record;
	char *ring, *map;

	if (perf < 0)
		return skip("perf");
	ring = mmap(NULL, 2 * PS, PROT_READ | PROT_WRITE, MAP_SHARED, perf, 0);
	fd = open(path, O_RDONLY);
	map = mmap(NULL, PS, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (ring == MAP_FAILED || map == MAP_FAILED)
		return fail("mmap %s", path);
	record = (void *)(ring + PS);
	ret = record->head.type == PERF_RECORD_MMAP2 && record->addr == (unsigned long)map &&
	      record->head.misc & PERF_RECORD_MISC_MMAP_BUILD_ID && record->size == 20 ?
		PASS : fail("perf does not know the build ID of %s", path);
	memcpy(id, record->id, 20);
	munmap(ring, 2 * PS);
	munmap(map, PS);
	close(perf);
	close(fd);
	return ret;
}

/* Programs run from merged pages, and show what they are. */
static int test_exec_merged(void)
{
	char cmd[3 * PATH_MAX], want[20] = "", id[20] = "";
	unsigned long pfn[2];
	int i, ret = PASS;
	long sharing;

	sharing = ksm_get("file_pages_sharing");
	for (i = 0; i < 2; i++) {
		snprintf(cmd, sizeof(cmd), "cp /bin/sh %s/sh%d && %s/sh%d -c :",
			 dirs[i], i, dirs[i], i);
		if (system(cmd))
			return fail("%s", cmd);
	}
	if (make_scene() || merge() || passes(2))
		return FAIL;
	if (ksm_get("file_pages_sharing") - sharing < 20)
		return fail("%ld pages of a program merged",
			    ksm_get("file_pages_sharing") - sharing);
	for (i = 0; i < 2; i++) {
		snprintf(cmd, sizeof(cmd), "%s/sh%d", dirs[i], i);
		if (build_id("/bin/sh", want, pfn + i) || build_id(cmd, id, pfn + i) ||
		    memcmp(id, want, 20) || perf_build_id(cmd, id) == FAIL ||
		    memcmp(id, want, 20))
			ret = fail("%s has another build ID", cmd);
	}
	if (pfn[0] != pfn[1])
		ret = fail("the headers are not merged");
	for (i = 0; i < 2; i++) {
		snprintf(cmd, sizeof(cmd),
			 "%s/sh%d -c 'exec test $((6 * 7)) = 42'", dirs[i], i);
		if (system(cmd))
			ret = fail("%s", cmd);
	}
	for (i = 0; i < 2; i++) {
		snprintf(cmd, sizeof(cmd), "cmp /bin/sh %s/sh%d && rm %s/sh%d",
			 dirs[i], i, dirs[i], i);
		if (system(cmd))
			ret = fail("%s", cmd);
	}
	return ret;
}

/* Files with a function in a page, merged.  Maps that of @f, to be run. */
static char *map_text(const struct file *f)
{
	static const unsigned char code[] = { 0x55, 0x5d, 0xc3 };	/* push, pop, ret */
	char *map;
	int i;

	for (i = 0; i < nfiles; i++)
		if (memcmp(files[i].want + AT, code, sizeof(code)) &&
		    fill(files + i, AT, code, sizeof(code)))
			return NULL;
	if (merge())
		return NULL;
	map = mmap(NULL, MAXLEN, PROT_READ | PROT_EXEC, MAP_PRIVATE, f->fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

static void run_text(char *map, int n)
{
	void (*text)(void);

	text = (typeof(text))(map + AT);
	while (n--)
		text();
}

/* How often was a probe hit? */
static long probe_hits(void)
{
	FILE *fp = fopen(TRACING "uprobe_profile", "r");
	long hits = -1;

	if (fp && fscanf(fp, "%*s %*s %ld", &hits) != 1)
		hits = -1;
	if (fp)
		fclose(fp);
	return hits;
}

/* A probe goes into a copy of whoever runs the page; who shares it has no part in that. */
static int test_uprobe(void)
{
	char *map, *other, *line;
	int ret;

	if (access(TRACING "uprobe_events", F_OK))
		return skip("uprobes");
	if (make_files(3, 4, false))
		return FAIL;
	map = map_text(files);
	other = map_text(files + 1);
	if (!map || !other)
		return fail("mmap");
	if (asprintf(&line, "p:" PROBE " %s:%#lx", files->path, AT) < 0 ||
	    write_text(TRACING "uprobe_events", line) ||
	    write_text(TRACING "events/" PROBE "/enable", "1"))
		return fail("uprobe_events");
	free(line);
	run_text(map, 3);
	run_text(other, 5);
	ret = check_read(0, "read with a probe") || check_maps("mapping with a probe") ||
	      check_bytes(files + 1, other, "text of another file");
	if (!memcmp(map, files->want, files->len) || sharers(files, SLOT) != 2)
		ret = fail("there is no probe, or it broke a page");
	ksm_set("run", 2);
	ret = ret || merge();
	run_text(map, 4);
	if (probe_hits() != 7)
		ret = fail("%ld hits, not 7", probe_hits());
	if (write_text(TRACING "events/" PROBE "/enable", "0") ||
	    write_text(TRACING "uprobe_events", "-:" PROBE))
		return fail("uprobe_events");
	run_text(map, 1);
	ret = ret || check_bytes(files, map, "text without a probe") || check_cold();
	munmap(map, MAXLEN);
	munmap(other, MAXLEN);
	return ret;
}

/* A breakpoint belongs to an address, whatever page comes to be there. */
static int test_breakpoint(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_X,
		.bp_len = sizeof(long),
		.exclude_kernel = 1,
	};
	__u64 hits = 0;
	char *map;
	int fd, ret;

	if (make_files(3, 4, false))
		return FAIL;
	map = map_text(files);
	attr.bp_addr = (unsigned long)map + AT;
	fd = syscall(__NR_perf_event_open, &attr, 0, -1, -1, 0);
	if (!map)
		return FAIL;
	if (fd < 0) {
		ret = skip("hardware breakpoints");
	} else {
		run_text(map, 3);
		ksm_set("run", 2);
		run_text(map, 4);
		ret = merge();
		run_text(map, 5);
		if (read(fd, &hits, sizeof(hits)) != sizeof(hits) || hits != 12)
			ret = fail("%llu hits, not 12", (unsigned long long)hits);
		ret = ret || check_bytes(files, map, "text") || check_read(0, "read") ||
		      check_cold();
	}
	munmap(map, MAXLEN);
	close(fd);
	return ret;
}

/* Sectors that were written to all disks. */
static long sectors_written(void)
{
	FILE *fp = fopen("/proc/diskstats", "r");
	long sum = -1, n;

	while (fp && fscanf(fp, "%*d %*d %*s %*d %*d %*d %*d %*d %*d %ld %*[^\n]", &n) == 1)
		sum += n;
	if (fp)
		fclose(fp);
	return sum;
}

/* Neither merged nor given back is anything written to a disk, at once or when synced. */
static int test_no_writes(void)
{
	long first = sectors_written(), before, idle, more = 1;
	int i;

	if (on_tmpfs(dirs[0]))
		return skip("there is no disk");
	if (make_scene() || read_all())
		return FAIL;
	if (sectors_written() - first < NFILES * NPAGES)
		return fail("a scene of %ld sectors", sectors_written() - first);
	/* journals and logs come to rest in their own time; ext2 writes whenever it is synced */
	for (i = 0; i < 20 && more > 0; i++) {
		before = sectors_written();
		sync_dirs();
		sync_dirs();
		sync_dirs();
		idle = sectors_written() - before;
		if (merge())
			return FAIL;
		sync_dirs();
		ksm_set("run", 2);
		ksm_set("run", 0);
		sync_dirs();
		more = sectors_written() - before - 2 * idle;
	}
	return more > 0 ? fail("%ld sectors written", more) : check_cold();
}

static int make_it_fail(const char *device, bool fail_it)
{
	char path[64];
	struct stat st;

	if (stat(device, &st))
		return fail("%s", device);
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/make-it-fail", major(st.st_rdev),
		 minor(st.st_rdev));
	return write_text(path, fail_it ? "1" : "0") ? fail("%s", path) : PASS;
}

/* Do something while all I/O of this process to a device fails. */
static int failing_io(const char *device, int (*fn)(void))
{
	int fd, ret;

	if (make_it_fail(device, true))
		return FAIL;
	fd = fail_task("fail_make_request", "self");
	ret = fd < 0 ? FAIL : fn();
	return (fd >= 0 && end_failing(fd)) || make_it_fail(device, false) || ret;
}

/* Nobody reads other bytes because there are none. */
static int read_failing(void)
{
	struct file *f;
	int failed = 0;
	size_t p, n;

	for (f = files; f < files + nfiles; f++) {
		for (p = 0; p < pages(f); p++) {
			n = p + 1 < pages(f) ? PS : f->len - p * PS;
			if (pread(f->fd, scratch, n, p * PS) != (ssize_t)n)
				failed++;
			else if (memcmp(scratch, f->want + p * PS, n))
				return fail("%s page %zu", f->path, p);
		}
	}
	return failed ? PASS : fail("all can be read");
}

/* Only the data: without those of the log the filesystem would shut down. */
static int write_failing(void)
{
	return sync_file_range(files->fd, 0, MAXLEN, SYNC_FILE_RANGE_WRITE |
			       SYNC_FILE_RANGE_WAIT_AFTER) ? PASS : fail("it can be written");
}

/* What cannot be read is in no slot; what cannot be written is in that one only. */
static int test_io_errors(void)
{
	struct mount m;
	int ret;

	if (access(DEBUGFS "fail_make_request", F_OK))
		return skip("no fault injection");
	if (on_tmpfs(dirs[0]) || on_fs(dirs[0], OVERLAYFS_SUPER_MAGIC))
		return skip("no device of its own");
	ret = mounted_scene(&m);
	if (ret)
		return ret;
	unmap_scene();
	forget();
	ret = failing_io(m.ent.mnt_fsname, read_failing) || check_read(0, "read again") ||
	      map_scene() || merge() || op_write(files) ||
	      failing_io(m.ent.mnt_fsname, write_failing) || check_read(0, "not written");
	if (ret)
		return FAIL;
	/* sync_file_range() has told it, to this file; the filesystem tells it once, too */
	if (!syncfs(files->fd))
		return fail("syncfs says nothing");
	/* whoever was told writes it again */
	return fill(files, AT, files->want + AT, PS) || fsync(files->fd) ||
	       check_read(0, "written") || check_cold() || merge();
}

static int find_ksmd(char *pid, size_t n)
{
	char path[PATH_MAX], comm[32];
	struct dirent *ent;
	DIR *proc = opendir("/proc");
	int ret = -1;

	while (proc && ret && (ent = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", ent->d_name);
		if (!read_text(path, comm, sizeof(comm)) &&
		    !strcmp(comm, "ksmd"))
			ret = snprintf(pid, n, "%s", ent->d_name) < 0;
	}
	if (proc)
		closedir(proc);
	return ret;
}

/* ksmd that cannot have memory merges nothing, and merges when it can. */
static int test_ksmd_no_memory(void)
{
	char pid[16];
	int same, fd;

	if (access(DEBUGFS "failslab", F_OK))
		return skip("no fault injection");
	if (find_ksmd(pid, sizeof(pid)))
		return fail("no ksmd");
	if (make_scene() || read_all())
		return FAIL;
	fd = fail_task("failslab", pid);
	if (fd < 0)
		return FAIL;
	idle();
	unmerged(&same, false);
	if (end_failing(fd))
		return FAIL;
	if (same)
		return fail("%d slots were merged without memory", same);
	return merge() || check_cold();
}

/* Whoever cannot have a copy gets an error, and nobody another byte. */
static int test_no_memory(void)
{
	struct file *f = files;
	ssize_t written;
	int merged, same, unmerge, write_errno, run_errno, run, fd;

	if (access(DEBUGFS "fail_page_alloc", F_OK))
		return skip("no fault injection");
	if (make_scene() || merge())
		return FAIL;
	unmerged(&merged, false);
	ink(PS);
	run = open(KSM_DIR "run", O_WRONLY);
	fd = fail_task("fail_page_alloc", "self");
	if (fd < 0 || run < 0)
		return FAIL;
	errno = 0;
	written = pwrite(f->fd, ink_buf, PS, AT);
	write_errno = errno;
	unmerge = write(run, "2", 1);
	run_errno = errno;
	if (end_failing(fd))
		return FAIL;
	close(run);
	ksm_set("run", 0);
	if (written != -1 || write_errno != ENOMEM)
		return fail("pwrite without memory: %zd, errno %d", written,
			    write_errno);
	if (unmerge != -1 || run_errno != ENOMEM)
		return fail("run=2 without memory: errno %d", run_errno);
	unmerged(&same, false);
	if (same != merged)
		return fail("%d of %d slots still share", same, merged);
	if (check_read(0, "read") || check_maps("mapping"))
		return FAIL;
	if (wrote(f, pwrite(f->fd, ink_buf, PS, AT), AT, ink_buf, PS))
		return FAIL;
	return check_read(0, "read after a write") || check_cold();
}

/* What is done to merged files while an allocation fails: not by filesystems, but for merging. */
static int nomem_run;

static int nomem_merged(void)
{
	munlock(files->map, MAXLEN);
	return advise_all(MADV_MERGEABLE) || merge();
}

static int nomem_unmerged(void)
{
	ksm_set("run", 2);
	ksm_set("run", 0);
	return advise_all(MADV_MERGEABLE) || read_all();
}

/* Files that nobody has seen. */
static int nomem_fresh(void)
{
	remove_scene();
	return make_files(3, 4, false) || read_all();
}

static int nomem_ksmd(void)
{
	return passes(1);
}

static int nomem_mergeable(void)
{
	int i, ret = 0;

	for (i = 0; i < nfiles && !ret; i++)
		ret = madvise(files[i].map, MAXLEN, MADV_MERGEABLE);
	return ret;
}

static int nomem_unmergeable(void)
{
	return madvise(files->map, MAXLEN, MADV_UNMERGEABLE);
}

static int nomem_mlock(void)
{
	return mlock(files->map, pages(files) * PS);
}

static int nomem_unmerge(void)
{
	return pwrite(nomem_run, "2", 1, 0) != 1;
}

static int nomem_check(bool done)
{
	ksm_set("run", 0);
	return check_read(0, "read after an allocation failed") ||
	       check_maps("mapping after an allocation failed");
}

static const struct nomem nomem_ops[] = {
	{ "ksmd", nomem_unmerged, nomem_ksmd, nomem_check },
	{ "MADV_MERGEABLE", nomem_fresh, nomem_mergeable, nomem_check },
	{ "MADV_UNMERGEABLE", nomem_merged, nomem_unmergeable, nomem_check },
	{ "mlock", nomem_merged, nomem_mlock, nomem_check },
	{ "run=2", nomem_merged, nomem_unmerge, nomem_check },
};

static int do_nomem(void)
{
	char path[64], pid[16];
	int self, ksmd, n, ret = PASS;
	size_t i;

	if (find_ksmd(pid, sizeof(pid)))
		return fail("no ksmd");
	snprintf(path, sizeof(path), "/proc/%s/fail-nth", pid);
	ksmd = open(path, O_RDWR);
	self = open("/proc/thread-self/fail-nth", O_RDWR);
	nomem_run = open(KSM_DIR "run", O_WRONLY);
	if (ksmd < 0 || self < 0 || nomem_run < 0)
		return fail("open");
	for (i = 0; i < ARRAY_SIZE(nomem_ops) && !ret; i++) {
		n = nomem_each(nomem_ops + i, nomem_ops[i].fn == nomem_ksmd ? ksmd : self);
		/* each of them needs some, or it is not what it is taken for */
		if (n < 1)
			ret = fail("%s: %d allocations failed", nomem_ops[i].name, n);
	}
	close(ksmd);
	close(self);
	close(nomem_run);
	return ret || nomem_merged() || check_cold();
}

/* Nothing is known of any page. */
static int site_no_records(void)
{
	ksm_mode("never");
	ksm_mode("madvise");
	return nomem_unmerged();
}

static int site_never(void)
{
	ksm_mode("never");
	return PASS;
}

static int site_enable(void)
{
	return ksm_write("file", "madvise");
}

static int site_pwrite(void)
{
	ink(PS);
	return pwrite(files->fd, ink_buf, PS, AT) != (ssize_t)PS;
}

static int site_written(bool done)
{
	if (done)
		want_bytes(files, AT, ink_buf, PS);
	return nomem_check(done);
}

static char ksmd[16];

static struct alloc_site sites[] = {
	{ "file_store", "fail_page_alloc", NULL, site_never, site_enable, nomem_check },
	{ "ksm_file_enter", "failslab", NULL, nomem_fresh, nomem_mergeable, nomem_check },
	{ "ksm_file_scan", "failslab", ksmd, site_no_records, nomem_ksmd, nomem_check },
	{ "ksm_file_scan", "fail_page_alloc", ksmd, site_no_records, nomem_ksmd, nomem_check },
	{ "page_wp_alloc", "failslab", ksmd, nomem_unmerged, nomem_ksmd, nomem_check },
	{ "page_wp_reserve", "failslab", ksmd, nomem_unmerged, nomem_ksmd, nomem_check },
	{ "page_wp_alloc_folio", "fail_page_alloc", NULL, nomem_merged, site_pwrite, site_written },
	{ "page_wp_alloc_folio", "fail_page_alloc", NULL, nomem_merged, nomem_unmerge,
	  nomem_check },
};

static int do_sites(void)
{
	int ret;

	nomem_run = open(KSM_DIR "run", O_WRONLY);
	if (nomem_run < 0 || find_ksmd(ksmd, sizeof(ksmd)))
		return fail("ksmd");
	ret = fail_at_each(sites, ARRAY_SIZE(sites));
	close(nomem_run);
	return ret ?: nomem_merged() || check_cold();
}

/* Each place that allocates fails, and loses nothing. */
static int test_sites(void)
{
	ksm_mode("madvise");
	return nomem_fresh() || advise_all(MADV_MERGEABLE) ? FAIL : do_sites();
}

/* Each allocation fails once, and only the operation that needed it does. */
static int test_nomem(void)
{
	int ret;

	if (access(DEBUGFS "failslab", F_OK) || access(DEBUGFS "fail_page_alloc", F_OK))
		return skip("no fault injection");
	if (fault_injection("failslab", "0") || fault_injection("fail_page_alloc", "0"))
		return FAIL;
	ksm_mode("madvise");
	/* The program itself needs no memory meanwhile, which it could not be told of. */
	if (mlockall(MCL_CURRENT))
		return fail("mlockall");
	ret = nomem_fresh() || do_nomem();
	munlockall();
	return ret;
}

/* ------------------------------------------------------------------------- */
/* two files of the same pages, more than a scene has */

static struct big {
	char path[PATH_MAX];
	int fd;
	char *map;			/* or NULL */
	char *want;
} bigs[2];

static size_t big_len;

static int big_map(int prot)
{
	struct big *b;
	size_t off;

	for (b = bigs; b < bigs + 2; b++) {
		b->map = mmap(NULL, big_len, prot, MAP_SHARED, b->fd, 0);
		if (b->map == MAP_FAILED)
			return fail("mmap %s", b->path);
		for (off = 0; off < big_len; off += PS)
			touch(b->map + off);
	}
	return PASS;
}

static void big_unmap(void)
{
	struct big *b;

	for (b = bigs; b < bigs + 2; b++) {
		if (b->map)
			munmap(b->map, big_len);
		b->map = NULL;
	}
}

/* Both files have their bytes, by read and by mapping. */
static int big_check(const char *how)
{
	struct big *b;
	size_t off;

	for (b = bigs; b < bigs + 2; b++) {
		for (off = 0; off < big_len; off += MAXLEN)
			if (pread(b->fd, scratch, MAXLEN, off) != (ssize_t)MAXLEN ||
			    memcmp(scratch, b->want + off, MAXLEN) ||
			    (b->map && memcmp(b->map + off, b->want + off, MAXLEN)))
				return fail("%s: %s: bytes near %#zx", b->path, how, off);
	}
	return PASS;
}

/* Wait until so many slots share the page of another one. */
static int big_merge(long slots)
{
	int i;

	ksm_set("run", 1);
	for (i = 0; i < seconds * 50 && ksm_get("file_pages_sharing") < slots; i++)
		usleep(20000);
	ksm_set("run", 0);
	if (ksm_get("file_pages_sharing") < slots)
		return fail("%ld of %ld pages are merged", ksm_get("file_pages_sharing"), slots);
	return big_check("merged");
}

/* Run a test on merged files of @n fresh pages (@same: all the same page). */
static int with_bigs(size_t n, bool same, int (*fn)(void))
{
	long sharing = ksm_get("file_pages_sharing");
	struct big *b;
	size_t off;
	int ret = PASS;

	big_len = n * PS;
	for (b = bigs; b < bigs + 2 && !ret; b++) {
		snprintf(b->path, sizeof(b->path), "%s/big", dirs[b - bigs]);
		b->want = malloc(big_len);
		b->fd = open(b->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (!b->want || b->fd < 0)
			ret = fail("create %s", b->path);
		for (off = 0; off < big_len && !ret; off += PS) {
			const char *page = b > bigs ? bigs->want + off :
				same && off ? bigs->want : ink(PS);

			memcpy(b->want + off, page, PS);
			if (pwrite(b->fd, page, PS, off) != (ssize_t)PS)
				ret = fail("pwrite %s", b->path);
		}
	}
	sync_dirs();
	ret = ret || big_check("written") ||
	      big_merge(sharing + (same ? 2 * n - 1 : n)) ? FAIL : fn();
	big_unmap();
	for (b = bigs; b < bigs + 2; b++) {
		close(b->fd);
		unlink(b->path);
		free(b->want);
		memset(b, 0, sizeof(*b));
	}
	return ret;
}

static int big_shared(void)
{
	size_t off;

	for (off = 0; off < big_len; off += PS)
		if (pfn_at(bigs[0].map + off) != pfn_at(bigs[1].map + off))
			return fail("page %zu is not merged", off / PS);
	return PASS;
}

/* How many pages of the first file are in a range of memory? */
static int big_in_range(unsigned long start, unsigned long end)
{
	unsigned long pfn;
	size_t off;
	int n = 0;

	for (off = 0; off < big_len; off += PS) {
		pfn = pfn_at(bigs[0].map + off);
		n += pfn >= start && pfn < end;
	}
	return n;
}

/* The same for a block, and the second one has to share them. */
static int big_in_block(long block)
{
	if (big_shared())
		return -FAIL;
	return big_in_range(block * block_pages(), (block + 1) * block_pages());
}

#define OFFLINE_PAGES	512

static int do_offline(void)
{
	static int nodes[OFFLINE_PAGES], status[OFFLINE_PAGES];
	static void *addr[OFFLINE_PAGES];
	long block;
	int i, ret;

	if (big_map(PROT_READ))
		return FAIL;
	for (i = 0; i < OFFLINE_PAGES; i++) {
		addr[i] = bigs[0].map + i * PS;
		nodes[i] = last_node();
	}
	if (syscall(__NR_move_pages, 0, OFFLINE_PAGES, addr, nodes, status, MPOL_MF_MOVE_ALL))
		return fail("move_pages");
	block = memory_block(pfn_at(bigs[0].map));
	if (big_in_block(block) < OFFLINE_PAGES / 2)
		return fail("%d pages in block %ld", big_in_block(block), block);
	ret = set_block(block, "offline");
	if (ret)
		return ret;
	ret = big_in_block(block) ? fail("pages are in a block that is offline") :
				    big_check("after memory went");
	return set_block(block, "online_movable") || ret;
}

/* A block of memory with many merged pages goes. */
static int test_offline(void)
{
	return block_pages() < 0 ? skip("no memory hot-remove") :
				     with_bigs(OFFLINE_PAGES, false, do_offline);
}

#define CMA		DEBUGFS "cma/reserved/"

/* Take it all, but pages that the filesystem has for itself, and give it back. */
static int do_cma(void)
{
	long base = field(CMA "base_pfn", ""), count = field(CMA "count", "");
	long taken = 0;
	char text[32];
	int i, n, single, ret;

	if (big_map(PROT_READ))
		return FAIL;
	n = big_in_range(base, base + count);
	if (n < OFFLINE_PAGES / 2)
		return fail("%d pages in %ld at %#lx", n, count, base);
	/*
	 * What somebody has just pinned for a moment may stop it.  Single pages take long:
	 * for each the kernel tries all that cannot be moved before.
	 */
	for (i = 0; i < 10 && n; i++) {
		while (!write_text(CMA "alloc", "64"))
			taken += 64;
		do {
			for (single = 0; single < 32 && !write_text(CMA "alloc", "1"); single++)
				taken++;
			n = big_in_range(base, base + count);
		} while (n && single == 32);
	}
	ksft_print_msg("%ld of %ld pages were taken\n", taken, count);
	ret = n ? fail("%d pages are in memory of others", n) : big_check("memory went");
	snprintf(text, sizeof(text), "%ld", taken);
	return write_text(CMA "free", text) ? fail("free = %s", text) : ret;
}

/* Merged pages are where they may be, and go when their place is wanted. */
static int test_cma(void)
{
	long base = field(CMA "base_pfn", "");
	unsigned long nodes;
	char path[64];
	int node = -1, ret;

	if (base < 0 || block_pages() < 0)
		return skip("cma=");
	do {
		if (++node == 64)
			return fail("no node has memory %#lx", base);
		snprintf(path, sizeof(path), NODE_DIR "%d/memory%ld", node, memory_block(base));
	} while (access(path, F_OK));
	nodes = 1UL << node;
	if (syscall(__NR_set_mempolicy, MPOL_BIND, &nodes, 64))
		return fail("set_mempolicy");
	ret = with_bigs(OFFLINE_PAGES, false, do_cma);
	return syscall(__NR_set_mempolicy, MPOL_DEFAULT, NULL, 0) ? fail("set_mempolicy") : ret;
}

/* Read and map all of both files, which is more than may be in memory, while they merge. */
static int big_squeezed(void)
{
	long merges = read_vmstat("page_wp_merge");
	time_t end = time(NULL) + seconds;
	int i, ret = PASS;

	if (write_text("/proc/self/oom_score_adj", "1000"))
		return fail("oom_score_adj");
	ksm_set("run", 1);
	for (i = 0; !ret && (i < 3 || (read_vmstat("page_wp_merge") < merges + 100 &&
				       time(NULL) < end)); i++) {
		ret = big_check("read in a small group") || big_map(PROT_READ) ||
		      big_check("mapped in a small group");
		big_unmap();
	}
	ksm_set("run", 0);
	merges = read_vmstat("page_wp_merge") - merges;
	return ret ?: merges < 100 ? fail("%ld merges", merges) : PASS;
}

static int do_memory_max(void)
{
	long kills;
	int ret;

	/* so that the group pays for what it reads */
	forget();
	if (cgroup_set("memory.max", big_len >> 11))
		return FAIL;
	ret = in_child(big_squeezed);
	kills = field(CGROUP "memory.events", "oom_kill ");
	if (!ret && (kills || field(CGROUP "memory.events", "max ") < 1))
		ret = fail("%ld kills, the limit was reached %ld times", kills,
			   field(CGROUP "memory.events", "max "));
	return ret;
}

static int in_small_cgroup(void) { return in_cgroup(do_memory_max); }

/* A group reads and merges more than it may have, and nobody is killed for that. */
static int test_memory_max(void)
{
	if (on_tmpfs(dirs[0]))
		return skip("what is on tmpfs has been paid for");
	return with_bigs(4096, false, in_small_cgroup);
}

/* Take all memory there is. */
static int eat_memory(void)
{
	const size_t n = 64 << 20;
	char *map;
	size_t i;

	if (write_text("/proc/self/oom_score_adj", "1000") || mlockall(MCL_CURRENT))
		return fail("oom_score_adj, mlockall");
	for (;;) {
		map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (map == MAP_FAILED)
			return fail("mmap");
		madvise(map, n, MADV_HUGEPAGE);
		for (i = 0; i < n; i += PS)
			map[i] = 1;
	}
}

static int do_oom(void)
{
	long kills = read_vmstat("oom_kill"), before = ksm_get("file_pages_sharing"), after;
	int status;
	pid_t pid;

	if (big_map(PROT_READ))
		return FAIL;
	ksm_set("run", 1);
	pid = fork();
	if (!pid)
		_exit(eat_memory());
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail("fork");
	after = ksm_get("file_pages_sharing");
	ksm_set("run", 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		return fail("who takes all memory: status %#x", status);
	if (read_vmstat("oom_kill") != kills + 1)
		return fail("%ld were killed", read_vmstat("oom_kill") - kills);
	if (after >= before)
		return fail("%ld slots shared a page, then %ld", before, after);
	return big_check("after memory ran out");
}

/* When memory runs out, who takes it is killed, and what is merged goes before that. */
static int test_oom(void)
{
	/* on user-mode Linux it is the host's, of which many guests share what there is */
	if (access(DEBUGFS "fail_page_alloc", F_OK))
		return skip("the memory may not be there");
	return with_bigs(4096, false, do_oom);
}

/* Reclaim what no process maps, all of it. */
static int big_reclaim(void)
{
	struct cachestat_range range = { 0, big_len };
	struct cachestat cs = {};
	int i, n;

	for (i = 0, n = 0; i < 50 && n < 2; i += n == 0) {
		write_text(CGROUPS "memory.reclaim", "1G swappiness=0");
		if (syscall(__NR_cachestat, bigs[n].fd, &range, &cs, 0))
			return skip("cachestat");
		n = cs.nr_cache ? 0 : n + 1;
		if (n && cs.nr_evicted != big_len / PS)
			return fail("%llu of %zu pages have a shadow",
				    (unsigned long long)cs.nr_evicted, big_len / PS);
	}
	return n == 2 ? PASS : fail("%llu pages stay", (unsigned long long)cs.nr_cache);
}

static long refaults(void)
{
	/* what CPUs have not added up yet */
	write_text("/proc/sys/vm/stat_refresh", "1");
	return read_vmstat("workingset_refault_file");
}

static int do_refault(void)
{
	long before, want = 2 * big_len / PS;
	int ret = big_reclaim();

	if (ret)
		return ret;
	before = refaults();
	if (big_check("read again"))
		return FAIL;
	return refaults() - before >= want ? PASS :
		fail("%ld of %ld refaults", refaults() - before, want);
}

static int refault(void)
{
	cpu_set_t one, all;
	int ret;

	if (on_tmpfs(dirs[0]) || on_fs(dirs[0], OVERLAYFS_SUPER_MAGIC))
		return skip("a disk, and files that have pages");
	/* those that come back on another node are not counted */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_getaffinity(0, sizeof(all), &all) || sched_setaffinity(0, sizeof(one), &one))
		return fail("affinity");
	ret = with_bigs(128, false, do_refault);
	return sched_setaffinity(0, sizeof(all), &all) ? fail("affinity") : ret;
}

static int refault_with_lru_gen(const char *enabled)
{
	char before[16];
	int ret;

	if (read_text(LRU_GEN, before, sizeof(before)))
		return skip("lru_gen");
	if (write_text(LRU_GEN, enabled))
		return fail("lru_gen = %s", enabled);
	ret = refault();
	return write_text(LRU_GEN, before) ? fail("lru_gen = %s", before) : ret;
}

/* Each slot of what was reclaimed remembers it, and its refault counts. */
static int test_refault(void) { return refault_with_lru_gen("n"); }
static int test_refault_lru_gen(void) { return refault_with_lru_gen("y"); }

#define MANY_SLOTS	4096

/* Fails if something took long since it was asked the last time. */
static int in_time(const char *what)
{
	static long last;
	long now = now_ms(), ms = now - last;

	last = now;
	if (!what)
		return PASS;
	ksft_print_msg("%d slots: %s: %ld ms\n", MANY_SLOTS, what, ms);
	return ms > seconds * 1000 / 4 ? fail("that is long") : PASS;
}

static int do_many(void)
{
	struct big *b = bigs;
	int node;

	if (ksm_get("file_pages_shared") != 1)
		return fail("%ld groups", ksm_get("file_pages_shared"));
	in_time(NULL);
	if (pwrite(b->fd, ink(PS), PS, 0) != (ssize_t)PS || in_time("write"))
		return fail("pwrite");
	memcpy(b->want, ink_buf, PS);
	if (big_map(PROT_READ | PROT_WRITE) || in_time("map"))
		return FAIL;
	b->map[PS] ^= 0x5a;
	b->want[PS] ^= 0x5a;
	if (in_time("store"))
		return FAIL;
	for (node = last_node() > 0; node >= 0 && last_node() > 0; node--)
		if (by_move_pages(b->map + 2 * PS, node) || in_time("migrate"))
			return FAIL;
	if (pfn_at(b->map + 2 * PS) != pfn_at(b[1].map + big_len - PS) ||
	    big_check("migrated"))
		return fail("it is not one page any more");
	in_time(NULL);
	if (madvise(b->map, big_len, MADV_PAGEOUT) || in_time("MADV_PAGEOUT"))
		return fail("MADV_PAGEOUT");
	big_unmap();
	in_time(NULL);
	if (ftruncate(b->fd, PS + PS / 2) || in_time("truncate") || ftruncate(b->fd, big_len))
		return fail("ftruncate");
	memset(b->want + PS + PS / 2, 0, big_len - PS - PS / 2);
	if (big_check("truncated"))
		return FAIL;
	in_time(NULL);
	forget();
	return in_time("reclaim") || big_check("read again");
}

/* A page in thousands of slots, mapped by all: nothing takes long, whoever has to see all. */
static int test_many(void)
{
	long max = ksm_get("max_page_sharing");
	int ret;

	ksm_set("run", 2);
	ksm_set("run", 0);
	ksm_set("max_page_sharing", MANY_SLOTS);
	ret = with_bigs(MANY_SLOTS / 2, true, do_many);
	forget();
	ksm_set("run", 2);
	ksm_set("run", 0);
	ksm_set("max_page_sharing", max);
	return ret;
}

static bool big_is_huge(void)
{
	return mapping_says(bigs->map, "FilePmdMapped:") * 1024 == HPAGE_SIZE;
}

/* Whoever asks for a huge page of the first file, to run it, gets one of merged pages. */
static int collapse(void)
{
	int i;

	for (i = 0; i < 100; i++) {
		if (!madvise(bigs->map, HPAGE_SIZE, MADV_COLLAPSE))
			return big_is_huge() ? PASS : fail("no huge page is mapped");
		usleep(50000);
	}
	return fail("MADV_COLLAPSE");
}

static int big_map_exec(void)
{
	struct big *b;

	for (b = bigs; b < bigs + 2; b++) {
		/* whoever could write to it keeps a file from having huge pages */
		close(b->fd);
		b->fd = open(b->path, O_RDONLY);
		b->map = mmap(NULL, 2 * HPAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		b->map = (char *)(((unsigned long)b->map + HPAGE_SIZE - 1) & -HPAGE_SIZE);
		if (b->fd < 0 || mmap(b->map, HPAGE_SIZE, PROT_READ | PROT_EXEC,
				      MAP_PRIVATE | MAP_FIXED, b->fd, 0) != b->map)
			return fail("mmap");
	}
	return PASS;
}

static int do_collapse(void)
{
	const long merged = HPAGE_SIZE / PS;
	struct big *b = bigs;
	int fd;

	if (big_map_exec())
		return FAIL;
	/* It is one as long as nobody has equal pages. */
	if (collapse() || big_check("collapsed") || big_merge(merged) ||
	    mapping_says(bigs->map, "FilePmdMapped:"))
		return fail("a huge page with equal pages");
	/* Or until the file is written to. */
	if (collapse())
		return FAIL;
	fd = open(b->path, O_RDWR);
	if (fd < 0 || pwrite(fd, ink(100), 100, AT) != 100)
		return fail("pwrite");
	close(fd);
	memcpy(b->want + AT, ink_buf, 100);
	return big_check("written to") || big_merge(merged - 1);
}

static int do_khugepaged(void)
{
	int i;

	if (big_map_exec() || madvise(bigs[0].map, HPAGE_SIZE, MADV_HUGEPAGE) ||
	    madvise(bigs[1].map, HPAGE_SIZE, MADV_HUGEPAGE))
		return fail("MADV_HUGEPAGE");
	if (khugepaged_again(seconds) || big_check("khugepaged") || big_shared())
		return FAIL;
	if (madvise(bigs[0].map, HPAGE_SIZE, MADV_UNMERGEABLE))
		return fail("MADV_UNMERGEABLE");
	for (i = 0; i < seconds * 20; i++) {
		touch(bigs[0].map);
		if (big_is_huge())
			return big_check("collapsed");
		usleep(50000);
	}
	return fail("khugepaged does not collapse what is not merged");
}

static int big_khugepaged(void)
{
	return with_khugepaged(do_khugepaged);
}

/* Huge pages of programs. */
static int with_huge(int (*fn)(void))
{
	if (on_tmpfs(dirs[0]))
		return skip("ksm_shmem has that");
	if (!read_pmd_pagesize())
		return skip("transparent huge pages");
	return with_bigs(HPAGE_SIZE / PS, false, fn);
}

static int test_collapse(void) { return with_huge(do_collapse); }
static int test_khugepaged(void) { return with_huge(big_khugepaged); }

/* ksmd at work while every operation runs: the bytes only. */
static int test_all_at_once(void)
{
	const struct op *op;
	int ret = PASS;

	if (make_scene() || merge())
		return FAIL;
	ksm_set("run", 1);
	ksm_set("sleep_millisecs", 0);
	for (op = ops; op < ops + ARRAY_SIZE(ops) && !ret; op++) {
		if (!(op->rule & INPLACE) || files->len < AT + 4 * PS)
			continue;
		ret = op->fn(files) == FAIL || check_read(0, op->name) ||
		      check_maps(op->name);
		if (files->len > MAXLEN - 4 * PS)
			break;
	}
	ksm_set("sleep_millisecs", 10);
	ksm_set("run", 0);
	return ret || check_cold();
}

static const struct test {
	const char *name;
	int (*fn)(void);
} tests[] = {
	{ "words that file takes", test_words },
	{ "nonsense to other knobs", test_knobs },
	{ "counters are read-only", test_counters_read_only },
	{ "permissions", test_permissions },
	{ "counters are true", test_counters },
	{ "what /proc shows", test_proc },
	{ "dump of a group", test_group },
	{ "large folios", test_large },
	{ "run=2 breaks everything", test_run_2 },
	{ "never", test_never },
	{ "madvise, no opt-in", test_madvise_none },
	{ "madvise", test_madvise },
	{ "madvise, part of a file", test_madvise_range },
	{ "an opt-in that ended", test_opt_in_ended },
	{ "MADV_UNMERGEABLE", test_unmergeable },
	{ "opt-in ends with munmap", test_munmap },
	{ "opt-in ends with exit", test_exit },
	{ "opt-in ends with exec", test_exec },
	/* a child's merged pages stay those of its parent: before the next one */
	{ "max_page_sharing", test_max_page_sharing },
	{ "PR_SET_MEMORY_MERGE", test_prctl },
	{ "PR_SET_MEMORY_MERGE, set-uid program", test_prctl_set_uid },
	{ "many mappings", test_many_mappings },
	{ "pages in a pipe", test_pipe },
	{ "many files", test_many_files },
	{ "an unchanged page is read once", test_hashed_once },
	{ "remove while merged", test_remove },
	{ "drop_caches while merged", test_drop_caches },
	{ "unmount while merged", test_umount },
	{ "remount read-only while merged", test_remount_ro },
	{ "resize while merged", test_resize },
	{ "anonymous pages", test_anonymous },
	{ "short files", test_short },
	{ "compressed files", test_compressed },
	{ "encrypted files", test_encrypted },
	{ "swap file", test_swap_file },
	{ "programs", test_exec_merged },
	{ "uprobe in merged text", test_uprobe },
	{ "hardware breakpoint in merged text", test_breakpoint },
	{ "merging writes nothing to disk", test_no_writes },
	{ "I/O errors", test_io_errors },
	{ "no memory for a copy", test_no_memory },
	{ "no memory for ksmd", test_ksmd_no_memory },
	{ "each allocation fails once", test_nomem },
	{ "each function that allocates fails", test_sites },
	{ "memory offline, with many merged pages", test_offline },
	{ "contiguous memory", test_cma },
	{ "memory.max", test_memory_max },
	{ "out of memory", test_oom },
	{ "refault", test_refault },
	{ "refault with lru_gen", test_refault_lru_gen },
	{ "a page in thousands of slots", test_many },
	{ "MADV_COLLAPSE", test_collapse },
	{ "khugepaged", test_khugepaged },
	{ "operations while ksmd runs", test_all_at_once },
};

/* ------------------------------------------------------------------------- */

static void report(const char *name, const char *only, int (*fn)(void),
		   const struct op *op)
{
	int ret;

	if (only && !strstr(name, only))
		return;
	errno = 0;
	if (!model_only)
		ksm_mode("always");
	ret = fn ? fn() : run_op(op);
	if (!model_only)
		ksm_set("run", 0);
	remove_scene();
	/* a test must leave nothing behind that would help the next one */
	forget();
	if (!model_only && ret != FAIL && check_nothing_shared("after the files are gone")) {
		ret = FAIL;
		ksm_set("run", 2);
		ksm_set("run", 0);
	}
	result(name, ret);
}

/*
 * Do one operation to each file, in turn, and write what the files must hold
 * now to OUT/0, OUT/1, ... This does not look at ksm.
 */
static int change(char **argv)
{
	const char *out = *argv++;
	const struct op *op = ops;
	char path[PATH_MAX];
	struct file *f = files;
	int fd, i, ret;

	model_only = true;
	dirs[0] = "/";
	for (i = 0; argv[i]; i++) {
		if (open_file(f, argv[i], O_RDWR))
			return FAIL;
		if (f->len < AT + 4 * PS || f->len > MAXLEN - 4 * PS)
			return fail("%s: %zu bytes", f->path, f->len);
		while (!(op->rule & INPLACE))
			op = op + 1 < ops + ARRAY_SIZE(ops) ? op + 1 : ops;
		nfiles = 1;
		ret = op->fn(f);
		if (ret == FAIL || check_read(0, op->name) ||
		    check_maps(op->name))
			return fail("%s: %s", f->path, op->name);
		printf("%s\t%s\t%s\n", f->path, op->name,
		       ret == SKIP ? "skipped" : "done");
		snprintf(path, sizeof(path), "%s/%d", out, i);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (write(fd, f->want, f->len) != (ssize_t)f->len)
			return fail("write %s", path);
		close(fd);
		unmap_file(f);
		close(f->fd);
		free(f->want);
		op = op + 1 < ops + ARRAY_SIZE(ops) ? op + 1 : ops;
	}
	return PASS;
}

/* A file of a lower layer is copied up: what others have of the lower one stays. */
static int copy_up(struct file *f)
{
	char *map, *buf = ink(64), got[64];
	int fd = open(f->path, O_RDWR), ret = PASS;

	if (fd < 0)
		return fail("open %s for writing", f->path);
	map = mmap(NULL, MAXLEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return fail("mmap %s", f->path);
	memcpy(map + AT, buf, 64);
	if (pread(fd, got, 64, AT) != 64 || memcmp(got, buf, 64) ||
	    pwrite(fd, buf, 64, AT + PS - 7) != 64 || memcmp(map + AT + PS - 7, buf, 64) ||
	    ftruncate(fd, AT + PS) || ftruncate(fd, f->len) ||
	    memcmp(map, f->want, AT) || memcmp(map + AT + 64, f->want + AT + 64, PS - 64 - 7) ||
	    map[AT + PS] || map[f->len - 1])
		ret = fail("%s, copied up", f->path);
	munmap(map, MAXLEN);
	close(fd);
	return ret;
}

static int copy_up_all(void)
{
	struct file *f;
	int same;

	if (!on_fs(dirs[0], OVERLAYFS_SUPER_MAGIC))
		return skip("not on an overlay");
	if (merge())
		return FAIL;
	for (f = files; f < files + nfiles; f++) {
		/* who maps the lower file keeps it */
		if (copy_up(f) || check_maps("the lower file's mapping"))
			return FAIL;
	}
	return unmerged(&same, true) ? fail("%d pages are still merged", same) : PASS;
}

/* Files that cannot be written to are merged, evicted, and given back. */
static void read_only(char **argv)
{
	const struct op *op;
	struct file *f;
	int same, ret = PASS, n = 4;

	for (op = ops; op < ops + ARRAY_SIZE(ops); op++)
		n += !!(op->rule & READS);
	ksft_set_plan(n);
	dirs[0] = argv[0];
	for (; *argv && !ret; argv++) {
		dirs[1] = *argv;
		if (nfiles == ARRAY_SIZE(files))
			ksft_exit_fail_msg("more than %d files\n", nfiles);
		ret = open_file(files + nfiles++, *argv, O_RDONLY);
	}
	ret = ret || merge() || check_read(0, "read") || check_maps("mapping");
	if (!ret && (unmerged(&same, true) || !same))
		ret = fail("%d pages are merged", same);
	result("equal pages are merged", ret);

	for (op = ops; op < ops + ARRAY_SIZE(ops); op++)
		if (op->rule & READS)
			result(op->name, merge() ? FAIL : do_op(op));

	for (f = files; f < files + nfiles; f++)
		unmap_file(f);
	forget();
	ret = ksm_get("file_pages_shared") ? fail("still merged after drop_caches") :
		check_read(0, "read after drop_caches");
	for (f = files; f < files + nfiles; f++)
		ret = map_file(f) || ret;
	result("they are evicted, read and merged again",
	       ret || merge() || check_read(0, "read"));

	ksm_set("run", 2);
	look();
	ret = unmerged(&same, false) && !same ? PASS :
		fail("%d pages are merged after run=2", same);
	result("they are given back", ret || check_read(0, "read"));

	result("copied up, they are files of their own", copy_up_all());
	for (f = files; f < files + nfiles; f++)
		unmap_file(f);
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	bool written = true;
	const char *limit = getenv("KSM_FILE_SECONDS");
	size_t i, n = 0;
	int opt;

	ink_buf = aligned_alloc(PS, 4 * PS);
	scratch = aligned_alloc(PS, MAXLEN);
	if (!ink_buf || !scratch)
		ksft_exit_fail_perror("memory");
	seconds = limit ? atoi(limit) : 60;
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	while ((opt = getopt(argc, argv, "cHmrt:")) != -1) {
		if (opt == 'c')
			return change(argv + optind);
		if (opt == 'H')
			return hold(argv + optind);
		if (opt == 'm')
			model_only = true;
		else if (opt == 'r')
			written = false;
		else if (opt == 't')
			only = optarg;
		else
			return KSFT_FAIL;
	}
	ksft_print_header();
	if (pagemap_fd < 0)
		ksft_exit_skip("pagemap: %s\n", strerror(errno));
	if (!model_only && access(KSM_DIR "file", F_OK))
		ksft_exit_skip("the kernel has no " KSM_DIR "file\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");
	if (optind == argc)
		ksft_exit_skip("no directory given\n");
	dirs[0] = argv[optind];
	dirs[1] = argv[optind + 1] ?: dirs[0];
	if (!model_only && ksm_write("file", "always"))
		ksft_exit_skip("file = always: %s\n", strerror(errno));
	ksm_save_knobs();
	ksm_set("pages_to_scan", 10000);
	ksm_set("sleep_millisecs", 10);

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		n += !only || strstr(ops[i].name, only);
	for (i = 0; i < ARRAY_SIZE(tests) && !model_only; i++)
		n += !only || strstr(tests[i].name, only);
	if (written)
		ksft_set_plan(n);
	else
		read_only(argv + optind);
	for (i = 0; i < ARRAY_SIZE(ops) && written; i++)
		report(ops[i].name, only, NULL, ops + i);
	for (i = 0; i < ARRAY_SIZE(tests) && written && !model_only; i++)
		report(tests[i].name, only, tests[i].fn, NULL);

	if (!model_only)
		ksm_mode("never");
	ksm_restore_knobs();
	ksft_finished();
}
