// SPDX-License-Identifier: GPL-2.0
/*
 * Merging of shared memory: memfd, shared anonymous memory, System V shm, tmpfs.
 *
 * Nobody is asked before a page table of theirs gets a writable entry, and nowhere
 * but in swap is a second copy of what they hold.  So this looks at every way by which
 * a merged page could become writable, or be lost, and compares every byte with a
 * model afterwards.  ksm_file has what they have in common with files on disk.
 *
 * Usage: ksm_shmem [-t TEST] [SWAP]
 *
 * SWAP is a swap device that is not in use; without it nothing is swapped.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <linux/udmabuf.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../kselftest.h"
#include "vm_util.h"
#include "ksm_file.h"

#define PS		4096UL
#define NSEGS		4
#define NPAGES		12UL		/* pages of a segment: the last two are zero */
#define MANY		100		/* segments, more than a swap count holds */

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010
#endif

enum { PASS, FAIL, SKIP };

/* A segment, and what it must hold. */
struct seg {
	char *map;
	int fd;				/* -1 if it has none */
	int shmid;			/* -1 if it has none */
	char want[NPAGES * PS];
};

static struct seg segs[MANY];
static int nsegs;
static int pagemap_fd;
static const char *swap_dev;
static int seconds = 60;
static char why[256];
static unsigned int fresh;

static __printf(1, 2) int fail(const char *fmt, ...)
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

static int skip(const char *what)
{
	snprintf(why, sizeof(why), "%s%s%s", what, errno ? ": " : "",
		 errno ? strerror(errno) : "");
	errno = 0;
	return SKIP;
}

/* ------------------------------------------------------------------------- */
/* segments */

enum kind { MEMFD, ANON, SYSV, KINDS };

static const char * const kinds[KINDS] = {
	[MEMFD] = "memfd", [ANON] = "shared anonymous memory", [SYSV] = "System V shm",
};

/* Bytes of page @p, the same in all segments; different in every run of this. */
static void paint(char *page, unsigned long p)
{
	unsigned long i, x = (fresh << 8) + p + 1;

	for (i = 0; i < PS; i++) {
		x = x * 6364136223846793005UL + 1442695040888963407UL;
		page[i] = p < NPAGES - 2 ? (x >> 56) | 1 : 0;
	}
}

static int open_seg(struct seg *s, enum kind kind)
{
	s->fd = -1;
	s->shmid = -1;
	s->map = MAP_FAILED;
	switch (kind) {
	case MEMFD:
		s->fd = memfd_create("ksm_shmem", MFD_ALLOW_SEALING);
		if (s->fd >= 0 && !ftruncate(s->fd, NPAGES * PS))
			s->map = mmap(NULL, NPAGES * PS, PROT_READ | PROT_WRITE,
				      MAP_SHARED, s->fd, 0);
		break;
	case ANON:
		s->map = mmap(NULL, NPAGES * PS, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		break;
	default:
		s->shmid = shmget(IPC_PRIVATE, NPAGES * PS, IPC_CREAT | 0600);
		if (s->shmid >= 0) {
			s->map = shmat(s->shmid, NULL, 0);
			shmctl(s->shmid, IPC_RMID, NULL);
		}
	}
	return s->map == MAP_FAILED ? fail("a segment of %s", kinds[kind]) : PASS;
}

static void close_seg(struct seg *s)
{
	if (s->shmid >= 0)
		shmdt(s->map);
	else
		munmap(s->map, NPAGES * PS);
	if (s->fd >= 0)
		close(s->fd);
}

static void close_segs(void)
{
	while (nsegs)
		close_seg(segs + --nsegs);
}

static int make_segs(enum kind kind, int n)
{
	unsigned long p;

	for (fresh++; nsegs < n; nsegs++) {
		struct seg *s = segs + nsegs;

		if (open_seg(s, kind))
			return FAIL;
		if (madvise(s->map, NPAGES * PS, MADV_MERGEABLE)) {
			close_seg(s);
			return fail("MADV_MERGEABLE");
		}
		for (p = 0; p < NPAGES; p++) {
			paint(s->want + p * PS, p);
			/* the last one is a hole that is read */
			if (p < NPAGES - 1)
				memcpy(s->map + p * PS, s->want + p * PS, PS);
		}
	}
	return PASS;
}

static int check_seg(const struct seg *s, const char *when)
{
	unsigned long i;

	if (!memcmp(s->map, s->want, NPAGES * PS))
		return PASS;
	for (i = 0; s->map[i] == s->want[i]; i++)
		;
	errno = 0;
	return fail("%s: segment %d: byte %lu of page %lu is %#x, not %#x", when,
		    (int)(s - segs), i % PS, i / PS, (unsigned char)s->map[i],
		    (unsigned char)s->want[i]);
}

static int check(const char *when)
{
	int i;

	for (i = 0; i < nsegs; i++)
		if (check_seg(segs + i, when))
			return FAIL;
	return PASS;
}

static unsigned long pfn_at(const char *addr)
{
	unsigned long pfn = -1UL;
	int i;

	for (i = 0; i < 100 && pfn == -1UL; i++) {
		touch(addr);
		pfn = pagemap_get_pfn(pagemap_fd, (char *)addr);
	}
	return pfn;
}

/* Does page @p of a segment share its frame with that of another one? */
static bool shares(const struct seg *s, unsigned long p)
{
	unsigned long pfn = pfn_at(s->map + p * PS);
	int i;

	for (i = 0; i < nsegs; i++)
		if (segs + i != s && pfn_at(segs[i].map + p * PS) == pfn)
			return true;
	return false;
}

/* How many pages are not merged that could be? */
static unsigned long unmerged(void)
{
	unsigned long p, n = 0;
	int i;

	for (i = 0; i < nsegs; i++)
		for (p = 0; p < NPAGES; p++)
			n += !shares(segs + i, p);
	return n;
}

static int merge(void)
{
	unsigned long left = -1UL;
	int i;

	ksm_set("run", 1);
	for (i = 0; i < seconds * 20 && left; i++) {
		usleep(50000);
		left = unmerged();
	}
	ksm_set("run", 0);
	return left ? fail("%lu pages not merged in %d s", left, seconds) :
		      check("after merging");
}

/* Let ksmd look at what was changed, which need not be like anything else now. */
static int again(void)
{
	long end = ksm_get("file_full_scans") + 3;
	int i;

	ksm_set("run", 1);
	for (i = 0; i < seconds * 100 && ksm_get("file_full_scans") < end; i++)
		usleep(10000);
	ksm_set("run", 0);
	return ksm_get("file_full_scans") < end ? fail("ksmd does not make passes") :
						  check("after more passes");
}

static int setup(enum kind kind)
{
	return make_segs(kind, NSEGS) || merge();
}

/* The model of a write; the bytes are never those of before. */
static char *ink(struct seg *s, size_t off, size_t n)
{
	size_t i;

	for (i = off; i < off + n; i++)
		s->want[i] ^= 0x5a;
	return s->want + off;
}

/* What was written to the first segment is there and nowhere else. */
static int wrote(unsigned long p)
{
	if (check("after a write"))
		return FAIL;
	return shares(segs, p) ? fail("page %lu was written to and is shared", p) : PASS;
}

/* ------------------------------------------------------------------------- */
/* tests */

static int test_store(enum kind kind)
{
	unsigned long p;

	if (setup(kind))
		return FAIL;
	for (p = 0; p < NPAGES; p++) {
		memcpy(segs[0].map + p * PS + 100, ink(segs, p * PS + 100, 10), 10);
		if (wrote(p))
			return FAIL;
	}
	/* and back: it is merged again */
	for (p = 0; p < NPAGES; p++)
		memcpy(segs[0].map + p * PS + 100, ink(segs, p * PS + 100, 10), 10);
	return merge();
}

static int test_memfd(void) { return test_store(MEMFD); }
static int test_anon(void) { return test_store(ANON); }
static int test_sysv(void) { return test_store(SYSV); }

static int test_pwrite(void)
{
	if (setup(MEMFD))
		return FAIL;
	if (pwrite(segs[0].fd, ink(segs, 2 * PS - 5, 10), 10, 2 * PS - 5) != 10)
		return fail("pwrite");
	return wrote(1) || wrote(2);
}

static int test_mprotect(void)
{
	struct seg *s = segs;

	if (setup(MEMFD))
		return FAIL;
	check("page tables are full");
	if (mprotect(s->map, NPAGES * PS, PROT_READ) ||
	    mprotect(s->map, NPAGES * PS, PROT_NONE) ||
	    mprotect(s->map, NPAGES * PS, PROT_READ | PROT_WRITE))
		return fail("mprotect");
	memcpy(s->map + 3 * PS, ink(s, 3 * PS, 10), 10);
	return wrote(3);
}

static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	       fail("the child got signal %d", WTERMSIG(status));
}

static int child_write(void)
{
	memcpy(segs[0].map + PS, ink(segs, PS, 10), 10);
	return check("in the child");
}

static int test_fork(void)
{
	if (setup(ANON))
		return FAIL;
	check("page tables are full");
	if (in_child(child_write))
		return FAIL;
	/* the segment is shared with the child, the page not with the others */
	ink(segs, PS, 10);
	return wrote(1);
}

static int test_process_vm_writev(void)
{
	struct iovec local = { ink(segs, 4 * PS, 100), 100 };
	struct iovec remote;

	if (setup(MEMFD))
		return FAIL;
	remote = (struct iovec) { segs[0].map + 4 * PS, 100 };
	local.iov_base = ink(segs, 4 * PS, 100);
	if (process_vm_writev(getpid(), &local, 1, &remote, 1, 0) != 100)
		return fail("process_vm_writev");
	return wrote(4);
}

static int punch(size_t off, size_t len)
{
	if (fallocate(segs[0].fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len))
		return fail("fallocate a hole at %zu, %zu", off, len);
	memset(segs[0].want + off, 0, len);
	return check("after a hole was punched");
}

static int test_punch(void)
{
	if (setup(MEMFD))
		return FAIL;
	return punch(PS, PS) || punch(3 * PS + 10, 20) || punch(5 * PS - 10, PS + 20) ||
	       again();
}

static int test_remove(void)
{
	if (setup(ANON))
		return FAIL;
	if (madvise(segs[0].map + PS, 2 * PS, MADV_REMOVE))
		return fail("MADV_REMOVE");
	memset(segs[0].want + PS, 0, 2 * PS);
	return check("after MADV_REMOVE");
}

static int test_truncate(void)
{
	struct seg *s = segs;

	if (setup(MEMFD))
		return FAIL;
	if (ftruncate(s->fd, 4 * PS + 10) || ftruncate(s->fd, NPAGES * PS))
		return fail("ftruncate");
	memset(s->want + 4 * PS + 10, 0, (NPAGES - 4) * PS - 10);
	if (check("after truncation") || ftruncate(s->fd, 2 * PS) ||
	    ftruncate(s->fd, NPAGES * PS))
		return FAIL;
	memset(s->want + 2 * PS, 0, (NPAGES - 2) * PS);
	return check("after truncation to a page") || again();
}

static int test_fallocate(void)
{
	if (setup(MEMFD))
		return FAIL;
	if (fallocate(segs[0].fd, 0, 0, NPAGES * PS))
		return fail("fallocate");
	return check("after fallocate") || merge();
}

static int test_seal(void)
{
	struct seg *s = segs;

	if (setup(MEMFD))
		return FAIL;
	/* It must not have a writable mapping. */
	munmap(s->map, NPAGES * PS);
	if (fcntl(s->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK))
		fail("F_SEAL_WRITE");
	s->map = mmap(NULL, NPAGES * PS, PROT_READ, MAP_SHARED, s->fd, 0);
	if (s->map == MAP_FAILED)
		s->map = mmap(NULL, NPAGES * PS, PROT_READ, MAP_PRIVATE, s->fd, 0);
	if (s->map == MAP_FAILED || !(fcntl(s->fd, F_GET_SEALS) & F_SEAL_WRITE))
		return fail("a sealed memfd");
	if (pwrite(s->fd, "x", 1, 0) != -1 || errno != EPERM)
		return fail("a sealed memfd was written to");
	return check("sealed") || unmerged() ? fail("sealing broke merges") : PASS;
}

static int test_shm_lock(void)
{
	unsigned long p;

	if (setup(SYSV))
		return FAIL;
	if (shmctl(segs[0].shmid, SHM_LOCK, NULL))
		return fail("SHM_LOCK");
	for (p = 0; p < NPAGES; p++)
		if (shares(segs, p))
			return fail("page %lu is locked and shared", p);
	if (check("locked") || shmctl(segs[0].shmid, SHM_UNLOCK, NULL))
		return FAIL;
	return merge();
}

/* What a device would read or write for a long time is no merged page. */
static int test_udmabuf(void)
{
	int dev = open("/dev/udmabuf", O_RDWR), buf;
	struct udmabuf_create create = { .size = NPAGES * PS };
	struct seg *s = segs;
	char *map;

	if (dev < 0)
		return skip("udmabuf");
	if (setup(MEMFD))
		return FAIL;
	if (fcntl(s->fd, F_ADD_SEALS, F_SEAL_SHRINK))
		return fail("F_SEAL_SHRINK");
	create.memfd = s->fd;
	buf = ioctl(dev, UDMABUF_CREATE, &create);
	close(dev);
	if (buf < 0)
		return fail("UDMABUF_CREATE");
	map = mmap(NULL, NPAGES * PS, PROT_READ | PROT_WRITE, MAP_SHARED, buf, 0);
	if (map == MAP_FAILED)
		return fail("mmap of a udmabuf");
	memcpy(map + PS, ink(s, PS, 10), 10);
	if (wrote(1))
		return FAIL;
	/* It stays that way. */
	if (again())
		return FAIL;
	memcpy(map + 2 * PS, ink(s, 2 * PS, 10), 10);
	memcpy(s->map + 3 * PS, ink(s, 3 * PS, 10), 10);
	if (check("pinned") || memcmp(map, s->want, NPAGES * PS))
		return fail("the buffer is not the file");
	munmap(map, NPAGES * PS);
	close(buf);
	return PASS;
}

/* Sizes that people see do not depend on who merged what. */
static int test_accounting(void)
{
	struct stat before, after;

	if (make_segs(MEMFD, NSEGS) || check("fresh") || fstat(segs[0].fd, &before) ||
	    merge() || fstat(segs[0].fd, &after))
		return FAIL;
	if (before.st_blocks != after.st_blocks || before.st_size != after.st_size)
		return fail("%ld blocks before, %ld after", before.st_blocks,
			    after.st_blocks);
	if (ksm_get("file_pages_sharing") < (long)((NSEGS - 1) * NPAGES))
		return fail("%ld pages sharing", ksm_get("file_pages_sharing"));
	return PASS;
}

static int swapped(const char *when)
{
	long sharing;

	swap_out();
	sharing = ksm_get("file_pages_sharing");
	return sharing ? fail("%s: %ld pages sharing are still there", when, sharing) :
			 PASS;
}

static int with_swap(int (*fn)(void))
{
	int ret;

	if (!swap_dev)
		return skip("no swap device");
	if (swapon(swap_dev, 0))
		return fail("swapon %s", swap_dev);
	ret = fn();
	if (swapoff(swap_dev))
		return fail("swapoff %s", swap_dev);
	return ret || check("after swapoff");
}

static int do_swap(void)
{
	int i;

	if (setup(MEMFD) || swapped("first") || check("swapped in") || merge() ||
	    swapped("again"))
		return FAIL;
	/* A write to what is in swap is that slot's alone. */
	for (i = 0; i < nsegs; i++)
		memcpy(segs[i].map + i * PS, ink(segs + i, i * PS, 10), 10);
	if (check("written in swap"))
		return FAIL;
	/* Who is gone does not take it along. */
	if (swapped("written"))
		return FAIL;
	close_seg(segs + --nsegs);
	if (punch(4 * PS, PS) || punch(6 * PS + 5, 10))
		return FAIL;
	return check("a segment is gone");
}

static int do_swap_many(void)
{
	if (make_segs(ANON, MANY) || merge() || swapped("many"))
		return FAIL;
	while (nsegs > MANY / 2)
		close_seg(segs + --nsegs);
	return check("swapped in");
}

/* swapoff() brings back what is still there. */
static int do_swapoff(void)
{
	return setup(SYSV) || swapped("before swapoff");
}

static int test_swap(void) { return with_swap(do_swap); }
static int test_swap_many(void) { return with_swap(do_swap_many); }
static int test_swapoff(void) { return with_swap(do_swapoff); }

static int uffd_open(struct seg *s, __u64 mode, __u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { (unsigned long)s->map, NPAGES * PS },
		.mode = mode,
	};
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Write-protected, merged, and open again: a write still breaks. */
static int test_uffd_wp(void)
{
	struct seg *s = segs;
	struct uffdio_writeprotect wp;
	int fd;

	if (make_segs(MEMFD, NSEGS))
		return FAIL;
	fd = uffd_open(s, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
	if (fd < 0)
		return skip("write-protecting userfaultfd");
	wp = (struct uffdio_writeprotect) {
		.range = { (unsigned long)s->map, NPAGES * PS },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	if (check("page tables are full") || ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		return fail("UFFDIO_WRITEPROTECT");
	if (merge())
		return FAIL;
	/* The protection survived. */
	if (!(pagemap_get_entry(pagemap_fd, s->map) & (1ULL << 57)))
		return fail("write protection was lost");
	wp.mode = 0;
	if (ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		return fail("no UFFDIO_WRITEPROTECT");
	memcpy(s->map + 2 * PS, ink(s, 2 * PS, 10), 10);
	close(fd);
	return wrote(2);
}

static void *resolve_minor(void *arg)
{
	int fd = *(int *)arg;
	struct pollfd pfd = { fd, POLLIN, 0 };
	struct uffd_msg msg;

	while (poll(&pfd, 1, 5000) > 0 && read(fd, &msg, sizeof(msg)) == sizeof(msg)) {
		struct uffdio_continue cont = {
			.range = { msg.arg.pagefault.address & -PS, PS },
		};

		if (ioctl(fd, UFFDIO_CONTINUE, &cont) && errno != EEXIST)
			return (void *)1L;
		if ((msg.arg.pagefault.address & -PS) == *(unsigned long *)((int *)arg + 2))
			break;
	}
	return NULL;
}

/* UFFDIO_CONTINUE maps what it finds, and a write goes on. */
static int test_uffd_minor(void)
{
	struct { int fd, pad; unsigned long last; } arg;
	struct seg *s = segs;
	pthread_t thread;
	void *ret;

	if (setup(MEMFD))
		return FAIL;
	arg.fd = uffd_open(s, UFFDIO_REGISTER_MODE_MINOR, UFFD_FEATURE_MINOR_SHMEM);
	if (arg.fd < 0)
		return skip("minor userfaultfd");
	arg.last = (unsigned long)s->map + 3 * PS;
	if (madvise(s->map, NPAGES * PS, MADV_DONTNEED))
		return fail("MADV_DONTNEED");
	if (pthread_create(&thread, NULL, resolve_minor, &arg))
		return fail("pthread_create");
	memcpy(s->map + 3 * PS, ink(s, 3 * PS, 10), 10);
	pthread_join(thread, &ret);
	close(arg.fd);
	return ret ? fail("UFFDIO_CONTINUE") : wrote(3);
}

static sigjmp_buf bus;

static void on_bus(int sig)
{
	siglongjmp(bus, 1);
}

/* All who had the page know that it is lost; nobody reads zeros. */
static int test_hwpoison(void)
{
	struct sigaction act = { .sa_handler = on_bus, .sa_flags = SA_NODEFER }, old;
	int i, ret = PASS, lost = 0;

	if (setup(MEMFD))
		return FAIL;
	check("page tables are full");
	sigaction(SIGBUS, &act, &old);
	if (!sigsetjmp(bus, 1) && madvise(segs[0].map + PS, PS, MADV_HWPOISON))
		ret = errno == EINVAL ? skip("MADV_HWPOISON") : fail("MADV_HWPOISON");
	for (i = 0; i < nsegs && !ret; i++) {
		if (sigsetjmp(bus, 1)) {
			lost++;
			continue;
		}
		touch(segs[i].map + PS);
	}
	sigaction(SIGBUS, &old, NULL);
	if (ret)
		return ret;
	if (lost != nsegs)
		return fail("%d of %d know that the page is lost", lost, nsegs);
	for (i = 0; i < nsegs; i++) {
		char byte;

		if (pread(segs[i].fd, &byte, 1, PS) != -1)
			return fail("the page was read");
		/* Who gives it up, and its mapping, has a page again. */
		if (fallocate(segs[i].fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      PS, PS) ||
		    madvise(segs[i].map + PS, PS, MADV_DONTNEED))
			return fail("fallocate a hole");
		memset(segs[i].want + PS, 0, PS);
	}
	return check("after the page was given up");
}

static int move(enum kind kind, int advice)
{
	unsigned long before, p = 3;
	int i;

	if (setup(kind))
		return FAIL;
	before = pfn_at(segs[0].map + p * PS);
	if (madvise(segs[0].map + p * PS, PS, advice))
		return errno == EINVAL ? skip("MADV_SOFT_OFFLINE") :
					 fail("MADV_SOFT_OFFLINE");
	if (check("moved") || !shares(segs, p) || pfn_at(segs[0].map + p * PS) == before)
		return fail("the page is not elsewhere in all its slots");
	/* It still is what cannot be read again, if nobody maps it. */
	for (i = 0; i < nsegs; i++)
		if (madvise(segs[i].map, NPAGES * PS, MADV_DONTNEED))
			return fail("MADV_DONTNEED");
	evict();
	if (check("moved, and caches dropped"))
		return FAIL;
	/* The page tables are full: no entry may have become writable. */
	memcpy(segs[0].map + p * PS, ink(segs, p * PS, 10), 10);
	return wrote(p);
}

static int test_move(void) { return move(MEMFD, MADV_SOFT_OFFLINE); }

/* What is not evictable, or has no page cache to share, is left alone. */
static int test_noswap(void)
{
	char dir[] = "/tmp/ksm_shmemXXXXXX", path[64];
	unsigned long pfn[2];
	char *map[2];
	int i, fd;

	if (!mkdtemp(dir) || mount("tmpfs", dir, "tmpfs", 0, "noswap"))
		return skip("tmpfs with noswap");
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		fd = open(path, O_RDWR | O_CREAT, 0600);
		map[i] = mmap(NULL, PS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (fd < 0 || ftruncate(fd, PS) || map[i] == MAP_FAILED)
			return fail("%s", path);
		close(fd);
		memset(map[i], 0x77, PS);
		madvise(map[i], PS, MADV_MERGEABLE);
	}
	ksm_set("run", 1);
	sleep(1);
	ksm_set("run", 0);
	for (i = 0; i < 2; i++) {
		pfn[i] = pfn_at(map[i]);
		munmap(map[i], PS);
	}
	umount(dir);
	rmdir(dir);
	return pfn[0] == pfn[1] ? fail("merged, although nothing could swap it") : PASS;
}

static const struct {
	const char *name;
	int (*fn)(void);
} tests[] = {
	{ "memfd", test_memfd },
	{ "shared anonymous memory", test_anon },
	{ "System V shm", test_sysv },
	{ "pwrite", test_pwrite },
	{ "mprotect", test_mprotect },
	{ "fork", test_fork },
	{ "process_vm_writev", test_process_vm_writev },
	{ "punch holes", test_punch },
	{ "MADV_REMOVE", test_remove },
	{ "truncate", test_truncate },
	{ "fallocate", test_fallocate },
	{ "F_SEAL_WRITE", test_seal },
	{ "SHM_LOCK", test_shm_lock },
	{ "udmabuf", test_udmabuf },
	{ "accounting", test_accounting },
	{ "swap", test_swap },
	{ "swap of many slots", test_swap_many },
	{ "swapoff", test_swapoff },
	{ "userfaultfd: write-protect", test_uffd_wp },
	{ "userfaultfd: minor faults", test_uffd_minor },
	{ "soft offline", test_move },
	{ "hwpoison", test_hwpoison },
	{ "tmpfs with noswap", test_noswap },
};

int main(int argc, char **argv)
{
	static const char * const knobs[] = {
		"run", "pages_to_scan", "sleep_millisecs",
	};
	long saved[ARRAY_SIZE(knobs)];
	const char *limit = getenv("KSM_FILE_SECONDS");
	const char *only = NULL;
	size_t i, n = 0;
	int opt;

	while ((opt = getopt(argc, argv, "t:")) != -1) {
		if (opt != 't')
			return KSFT_FAIL;
		only = optarg;
	}
	swap_dev = argv[optind];
	if (limit)
		seconds = atoi(limit);
	ksft_print_header();
	if (access(KSM_DIR "file", F_OK))
		ksft_exit_skip("the kernel has no " KSM_DIR "file\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	if (pagemap_fd < 0)
		ksft_exit_skip("pagemap: %s\n", strerror(errno));
	if (ksm_write("file", "madvise"))
		ksft_exit_skip("file = madvise: %s\n", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		saved[i] = ksm_get(knobs[i]);
	ksm_set("run", 0);
	ksm_set("pages_to_scan", 10000);
	ksm_set("sleep_millisecs", 10);

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		n += !only || strstr(tests[i].name, only);
	ksft_set_plan(n);
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		int ret;

		if (only && !strstr(tests[i].name, only))
			continue;
		ret = tests[i].fn();
		close_segs();
		if (ret == SKIP)
			ksft_test_result_skip("%s (%s)\n", tests[i].name, why);
		else
			ksft_test_result(!ret, "%s\n", tests[i].name);
	}

	ksm_mode("never");
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		ksm_set(knobs[i], saved[i]);
	ksft_finished();
}
