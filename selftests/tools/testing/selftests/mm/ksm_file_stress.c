// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that can happen to merged file pages, all at once, to a model.
 *
 * Usage: ksm_file_stress [-d SECONDS] [-s SEED] [-w WORKERS] [-m | -o] DIR [DIR2]
 *
 * DIR and DIR2 are directories on file systems that merge; -m tries the model
 * only, on any kernel; -o makes nearly all pages of more files equal, so that
 * one folio, and its lock, serves thousands of slots.
 *
 * There is a set of files that all workers use. Each page belongs to one
 * worker, which alone changes it and knows each byte of it; the others read it
 * and check that they see what the model says, or while it is being changed,
 * the old or the new. The unit is a sector: all its words tell their place and
 * the sector's tag. Most pages get the same tag throughout, one of very few,
 * so that pages are equal all over the place. Most changes fall into one part
 * of the files at a time, so that there always are pages that come to rest and
 * merge. Each worker has a file of its own, too, for what concerns a whole file.
 *
 * Meanwhile other processes write back, drop caches and reclaim; compact and
 * migrate memory; and take CPUs and memory away and give them back. The main
 * process switches ksmd on, off and back. What the system has of that must have
 * happened, and so must merges and breaks, or the test fails.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/f2fs.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "ksm_file.h"

#define PS		4096UL
#define SECTOR		512UL
#define SECTORS		(PS / SECTOR)
#define WORDS		(PS / sizeof(uint64_t))
#define NFILES		8
#define MAXFILES	32		/* with -o */
#define NPAGES		128		/* pages that all workers use */
#define PARTS		4		/* of the pages, of which one is changed */
#define PART_SECONDS	3		/* for that long */
#define RUN		16		/* pages that are dealt with together */
#define NTAIL		8		/* pages after them that come and go */
#define NOWN		32		/* pages of a worker's own file */
#define MAXWORKERS	32
#define THREADS		2		/* workers in a process */
#define COMMON		5		/* tags that make pages equal */
#define MANY		128		/* slots; thousands if the CPUs are fast */
#define GROUP		"/sys/fs/cgroup/ksm_file_stress"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

/* A page of a shared file; @seq is odd while @was turns into @now. */
struct slot {
	uint32_t seq;
	uint32_t was[SECTORS];
	uint32_t now[SECTORS];
};

enum {
	OP_WRITE, OP_WRITE_SECTORS, OP_STORE, OP_STORE_FRESH, OP_DIRECT_WRITE,
	OP_PUNCH, OP_ZERO, OP_READ_INTO_MAP, OP_FORK_STORE, OP_SPLICE, OP_COPY,
	OP_VM_WRITE, OP_PROC_MEM, OP_TAIL, OP_OWN_FILE,
	OP_READ, OP_DIRECT_READ, OP_LOAD, OP_PRIVATE, OP_DONTNEED, OP_FSYNC,
	OP_PAGEOUT, OP_MLOCK, OP_FORK, OP_EXEC, OP_ADVISE, OPS
};

static const char * const op_names[OPS] = {
	"write", "write of sectors", "store", "store to a fresh mapping",
	"direct write", "punch", "zero", "read into a mapping",
	"store by a child", "splice", "copy_file_range", "process_vm_writev",
	"/proc/self/mem", "tail", "whole file", "read", "direct read", "load",
	"private store", "DONTNEED", "fsync", "PAGEOUT", "mlock", "fork", "exec",
	"MERGEABLE, UNMERGEABLE",
};

/* What befalls all memory; the unit is one, or a page. */
enum {
	ACT_RUN, ACT_MODE, ACT_SYNC, ACT_EVICT, ACT_RECLAIM, ACT_COMPACT,
	ACT_MOVE, ACT_MIGRATE, ACT_HINT, ACT_CPU, ACT_MEMORY, ACTS
};

static const char * const act_names[ACTS] = {
	"run = 0, 2", "file = never, madvise", "syncfs", "drop_caches",
	"memory.reclaim", "compact_memory", "move_pages, pages", "migrate_pages",
	"NUMA hints", "CPU offline", "memory offline",
};

/* What all processes share. */
static struct {
	struct slot slots[MAXFILES][NPAGES];
	uint32_t tags;			/* the last tag in use */
	int stop;
	int failed;
	unsigned long wrong;		/* bytes */
	int part;			/* of the pages that is changed now */
	pid_t pids[MAXWORKERS];
	uint64_t program;		/* hash of the program */
	unsigned long ops[OPS];
	unsigned long acts[ACTS];
	bool lacks[ACTS];		/* what the system does not have */
} *model;

struct worker {
	int nr;
	uint64_t rand;
	pthread_t thread;
	int own;			/* fd of its own file */
	uint32_t own_tags[NOWN];
	int own_pages;
	char path[PATH_MAX];
	int palette;			/* fd of a source of pages */
	char *buf;			/* a page, aligned */
};

static const char *dirs[2];
static int fds[MAXFILES], direct[MAXFILES];
static char *maps[MAXFILES];		/* of each process */
static int nfiles = NFILES;
static int workers = 8;
static int last_node;			/* with memory */
static bool model_only, one_content;
static long merges, breaks;		/* before the start; then since then */
static long slots;			/* of a folio, as seen at most */

static uint32_t rnd(struct worker *w, uint32_t n)
{
	return random_below(&w->rand, n);
}

/* Something is not as it has to be; so many bytes, if any. */
static __printf(2, 3) void wrong(size_t bytes, const char *fmt, ...)
{
	char msg[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	__atomic_add_fetch(&model->wrong, bytes, __ATOMIC_SEQ_CST);
	if (__atomic_fetch_add(&model->failed, 1, __ATOMIC_SEQ_CST) < 20)
		ksft_print_msg("WRONG: %s\n", msg);
	__atomic_store_n(&model->stop, 1, __ATOMIC_SEQ_CST);
}

static void must(bool ok, const char *what)
{
	if (!ok && !__atomic_load_n(&model->stop, __ATOMIC_SEQ_CST))
		wrong(0, "%s: %s", what, strerror(errno));
}

static void done(int act, unsigned long n)
{
	__atomic_add_fetch(&model->acts[act], n, __ATOMIC_RELAXED);
}

/* Most changes make a page equal to many others, some make it unique. */
static uint32_t new_tag(struct worker *w)
{
	if (one_content ? rnd(w, 32) : rnd(w, 8))
		return 1 + rnd(w, one_content ? 1 : COMMON);
	return __atomic_add_fetch(&model->tags, 1, __ATOMIC_SEQ_CST);
}

static void fill(void *to, uint32_t tag, size_t first, size_t n)
{
	uint64_t *words = to;
	size_t i;

	for (i = 0; i < n / sizeof(*words); i++)
		words[i] = word(tag, first / sizeof(*words) + i);
}

/* What takes a folio from all its slots is rare if they are to be many. */
static bool spare(struct worker *w)
{
	return one_content && rnd(w, 64);
}

/* ------------------------------------------------------------------------- */
/* checks */

static struct slot look(int f, int p)
{
	struct slot *slot = &model->slots[f][p], copy;

	copy.seq = __atomic_load_n(&slot->seq, __ATOMIC_SEQ_CST);
	memcpy(copy.was, slot->was, sizeof(copy.was));
	memcpy(copy.now, slot->now, sizeof(copy.now));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return copy;
}

/* @got was read after @before was taken: does the model allow it? */
static void check(int f, int p, const struct slot *before, const void *got,
		  const char *how)
{
	const uint64_t *words = got;
	size_t i, s, first = 0, n = 0;
	uint32_t seq;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	seq = __atomic_load_n(&model->slots[f][p].seq, __ATOMIC_SEQ_CST);
	if (seq != before->seq)
		return;
	for (i = 0; i < WORDS; i++) {
		s = i * sizeof(*words) / SECTOR;
		if (words[i] == word(before->now[s], i))
			continue;
		if (seq & 1 && words[i] == word(before->was[s], i))
			continue;
		if (!n++)
			first = i;
	}
	if (!n)
		return;
	s = first * sizeof(*words) / SECTOR;
	wrong(n * sizeof(*words), "%s: file %d page %d word %zu is %#llx, not %#llx (seq %u)",
	      how, f, p, first, (unsigned long long)words[first],
	      (unsigned long long)word(before->now[s], first), seq);
}

static void check_page(struct worker *w, int f, int p, bool dio)
{
	struct slot before = look(f, p);

	if (pread(dio ? direct[f] : fds[f], w->buf, PS, p * PS) != PS)
		must(false, "pread");
	else
		check(f, p, &before, w->buf, dio ? "direct read" : "read");
}

static void check_map(struct worker *w, int f, int p, const char *map)
{
	struct slot before = look(f, p);

	memcpy(w->buf, map + p * PS, PS);
	check(f, p, &before, w->buf, "load");
}

/* ------------------------------------------------------------------------- */
/* changes of one's own page */

static void begin(struct slot *slot, uint32_t tag, size_t first, size_t n)
{
	size_t s;

	memcpy(slot->was, slot->now, sizeof(slot->was));
	__atomic_add_fetch(&slot->seq, 1, __ATOMIC_SEQ_CST);
	for (s = first; s < first + n; s++)
		slot->now[s] = tag;
}

static void end(struct slot *slot)
{
	__atomic_add_fetch(&slot->seq, 1, __ATOMIC_SEQ_CST);
}

/* Store through a mapping: word by word, as others look on. */
static void store(char *map, int p, uint32_t tag, size_t off, size_t n)
{
	uint64_t *to = (uint64_t *)(map + p * PS + off);
	size_t i;

	for (i = 0; i < n / sizeof(*to); i++)
		__atomic_store_n(to + i, word(tag, off / sizeof(*to) + i),
				 __ATOMIC_RELAXED);
}

static char *map_file(int f)
{
	char *map = mmap(NULL, NPAGES * PS, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fds[f], 0);

	must(map != MAP_FAILED, "mmap");
	return map == MAP_FAILED ? NULL : map;
}

/* Pages of another file go through a pipe as they are. */
static void splice_page(struct worker *w, int f, off_t at, uint32_t tag)
{
	loff_t from = tag * PS, to = at;
	int pipefd[2];

	must(!pipe(pipefd), "pipe");
	must(splice(w->palette, &from, pipefd[1], NULL, PS, 0) == PS &&
	     splice(pipefd[0], NULL, fds[f], &to, PS, 0) == PS, "splice");
	close(pipefd[0]);
	close(pipefd[1]);
}

/* A page of the worker's own file, which may be on another filesystem. */
static void copy_own(struct worker *w, int f, off_t at, int page)
{
	loff_t from = page * PS, to = at;
	ssize_t n = copy_file_range(w->own, &from, fds[f], &to, PS, 0);

	must(n == PS || (n == -1 && errno == EXDEV && pwrite(fds[f], w->buf, PS, at) == PS),
	     "copy_file_range");
}

static void write_memory(struct worker *w, int op, char *to)
{
	struct iovec here = { w->buf, PS }, there = { to, PS };
	int fd;

	/*
	 * /proc/self/mem has a reference, no pin: ext4 warns if the page is written back and
	 * loses its buffers before that dirties it, with merging or without.
	 */
	if (op == OP_VM_WRITE || on_fs(dirs[0], EXT4_SUPER_MAGIC)) {
		must(process_vm_writev(getpid(), &here, 1, &there, 1, 0) == PS,
		     "process_vm_writev");
		return;
	}
	fd = open("/proc/self/mem", O_RDWR);
	must(fd >= 0 && pwrite(fd, w->buf, PS, (off_t)to) == PS, "/proc/self/mem");
	close(fd);
}

static void change(struct worker *w, int op, int f, int p)
{
	struct slot *slot = &model->slots[f][p];
	size_t first = 0, n = SECTORS;
	uint32_t tag = new_tag(w);
	int page = rnd(w, NOWN);
	off_t at = p * PS;
	char *map;
	pid_t pid;

	if (op == OP_PUNCH || op == OP_ZERO)
		tag = 0;
	if (op == OP_WRITE_SECTORS || (op == OP_STORE && rnd(w, 2))) {
		first = rnd(w, SECTORS);
		n = 1 + rnd(w, SECTORS - first);
	}
	if (op == OP_READ_INTO_MAP || op == OP_SPLICE)
		tag = 1 + rnd(w, COMMON);
	if (op == OP_COPY)
		tag = w->own_tags[page];
	fill(w->buf, tag, first * SECTOR, n * SECTOR);
	begin(slot, tag, first, n);
	switch (op) {
	case OP_WRITE:
	case OP_WRITE_SECTORS:
		must(pwrite(fds[f], w->buf, n * SECTOR, at + first * SECTOR) ==
		     (ssize_t)(n * SECTOR), "pwrite");
		break;
	case OP_STORE:
		store(maps[f], p, tag, first * SECTOR, n * SECTOR);
		break;
	case OP_STORE_FRESH:
		map = map_file(f);
		if (!map)
			break;
		if (rnd(w, 2))
			touch(map + at);
		store(map, p, tag, 0, PS);
		if (!rnd(w, 4))
			must(!msync(map + at, PS, MS_SYNC), "msync");
		munmap(map, NPAGES * PS);
		break;
	case OP_DIRECT_WRITE:
		must(pwrite(direct[f], w->buf, PS, at) == PS, "direct pwrite");
		break;
	case OP_PUNCH:
	case OP_ZERO:
		/* a filesystem that knows neither gets zeros */
		must(!fallocate(fds[f], op == OP_ZERO ? FALLOC_FL_ZERO_RANGE :
				FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				at, PS) ||
		     (errno == EOPNOTSUPP &&
		      pwrite(fds[f], w->buf, PS, at) == PS), op_names[op]);
		break;
	case OP_READ_INTO_MAP:
		must(pread(w->palette, maps[f] + at, PS, tag * PS) == PS,
		     "pread into a mapping");
		break;
	case OP_FORK_STORE:
		pid = fork();
		if (!pid) {
			store(maps[f], p, tag, 0, PS);
			_exit(0);
		}
		must(pid > 0 && waitpid(pid, NULL, 0) == pid, "fork");
		break;
	case OP_SPLICE:
		splice_page(w, f, at, tag);
		break;
	case OP_COPY:
		copy_own(w, f, at, page);
		break;
	case OP_VM_WRITE:
	case OP_PROC_MEM:
		write_memory(w, op, maps[f] + at);
		break;
	}
	end(slot);
	if (rnd(w, 2))
		check_page(w, f, p, false);
	else
		check_map(w, f, p, maps[f]);
}

/* Cut the pages that nobody else reads off a file, and put some back. */
static void change_tail(struct worker *w, int f)
{
	size_t len = NPAGES * PS + rnd(w, NTAIL * PS);
	size_t up = NPAGES * PS + rnd(w, NTAIL * PS);
	uint32_t tag = 1 + rnd(w, COMMON);
	char zero[PS] = "";
	size_t p, n;
	off_t off;

	for (p = NPAGES; p < NPAGES + NTAIL; p++) {
		fill(w->buf, tag, 0, PS);
		must(pwrite(fds[f], w->buf, PS, p * PS) == PS, "tail pwrite");
	}
	if (rnd(w, 2))
		must(!sync_file_range(fds[f], NPAGES * PS, NTAIL * PS,
				      SYNC_FILE_RANGE_WRITE |
				      SYNC_FILE_RANGE_WAIT_AFTER),
		     "sync_file_range");
	usleep(rnd(w, 20000));
	must(!ftruncate(fds[f], len) && !ftruncate(fds[f], up), "truncate");
	for (off = NPAGES * PS; (size_t)off < up; off += PS) {
		n = off + PS > up ? up - off : PS;
		if (pread(fds[f], w->buf, PS, off) != (ssize_t)n) {
			wrong(n, "file %d: tail ends before %zu", f, up);
			return;
		}
		/* up to @len as written, zeros after it */
		for (p = 0; p < n / sizeof(uint64_t); p++) {
			uint64_t want = word(tag, p);
			size_t here = off + p * sizeof(want);

			if (here >= len)
				want = 0;
			else if (here + sizeof(want) > len)
				memcpy((char *)&want + len - here, zero,
				       here + sizeof(want) - len);
			if (((uint64_t *)w->buf)[p] != want) {
				wrong(sizeof(want), "file %d: tail word %zu at %#lx is wrong",
				      f, p, (long)off);
				return;
			}
		}
	}
}

/* ------------------------------------------------------------------------- */
/* a worker's own file */

static void check_own(struct worker *w)
{
	uint64_t *words = (uint64_t *)w->buf;
	struct stat st;
	size_t i, n = 0;
	int p;

	must(!fstat(w->own, &st) && st.st_size == w->own_pages * (off_t)PS,
	     "size of a worker's file");
	for (p = 0; p < w->own_pages; p++) {
		must(pread(w->own, w->buf, PS, p * PS) == PS, "pread");
		for (i = 0; i < WORDS; i++)
			n += words[i] != word(w->own_tags[p], i);
		if (n) {
			wrong(n * sizeof(*words), "%s: page %d: %zu words",
			      w->path, p, n);
			return;
		}
	}
}

static void fill_own(struct worker *w, int from)
{
	int p;

	for (p = from; p < NOWN; p++) {
		w->own_tags[p] = new_tag(w);
		fill(w->buf, w->own_tags[p], 0, PS);
		must(pwrite(w->own, w->buf, PS, p * PS) == PS, "pwrite");
	}
	w->own_pages = NOWN;
}

static void change_own(struct worker *w)
{
	char path[PATH_MAX + 4];
	int p = rnd(w, NOWN - 1), i;

	switch (rnd(w, 7)) {
	case 0:		/* a new file */
		close(w->own);
		must(!unlink(w->path), "unlink");
		w->own = open(w->path, O_RDWR | O_CREAT | O_EXCL, 0600);
		must(w->own >= 0, "create");
		fill_own(w, 0);
		break;
	case 1:
		must(!ftruncate(w->own, p * PS), "truncate");
		w->own_pages = p;
		check_own(w);
		fill_own(w, p);
		break;
	case 2:		/* cut within a page: the rest of it is zero */
		must(!ftruncate(w->own, p * PS) &&
		     !ftruncate(w->own, (p + 1) * PS), "truncate");
		w->own_tags[p] = 0;
		w->own_pages = p + 1;
		check_own(w);
		fill_own(w, p + 1);
		break;
	case 3:
		if (fallocate(w->own, FALLOC_FL_COLLAPSE_RANGE, p * PS, PS))
			break;
		for (i = p; i < NOWN - 1; i++)
			w->own_tags[i] = w->own_tags[i + 1];
		w->own_pages = NOWN - 1;
		check_own(w);
		fill_own(w, NOWN - 1);
		break;
	case 4:
		must(!ftruncate(w->own, (NOWN - 1) * PS), "truncate");
		if (fallocate(w->own, FALLOC_FL_INSERT_RANGE, p * PS, PS)) {
			w->own_pages = NOWN - 1;
			fill_own(w, NOWN - 1);
			break;
		}
		for (i = NOWN - 1; i > p; i--)
			w->own_tags[i] = w->own_tags[i - 1];
		w->own_tags[p] = 0;
		break;
	case 5:
		snprintf(path, sizeof(path), "%s.new", w->path);
		must(!rename(w->path, path) && !rename(path, w->path),
		     "rename");
		break;
	case 6:
		must(!fsync(w->own) &&
		     !posix_fadvise(w->own, 0, 0, POSIX_FADV_DONTNEED),
		     "fadvise");
		break;
	}
	check_own(w);
}

/* ------------------------------------------------------------------------- */

/* Hash of the file that this process runs. */
static uint64_t program_hash(void)
{
	uint64_t hash = 0, words[WORDS];
	int fd = open("/proc/self/exe", O_RDONLY);
	ssize_t n;
	size_t i;

	while ((n = read(fd, words, PS)) > 0) {
		memset((char *)words + n, 0, PS - n);
		for (i = 0; i < WORDS; i++)
			hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL;
	}
	close(fd);
	return n ? 0 : hash;
}

/* Copy this program under a name of the caller's, then give it the one that is run. */
static void install(const char *path, int nr)
{
	char from[PS], new[PATH_MAX + 16];
	int in, out;
	ssize_t n;

	snprintf(new, sizeof(new), "%s.%d", path, nr);
	in = open("/proc/self/exe", O_RDONLY);
	out = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	must(in >= 0 && out >= 0, "copy of the program");
	while ((n = read(in, from, PS)) > 0)
		must(write(out, from, n) == n, "copy of the program");
	must(!n, "read of the program");
	close(in);
	close(out);
	must(!rename(new, path), "rename of the program");
}

/* Programs on the file systems run, and are replaced as by an upgrade. */
static void execute(struct worker *w)
{
	char path[PATH_MAX], hash[32];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/program", dirs[rnd(w, 2)]);
	if (!rnd(w, 8))
		install(path, w->nr);
	/* a mount may not permit it */
	if (access(path, X_OK))
		return;
	snprintf(hash, sizeof(hash), "%#llx", (unsigned long long)model->program);
	pid = fork();
	if (!pid) {
		execl(path, path, "-x", hash, NULL);
		/* a child of somebody may still have it open for writing */
		_exit(errno == ETXTBSY ? 0 : 1);
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
	if (pid > 0 && status)
		wrong(1, "%s ended with status %#x", path, status);
}

static void read_elsewhere(struct worker *w, int op, int f, int p)
{
	struct slot before;
	char *map;
	pid_t pid;
	int n;

	switch (op) {
	case OP_READ:
	case OP_DIRECT_READ:
		check_page(w, f, p, op == OP_DIRECT_READ);
		break;
	case OP_LOAD:
		for (n = 0; n < RUN; n++)
			check_map(w, f, (p + n) % NPAGES, maps[f]);
		break;
	case OP_PRIVATE:
		map = mmap(NULL, NPAGES * PS, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE, fds[f], 0);
		must(map != MAP_FAILED, "mmap");
		check_map(w, f, p, map);
		before = look(f, p);
		map[p * PS] ^= 1;
		map[p * PS] ^= 1;
		/* a private copy is of one moment, or of while it changed */
		memcpy(w->buf, map + p * PS, PS);
		check(f, p, &before, w->buf, "private copy");
		munmap(map, NPAGES * PS);
		break;
	case OP_DONTNEED:
		posix_fadvise(fds[f], p * PS, RUN * PS, POSIX_FADV_DONTNEED);
		break;
	case OP_FSYNC:
		must(!fsync(fds[f]), "fsync");
		break;
	case OP_PAGEOUT:
		if (spare(w))
			break;
		n = p + RUN > NPAGES ? NPAGES - p : RUN;
		madvise(maps[f] + p * PS, n * PS, MADV_PAGEOUT);
		break;
	case OP_ADVISE:
		/* at a place of few, for each is a VMA of its own */
		p -= p % RUN;
		must(!madvise(maps[f] + p * PS, RUN * PS, rnd(w, 4) ?
			      MADV_MERGEABLE : MADV_UNMERGEABLE) || model_only,
		     "madvise");
		break;
	case OP_EXEC:
		execute(w);
		break;
	case OP_MLOCK:
		must(!mlock(maps[f] + p * PS, PS), "mlock");
		check_map(w, f, p, maps[f]);
		must(!munlock(maps[f] + p * PS, PS), "munlock");
		break;
	case OP_FORK:
		pid = fork();
		if (!pid) {
			for (n = 0; n < 8; n++)
				check_map(w, f, (p + n) % NPAGES, maps[f]);
			_exit(0);
		}
		must(pid > 0 && waitpid(pid, NULL, 0) == pid, "fork");
		break;
	}
}

static bool owns(const struct worker *w, int f, int p)
{
	return (f + p) % workers == w->nr;
}

static void *work(void *arg)
{
	static const int weights[OPS] = {
		[OP_WRITE] = 12, [OP_WRITE_SECTORS] = 6, [OP_STORE] = 12,
		[OP_STORE_FRESH] = 6, [OP_DIRECT_WRITE] = 3, [OP_PUNCH] = 3,
		[OP_ZERO] = 3, [OP_READ_INTO_MAP] = 4, [OP_FORK_STORE] = 1,
		[OP_SPLICE] = 2, [OP_COPY] = 2, [OP_VM_WRITE] = 2, [OP_PROC_MEM] = 2,
		[OP_TAIL] = 1, [OP_OWN_FILE] = 2, [OP_READ] = 20,
		[OP_DIRECT_READ] = 2, [OP_LOAD] = 12, [OP_PRIVATE] = 4,
		[OP_DONTNEED] = 2, [OP_FSYNC] = 1, [OP_PAGEOUT] = 2,
		[OP_MLOCK] = 2, [OP_FORK] = 1, [OP_EXEC] = 1, [OP_ADVISE] = 1,
	};
	struct worker *w = arg;
	int i, op, f, p, sum = 0;

	for (i = 0; i < OPS; i++)
		sum += weights[i];
	while (!__atomic_load_n(&model->stop, __ATOMIC_SEQ_CST)) {
		i = rnd(w, sum);
		for (op = 0; i >= weights[op]; op++)
			i -= weights[op];
		f = rnd(w, nfiles);
		p = rnd(w, NPAGES);
		if (op < OP_TAIL) {
			if (rnd(w, 32))
				p = model->part * (NPAGES / PARTS) +
				    p % (NPAGES / PARTS);
			while (!owns(w, f, p))
				p = (p + 1) % NPAGES;
			change(w, op, f, p);
		} else if (op == OP_TAIL) {
			if (w->nr < nfiles)
				change_tail(w, w->nr);
		} else if (op == OP_OWN_FILE) {
			change_own(w);
		} else {
			read_elsewhere(w, op, f, p);
		}
		__atomic_add_fetch(&model->ops[op], 1, __ATOMIC_RELAXED);
		/* leave pages alone for a while, or they never merge */
		if (one_content || !rnd(w, 8))
			usleep(rnd(w, 20000));
	}
	check_own(w);
	return NULL;
}

static void join_group(void)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", getpid());
	write_text(GROUP "/cgroup.procs", text);
}

static void process(int first, uint64_t seed)
{
	struct worker w[THREADS] = {};
	int f, i, n = workers - first < THREADS ? workers - first : THREADS;
	unsigned long nodes = (2UL << last_node) - 1;

	join_group();
	/* pages of half of the processes come from all nodes */
	if (last_node && first / THREADS % 2)
		must(!syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &nodes,
			      8 * sizeof(nodes)), "set_mempolicy");
	for (f = 0; f < nfiles; f++)
		maps[f] = map_file(f);
	for (i = 0; i < n && !model->failed; i++) {
		w[i].nr = first + i;
		w[i].rand = (seed + w[i].nr + 1) * 0x9e3779b97f4a7c15ULL | 1;
		w[i].palette = open("/dev/shm", O_RDWR | O_TMPFILE, 0600);
		if (w[i].palette < 0)
			w[i].palette = open(dirs[0], O_RDWR | O_TMPFILE, 0600);
		must(!posix_memalign((void **)&w[i].buf, PS, PS), "memory");
		for (f = 1; f <= COMMON; f++) {
			fill(w[i].buf, f, 0, PS);
			must(pwrite(w[i].palette, w[i].buf, PS, f * PS) == PS,
			     "palette");
		}
		snprintf(w[i].path, PATH_MAX, "%s/own%d", dirs[w[i].nr % 2],
			 w[i].nr);
		w[i].own = open(w[i].path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		must(w[i].own >= 0, "create");
		fill_own(w + i, 0);
		must(!pthread_create(&w[i].thread, NULL, work, w + i),
		     "pthread_create");
	}
	while (i--)
		pthread_join(w[i].thread, NULL);
}

static int make_files(void)
{
	char buf[PS], path[PATH_MAX];
	int f, p;
	size_t s;

	for (f = 0; f < 2; f++) {
		snprintf(path, sizeof(path), "%s/program", dirs[f]);
		install(path, 0);
	}
	model->program = program_hash();
	for (f = 0; f < nfiles; f++) {
		uint32_t tags = one_content ? 1 : COMMON;

		snprintf(path, sizeof(path), "%s/shared%d", dirs[f % 2], f);
		fds[f] = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		direct[f] = open(path, O_RDWR | O_DIRECT);
		if (direct[f] < 0)
			direct[f] = fds[f];
		for (p = 0; p < NPAGES; p++) {
			for (s = 0; s < SECTORS; s++)
				model->slots[f][p].now[s] = 1 + p % tags;
			fill(buf, 1 + p % tags, 0, PS);
			if (pwrite(fds[f], buf, PS, p * PS) != PS)
				return -1;
		}
	}
	return 0;
}

/* With nobody at work: each byte of each file, however it is read. */
static void check_all(const char *how, bool dio)
{
	struct worker w = {};
	int f, p;

	must(!posix_memalign((void **)&w.buf, PS, PS), "memory");
	for (f = 0; f < nfiles; f++)
		for (p = 0; p < NPAGES; p++)
			check_page(&w, f, p, dio);
	if (model->failed)
		ksft_print_msg("%s: %lu bytes wrong\n", how, model->wrong);
	free(w.buf);
}

/* Some pressure on the workers' memory, without killing them. */
static bool make_group(void)
{
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		return false;
	return !access(GROUP "/memory.reclaim", W_OK);
}

static void sync_dirs(void)
{
	int fd, i;

	for (i = 0; i < 2; i++) {
		fd = open(dirs[i], O_RDONLY);
		must(fd >= 0 && !syncfs(fd), "syncfs");
		close(fd);
	}
}

/* On f2fs: move the blocks of a segment, at once or by writeback. */
static void collect(const char *dir, __u32 sync)
{
	int fd = open(dir, O_RDONLY);

	/* there may be nothing to collect */
	ioctl(fd, F2FS_IOC_GARBAGE_COLLECT, &sync);
	close(fd);
}

/* ------------------------------------------------------------------------- */
/* what befalls all memory; each function is a process of its own */

static unsigned int rounds;		/* of this process */

/* What is not there is not missed. */
static bool has(int act, const char *path)
{
	if (!access(path, W_OK))
		return true;
	model->lacks[act] = true;
	return false;
}

static void write_back(struct worker *w)
{
	if (rnd(w, 2)) {
		sync_dirs();
		done(ACT_SYNC, 1);
	}
	if (!rnd(w, 4))
		collect(dirs[rnd(w, 2)], rnd(w, 2));
	if (rounds % 20 == 1) {
		evict();
		done(ACT_EVICT, 1);
	}
	if (rounds % 4 == 2 && (rounds == 2 || !spare(w)) &&
	    has(ACT_RECLAIM, GROUP "/memory.reclaim")) {
		/* it need not find that much */
		write_text(GROUP "/memory.reclaim", rnd(w, 2) ? "1M" : "4M");
		done(ACT_RECLAIM, 1);
	}
}

/* Move a run of pages, whoever maps them. */
static void move_pages(struct worker *w)
{
	int f = rnd(w, nfiles), p = rnd(w, NPAGES / RUN) * RUN, i, n = 0;
	int nodes[RUN], before[RUN], after[RUN];
	void *pages[RUN];

	for (i = 0; i < RUN; i++) {
		nodes[i] = rnd(w, last_node + 1);
		pages[i] = maps[f] + (p + i) * PS;
		touch(pages[i]);
	}
	if (syscall(SYS_move_pages, 0, RUN, pages, NULL, before, 0) ||
	    syscall(SYS_move_pages, 0, RUN, pages, nodes, after,
		    MPOL_MF_MOVE_ALL) < 0)
		return;
	for (i = 0; i < RUN; i++)
		n += after[i] == nodes[i] && before[i] != nodes[i];
	done(ACT_MOVE, n);
}

static void migrate(struct worker *w)
{
	unsigned long from = 1UL << rnd(w, last_node + 1);
	unsigned long to = 1UL << rnd(w, last_node + 1);
	pid_t pid = model->pids[rnd(w, (workers + THREADS - 1) / THREADS)];

	if (from != to && syscall(SYS_migrate_pages, pid, 8 * sizeof(from),
				  &from, &to) >= 0)
		done(ACT_MIGRATE, 1);
}

static void move_memory(struct worker *w)
{
	static const char compact[] = "/proc/sys/vm/compact_memory";

	if (!last_node) {
		model->lacks[ACT_MOVE] = true;
		model->lacks[ACT_MIGRATE] = true;
	} else if (rounds % 8) {
		move_pages(w);
	} else {
		migrate(w);
	}
	if (rounds % 20 == 1 && has(ACT_COMPACT, compact) && !write_text(compact, "1"))
		done(ACT_COMPACT, 1);
}

/*
 * Odd seeds have the classic LRU. That patches code: processors that QEMU emulates now and
 * then run into a breakpoint that is gone already, so that nothing else runs meanwhile.
 */
static void choose_lru(uint64_t seed)
{
	if (access(LRU_GEN, F_OK))
		return;
	must(!write_text(LRU_GEN, seed % 2 ? "n" : "y"), LRU_GEN);
	ksft_print_msg("lru_gen is %s\n", seed % 2 ? "off" : "on");
}

#define BALANCING	"/proc/sys/kernel/numa_balancing"
#define SCAN_DELAY	"/sys/kernel/debug/sched/numa_balancing/scan_delay_ms"

static unsigned long hints;		/* of NUMA balancing, before this began */
static char was_balancing[16], was_delay[16];

/*
 * Pages move to where they are used; for that page tables forget them now and then.  Who
 * sleeps most of the time, as with one content, may be too short of breath to see that.
 */
static void balance_nodes(void)
{
	if (model_only || !last_node || access(SCAN_DELAY, W_OK) ||
	    read_text(BALANCING, was_balancing, sizeof(was_balancing)) ||
	    read_text(SCAN_DELAY, was_delay, sizeof(was_delay))) {
		*was_balancing = 0;
		model->lacks[ACT_HINT] = true;
		return;
	}
	model->lacks[ACT_HINT] = one_content;
	hints = read_vmstat("numa_hint_faults");
	must(!write_text(SCAN_DELAY, "1") && !write_text(BALANCING, "1"), BALANCING);
}

static void end_balancing(void)
{
	if (*was_balancing)
		must(!write_text(BALANCING, was_balancing) && !write_text(SCAN_DELAY, was_delay),
		     BALANCING);
}

static void unplug_cpu(struct worker *w)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 cpus > 1 ? 1 + rnd(w, cpus - 1) : 0);
	if (!has(ACT_CPU, path))
		return;
	must(!write_text(path, "0"), path);
	usleep(rnd(w, 500000));
	must(!write_text(path, "1"), path);
	done(ACT_CPU, 1);
}

/* A block of the last node, unless it is the only one. */
static void unplug_memory(struct worker *w)
{
	char pattern[64];
	const char *path;
	glob_t found;

	snprintf(pattern, sizeof(pattern),
		 "/sys/devices/system/node/node%d/memory*/state", last_node);
	if (!last_node || glob(pattern, 0, NULL, &found)) {
		model->lacks[ACT_MEMORY] = true;
		return;
	}
	path = found.gl_pathv[rnd(w, found.gl_pathc)];
	/* ksmd waits, so not for long */
	alarm(20);
	if (!write_text(path, "offline")) {
		usleep(rnd(w, 500000));
		must(!write_text(path, "online_movable"), path);
		done(ACT_MEMORY, 1);
	} else {
		/* it may be in use all the time */
		ksft_print_msg("%s: %s\n", path, strerror(errno));
	}
	alarm(0);
	globfree(&found);
}

static void unplug(struct worker *w)
{
	if (rounds % 3)
		unplug_cpu(w);
	else
		unplug_memory(w);
	sleep(1 + rnd(w, 3));
}

static void (* const disturbers[])(struct worker *w) = {
	write_back, move_memory, unplug,
};

static void interrupt(int sig)
{
}

static void disturb(int nr, uint64_t seed)
{
	struct worker w = { .rand = (seed + nr + 99) * 0x9e3779b97f4a7c15ULL | 1 };
	struct sigaction sa = { .sa_handler = interrupt };
	int f;

	sigaction(SIGALRM, &sa, NULL);
	for (f = 0; f < nfiles; f++)
		maps[f] = map_file(f);
	while (!__atomic_load_n(&model->stop, __ATOMIC_SEQ_CST)) {
		disturbers[nr](&w);
		rounds++;
		usleep(20000 + rnd(&w, 100000));
	}
}

/* Look on; now and then merging ends for a moment, when a batch of ksmd's is done. */
static void switch_ksmd(struct worker *w)
{
	static const char * const counters[] = {
		"file_pages_shared", "file_pages_sharing", "file_pages_scanned",
		"file_pages_hashed", "file_pages_broken", "file_full_scans",
		"file_bytes_saved", "file_metadata_bytes",
	};

	ksm_get(counters[rnd(w, ARRAY_SIZE(counters))]);
	model->acts[ACT_HINT] = read_vmstat("numa_hint_faults") - hints;
	/* it takes a while until a folio has many slots */
	switch (rounds++ % (one_content ? 400 : 40)) {
	case 10:
		ksm_mode(rnd(w, 2) ? "never" : "madvise");
		usleep(rnd(w, 200000));
		ksm_mode("always");
		done(ACT_MODE, 1);
		break;
	case 11:
		ksm_set("run", rnd(w, 2) ? 2 : 0);
		usleep(rnd(w, 200000));
		ksm_set("run", 1);
		done(ACT_RUN, 1);
		break;
	}
}

static void fork_process(void (*process)(int, uint64_t), int nr, uint64_t seed,
			 pid_t *pid)
{
	*pid = fork();
	if (!*pid) {
		process(nr, seed);
		_exit(0);
	}
	must(*pid > 0, "fork");
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* In how many places of the files the page frame is that is in most. */
static long most_slots(void)
{
	static uint64_t entries[MAXFILES * NPAGES];
	long i, first = 0, most = 0;
	char *map;
	int f, p;

	for (f = 0; f < nfiles; f++) {
		map = map_file(f);
		if (!map)
			return 0;
		for (p = 0; p < NPAGES; p++)
			touch(map + p * PS);
		must(pread(pagemap_fd, entries + f * NPAGES, NPAGES * sizeof(*entries),
			   (uintptr_t)map / PS * sizeof(*entries)) > 0, "pagemap");
		munmap(map, NPAGES * PS);
	}
	qsort(entries, nfiles * NPAGES, sizeof(*entries), by_value);
	for (i = 0; i < nfiles * (long)NPAGES; i++) {
		if (entries[i] != entries[first])
			first = i;
		if (entries[i] >> 63 && i + 1 - first > most)
			most = i + 1 - first;
	}
	return most;
}

/* Did all happen that the system has? */
static bool all_acts(void)
{
	int i;

	for (i = 0; i < ACTS; i++)
		if (!model->lacks[i] && !model->acts[i])
			return false;
	return true;
}

static long nr_ops(void)
{
	long sum = 0;
	int i;

	for (i = 0; i < OPS; i++)
		sum += model->ops[i];
	return sum;
}

/* Of what is written some was merged, and what is left alone merges. */
static bool enough_merged(void)
{
	return read_vmstat("page_wp_merge") - merges >= 500 + nr_ops() / 10 &&
	       read_vmstat("page_wp_break") - breaks >= 50 + nr_ops() / (one_content ? 100 : 20);
}

static bool enough_slots(void)
{
	return !one_content || slots >= MANY;
}

/* Where there is little time for each process all takes longer, up to a minute or twice as long. */
static void run(int limit, uint64_t seed)
{
	struct worker w = { .rand = seed * 0x9e3779b97f4a7c15ULL | 1 };
	time_t last = time(NULL) + limit, late = last + (limit > 60 ? limit : 60);
	int i, n = 0, status;
	long most;
	pid_t pid;

	if (!make_group())
		ksft_print_msg("no memory.reclaim: no pressure by a memory cgroup\n");
	for (i = 0; i < workers; i += THREADS)
		fork_process(process, i, seed, &model->pids[n++]);
	for (i = 0; i < (int)ARRAY_SIZE(disturbers); i++, n++)
		fork_process(disturb, i, seed, &pid);
	while (!model->stop &&
	       (time(NULL) < last ||
		(time(NULL) < late &&
		 !(all_acts() && (model_only || enough_merged()) && enough_slots())))) {
		usleep(50000 + rnd(&w, 200000));
		model->part = time(NULL) / PART_SECONDS % PARTS;
		if (model_only)
			continue;
		switch_ksmd(&w);
		most = rounds % 16 ? 0 : most_slots();
		if (most > slots)
			slots = most;
	}
	__atomic_store_n(&model->stop, 1, __ATOMIC_SEQ_CST);
	alarm(300);		/* a process that never ends is a failure */
	while (n--)
		if (wait(&status) < 0 || status)
			wrong(0, "a process ended with status %#x", status);
	alarm(0);
	rmdir(GROUP);
}

/* The last node that has memory. */
static int highest_node(void)
{
	char buf[64], *at;

	if (read_text("/sys/devices/system/node/has_memory", buf, sizeof(buf)))
		return 0;
	for (at = buf + strlen(buf); at > buf && isdigit(at[-1]); at--)
		;
	return atoi(at);
}

int main(int argc, char **argv)
{
	long sharing = 0;
	uint64_t seed = 1;
	int opt, limit = 60;
	bool enough = false;
	size_t i;

	while ((opt = getopt(argc, argv, "d:mos:w:x:")) != -1) {
		if (opt == 'd')
			limit = atoi(optarg);
		else if (opt == 'm')
			model_only = true;
		else if (opt == 'o')
			one_content = true;
		else if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (opt == 'w')
			workers = atoi(optarg);
		else if (opt == 'x')	/* execute() */
			return program_hash() != strtoull(optarg, NULL, 0);
		else
			return KSFT_FAIL;
	}
	ksft_print_header();
	if (!model_only && access(KSM_DIR "file", F_OK))
		ksft_exit_skip("the kernel has no " KSM_DIR "file\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");
	if (optind == argc)
		ksft_exit_skip("no directory given\n");
	if (workers < 1 || workers > MAXWORKERS)
		ksft_exit_fail_msg("1 to %d workers\n", MAXWORKERS);
	dirs[0] = argv[optind];
	dirs[1] = argv[optind + 1] ?: dirs[0];
	model = mmap(NULL, sizeof(*model), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (model == MAP_FAILED)
		ksft_exit_fail_perror("mmap");
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	if (pagemap_fd < 0)
		ksft_exit_fail_perror("/proc/self/pagemap");
	model->tags = COMMON;
	last_node = highest_node();
	if (one_content)
		nfiles = MAXFILES;
	model->lacks[ACT_RUN] = model_only;
	model->lacks[ACT_MODE] = model_only;
	if (!model_only && ksm_write("file", "always"))
		ksft_exit_skip("file = always: %s\n", strerror(errno));
	if (make_files())
		ksft_exit_fail_perror(dirs[0]);
	ksft_set_plan(2 + !model_only + one_content);
	ksft_print_msg("%d workers, %d s, seed %llu\n", workers, limit,
		       (unsigned long long)seed);

	if (!model_only) {
		ksm_save_knobs();
		ksm_set("pages_to_scan", 500);
		ksm_set("sleep_millisecs", 2);
		ksm_set("run", 1);
		if (one_content) {
			sharing = ksm_get("max_page_sharing");
			ksm_set("max_page_sharing", nfiles * NPAGES);
		}
		merges = read_vmstat("page_wp_merge");
		breaks = read_vmstat("page_wp_break");
	}

	choose_lru(seed);
	balance_nodes();
	run(limit, seed);
	end_balancing();
	check_all("read at the end", false);
	sync_dirs();
	check_all("direct read at the end", true);
	evict();
	check_all("read after drop_caches", false);

	if (!model_only) {
		enough = enough_merged();
		merges = read_vmstat("page_wp_merge") - merges;
		breaks = read_vmstat("page_wp_break") - breaks;
		ksm_mode("never");
		if (one_content)
			ksm_set("max_page_sharing", sharing);
		ksm_restore_knobs();
	}
	for (i = 0; i < OPS; i++)
		ksft_print_msg("%-24s %lu\n", op_names[i], model->ops[i]);
	for (i = 0; i < ACTS; i++)
		if (!model->lacks[i])
			ksft_print_msg("%-24s %lu\n", act_names[i], model->acts[i]);
	ksft_test_result(!model->failed, "every byte as the model says\n");
	ksft_test_result(all_acts(), "all happened that could\n");
	if (!model_only)
		ksft_test_result(enough, "enough was merged and broken\n");
	if (one_content)
		ksft_test_result(enough_slots(), "a folio had at least %d slots\n", MANY);
	/* selftests/run adds these up */
	ksft_print_msg("did %ld operations, %ld merges, %ld breaks, %lu bytes wrong\n",
		       nr_ops(), merges, breaks, model->wrong);
	if (!model_only)
		ksft_print_msg("%ld slots of a folio at most\n", slots);
	ksft_finished();
}
