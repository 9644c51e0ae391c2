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
#include <drm/drm.h>
#include <linux/io_uring.h>
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
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../kselftest.h"
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
#ifndef MADV_COLD
#define MADV_COLD	20
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010
#endif

/* A segment, and what it must hold. */
struct seg {
	char *map;
	int fd;				/* -1 if it has none */
	int shmid;			/* -1 if it has none */
	char want[NPAGES * PS];
};

static struct seg segs[MANY];
static int nsegs;
static int seconds = 60;
static unsigned int fresh;
static char tmpfs[32];

/* ------------------------------------------------------------------------- */
/* segments */

enum kind { MEMFD, ANON, SYSV, TMPFS, KINDS };

static const char * const kinds[KINDS] = {
	[MEMFD] = "memfd", [ANON] = "shared anonymous memory", [SYSV] = "System V shm",
	[TMPFS] = "tmpfs",
};

/*
 * Bytes of page @p, the same in all segments; different in every run of this.  Half
 * a page can be compressed, for zswap.
 */
static void paint(char *page, unsigned long p)
{
	unsigned long i, x = ((unsigned long)fresh << 32) + p + 1;

	for (i = 0; i < PS; i++) {
		if (i < PS / 2)
			x = x * 6364136223846793005UL + 1442695040888963407UL;
		page[i] = (x >> 56) | 1;
	}
}

static int open_seg(struct seg *s, enum kind kind)
{
	s->fd = -1;
	s->shmid = -1;
	s->map = MAP_FAILED;
	switch (kind) {
	case MEMFD:
	case TMPFS:
		s->fd = kind == MEMFD ? memfd_create("ksm_shmem", MFD_ALLOW_SEALING) :
					open(tmpfs, O_RDWR | O_TMPFILE, 0600);
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
			if (p < NPAGES - 2)
				paint(s->want + p * PS, p);
			else
				memset(s->want + p * PS, 0, PS);
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
	unsigned long left = run_ksmd(unmerged, seconds);

	audit();
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
	audit();
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

/* Two processes write to one file at a time, each to pages of its own. */
static int test_fork_both(void)
{
	unsigned long p;
	pid_t pid;
	int status;

	if (setup(MEMFD))
		return FAIL;
	check("page tables are full");
	pid = fork();
	for (p = pid ? 0 : 1; p < NPAGES && pid >= 0; p += 2)
		memset(segs[0].map + p * PS, 0x11 + p, PS);
	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return fail("fork");
	for (p = 0; p < NPAGES; p++)
		memset(segs[0].want + p * PS, 0x11 + p, PS);
	for (p = 0; p < NPAGES; p++)
		if (wrote(p))
			return FAIL;
	return PASS;
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

/* A debugger writes to a process by two ways. */
static int test_ptrace(void)
{
	long word;
	char path[64];
	int fd, ret = PASS;
	pid_t pid;

	if (setup(ANON))
		return FAIL;
	check("page tables are full");
	pid = fork();
	if (!pid) {
		check("in the child");
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, WUNTRACED) != pid)
		return fail("fork");
	memcpy(&word, ink(segs, PS, sizeof(word)), sizeof(word));
	if (ptrace(PTRACE_POKEDATA, pid, segs[0].map + PS, word))
		ret = fail("PTRACE_POKEDATA");
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	if (fd < 0 || pwrite(fd, ink(segs, 3 * PS - 5, 10), 10,
			     (off_t)segs[0].map + 3 * PS - 5) != 10)
		ret = fail("%s", path);
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret || wrote(1) || wrote(2) || wrote(3);
}

/* A private mapping shows the file, until it has a page of its own. */
static int test_private(void)
{
	struct seg *s = segs;
	char *map, byte;

	if (setup(MEMFD))
		return FAIL;
	map = mmap(NULL, NPAGES * PS, PROT_READ | PROT_WRITE, MAP_PRIVATE, s->fd, 0);
	if (map == MAP_FAILED)
		return fail("a private mapping");
	if (memcmp(map, s->want, NPAGES * PS))
		return fail("a private mapping shows something else");
	byte = map[2 * PS];
	map[2 * PS] ^= 0x5a;
	map[4 * PS] ^= 0x5a;
	memcpy(s->map + 2 * PS, ink(s, 2 * PS, 10), 10);
	memcpy(s->map + 3 * PS, ink(s, 3 * PS, 10), 10);
	if (wrote(2) || wrote(3))
		return FAIL;
	if (!shares(s, 4))
		return fail("a write to a private mapping broke the file's page");
	if (map[2 * PS] != (byte ^ 0x5a) || memcmp(map + 3 * PS, s->want + 3 * PS, PS))
		return fail("the private mapping follows the wrong page");
	munmap(map, NPAGES * PS);
	return PASS;
}

static int test_mremap(void)
{
	struct seg *s = segs;
	char *map;

	if (setup(MEMFD))
		return FAIL;
	check("page tables are full");
	map = mmap(NULL, NPAGES * PS, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED ||
	    mremap(s->map, NPAGES * PS, NPAGES * PS, MREMAP_MAYMOVE | MREMAP_FIXED, map) != map)
		return fail("mremap");
	s->map = map;
	memcpy(s->map + 2 * PS, ink(s, 2 * PS, 10), 10);
	if (wrote(2))
		return FAIL;
	/* an old size of 0: a second mapping */
	map = mremap(s->map, 0, NPAGES * PS, MREMAP_MAYMOVE);
	if (map == MAP_FAILED)
		return fail("mremap to a second mapping");
	memcpy(map + 3 * PS, ink(s, 3 * PS, 10), 10);
	munmap(map, NPAGES * PS);
	return wrote(3);
}

/* What was taken out of a file by reference is what it was at that time. */
static int do_splice(bool from_file)
{
	static char got[2 * PS];
	struct iovec iov = { segs[0].map + 2 * PS, 2 * PS };
	loff_t off = 2 * PS;
	int fds[2], i;
	ssize_t n;

	if (setup(MEMFD))
		return FAIL;
	iov.iov_base = segs[0].map + 2 * PS;
	if (pipe(fds))
		return fail("pipe");
	n = from_file ? splice(segs[0].fd, &off, fds[1], NULL, 2 * PS, 0) :
			vmsplice(fds[1], &iov, 1, 0);
	if (n != 2 * PS)
		return fail("splice: %zd", n);
	memcpy(got, segs[0].want + 2 * PS, 2 * PS);
	/* All write, so that one would have the page for itself but for the pipe. */
	for (i = 0; i < nsegs; i++)
		memcpy(segs[i].map + 2 * PS, ink(segs + i, 2 * PS, 2 * PS), 2 * PS);
	if (check("written while in a pipe"))
		return FAIL;
	for (n = 0; n < (ssize_t)sizeof(got); n += i) {
		char buf[PS];

		i = read(fds[0], buf, sizeof(buf));
		if (i <= 0)
			return fail("read of a pipe");
		if (memcmp(buf, got + n, i))
			return fail("the pipe has what was written later");
	}
	close(fds[0]);
	close(fds[1]);
	return merge();
}

static int test_splice(void) { return do_splice(true); }
static int test_vmsplice(void) { return do_splice(false); }

/* Just enough of io_uring to run one request after the other. */
static struct ring {
	int fd;
	struct io_uring_params par;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
} ring;

static int ring_open(void)
{
	struct io_uring_params *par = &ring.par;

	memset(&ring, 0, sizeof(ring));
	ring.fd = syscall(__NR_io_uring_setup, 2, par);
	if (ring.fd < 0)
		return -1;
	ring.sq = mmap(NULL, par->sq_off.array + par->sq_entries * sizeof(__u32),
		       PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
	ring.cq = mmap(NULL, par->cq_off.cqes + par->cq_entries * sizeof(struct io_uring_cqe),
		       PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_CQ_RING);
	ring.sqes = mmap(NULL, par->sq_entries * sizeof(struct io_uring_sqe),
			 PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQES);
	return ring.sq == MAP_FAILED || ring.cq == MAP_FAILED || ring.sqes == MAP_FAILED;
}

static __u32 *ring_at(char *base, __u32 off)
{
	return (__u32 *)(base + off);
}

static int ring_do(int op, int fd, void *buf, size_t len)
{
	struct io_uring_params *par = &ring.par;
	__u32 tail = *ring_at(ring.sq, par->sq_off.tail), head;
	__u32 slot = tail & *ring_at(ring.sq, par->sq_off.ring_mask);
	struct io_uring_cqe *cqe;

	memset(ring.sqes + slot, 0, sizeof(*ring.sqes));
	ring.sqes[slot] = (struct io_uring_sqe) {
		.opcode = op, .fd = fd, .addr = (unsigned long)buf, .len = len,
	};
	ring_at(ring.sq, par->sq_off.array)[slot] = slot;
	__atomic_store_n(ring_at(ring.sq, par->sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -errno;
	head = *ring_at(ring.cq, par->cq_off.head);
	cqe = (struct io_uring_cqe *)(ring.cq + par->cq_off.cqes) +
	      (head & *ring_at(ring.cq, par->cq_off.ring_mask));
	__atomic_store_n(ring_at(ring.cq, par->cq_off.head), head + 1, __ATOMIC_RELEASE);
	return cqe->res;
}

static void ring_close(void)
{
	struct io_uring_params *par = &ring.par;

	munmap(ring.sq, par->sq_off.array + par->sq_entries * sizeof(__u32));
	munmap(ring.cq, par->cq_off.cqes + par->cq_entries * sizeof(struct io_uring_cqe));
	munmap(ring.sqes, par->sq_entries * sizeof(struct io_uring_sqe));
	close(ring.fd);
}

/* A buffer that is pinned for long is the file, whoever writes to either. */
static int test_io_uring(void)
{
	struct seg *s = segs;
	struct iovec iov = { NULL, NPAGES * PS };
	static char got[NPAGES * PS];
	unsigned long p;
	int fd;

	if (ring_open())
		return skip("io_uring");
	if (setup(MEMFD))
		return FAIL;
	check("page tables are full");
	fd = memfd_create("other", 0);
	iov.iov_base = s->map;
	if (fd < 0 || syscall(__NR_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &iov, 1))
		return fail("IORING_REGISTER_BUFFERS");
	for (p = 0; p < NPAGES; p++)
		if (shares(s, p))
			return fail("page %lu is pinned and shared", p);
	/* into the buffer, and out of it; and it stays pinned */
	if (pwrite(fd, ink(s, PS, 2 * PS), 2 * PS, 0) != 2 * PS ||
	    ring_do(IORING_OP_READ_FIXED, fd, s->map + PS, 2 * PS) != 2 * PS)
		return fail("IORING_OP_READ_FIXED");
	if (check("read by io_uring") || again())
		return FAIL;
	memcpy(s->map + 3 * PS, ink(s, 3 * PS, 10), 10);
	if (ring_do(IORING_OP_WRITE_FIXED, fd, s->map, NPAGES * PS) != NPAGES * PS ||
	    pread(fd, got, sizeof(got), 0) != sizeof(got))
		return fail("IORING_OP_WRITE_FIXED");
	close(fd);
	if (memcmp(got, s->want, sizeof(got)))
		return fail("the buffer is not the file");
	ring_close();
	/* back to what the others hold */
	memcpy(s->map + PS, ink(s, PS, 2 * PS), 2 * PS);
	memcpy(s->map + 3 * PS, ink(s, 3 * PS, 10), 10);
	return merge();
}

static int punch(size_t off, size_t len)
{
	if (fallocate(segs[0].fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len))
		return fail("fallocate a hole at %zu, %zu", off, len);
	memset(segs[0].want + off, 0, len);
	return check("after a hole was punched");
}

/* Whole pages go as they are, at the edges of a hole, too; nobody needs a copy. */
static int punch_whole(size_t page, size_t n)
{
	long broken = ksm_get("file_pages_broken");

	if (punch(page * PS, n * PS))
		return FAIL;
	if (ksm_get("file_pages_broken") != broken)
		return fail("pages were broken by a hole of %zu pages", n);
	return again();
}

static int test_punch(void)
{
	if (setup(MEMFD))
		return FAIL;
	return punch(PS, PS) || punch(3 * PS + 10, 20) || punch(5 * PS - 10, PS + 20) ||
	       again() || punch_whole(6, 1) || punch_whole(7, 3);
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

/* Who has a writable mapping keeps it; nobody gets another one. */
static int test_seal_future(void)
{
	struct seg *s = segs;
	char *map;

	if (setup(MEMFD))
		return FAIL;
	if (fcntl(s->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW))
		return fail("F_SEAL_FUTURE_WRITE");
	if (unmerged())
		return fail("sealing broke merges");
	if (pwrite(s->fd, "x", 1, 0) != -1 || errno != EPERM ||
	    fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PS) != -1 ||
	    errno != EPERM || ftruncate(s->fd, PS) != -1 || errno != EPERM ||
	    ftruncate(s->fd, (NPAGES + 1) * PS) != -1 || errno != EPERM)
		return fail("a seal was ignored");
	map = mmap(NULL, NPAGES * PS, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (map != MAP_FAILED)
		return fail("a new writable mapping");
	map = mmap(NULL, NPAGES * PS, PROT_READ, MAP_SHARED, s->fd, 0);
	if (map == MAP_FAILED || !mprotect(map, NPAGES * PS, PROT_READ | PROT_WRITE))
		return fail("a mapping that cannot become writable");
	errno = 0;
	memcpy(s->map + 2 * PS, ink(s, 2 * PS, 10), 10);
	if (wrote(2) || memcmp(map, s->want, NPAGES * PS))
		return fail("the new mapping is not the file");
	munmap(map, NPAGES * PS);
	return PASS;
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

static int advise(int advice)
{
	static const unsigned long p = 3;
	int i;

	if (setup(MEMFD))
		return FAIL;
	check("page tables are full");
	/* Of all, then of a page that nobody else maps. */
	for (i = 0; i < 2; i++) {
		if (madvise(segs[0].map, NPAGES * PS, advice))
			return errno == EINVAL ? skip("the advice") : fail("madvise");
		if (check("after the advice"))
			return FAIL;
		if (!i) {
			int j;

			for (j = 1; j < nsegs; j++)
				if (madvise(segs[j].map, NPAGES * PS, MADV_DONTNEED))
					return fail("MADV_DONTNEED");
		}
	}
	memcpy(segs[0].map + p * PS, ink(segs, p * PS, 10), 10);
	return wrote(p);
}

static int test_dontneed(void) { return advise(MADV_DONTNEED); }
static int test_cold(void) { return advise(MADV_COLD); }

/* @dev makes buffers, which a device could use, of the memfd in @create. */
static int setup_udmabuf(int *dev, struct udmabuf_create *create)
{
	*dev = open("/dev/udmabuf", O_RDWR);
	if (*dev < 0)
		return skip("udmabuf");
	if (setup(MEMFD))
		return FAIL;
	create->memfd = segs[0].fd;
	return fcntl(create->memfd, F_ADD_SEALS, F_SEAL_SHRINK) ? fail("F_SEAL_SHRINK") : PASS;
}

/* What a device would read or write for a long time is no merged page. */
static int test_udmabuf(void)
{
	struct udmabuf_create create = { .size = NPAGES * PS };
	int dev, buf, ret = setup_udmabuf(&dev, &create);
	struct seg *s = segs;
	char *map;

	if (ret)
		return ret;
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

/* Pages are punched, written and merged while they are being pinned. */
static int test_udmabuf_race(void)
{
	struct udmabuf_create create = { .size = 4 * PS };
	int dev, buf = -1, i, ret = setup_udmabuf(&dev, &create);
	struct seg *s = segs;
	pid_t child;

	if (ret)
		return ret;
	ksm_set("run", 1);
	child = fork();
	if (!child) {
		while (!fallocate(s->fd, FALLOC_FL_PUNCH_HOLE |
				  FALLOC_FL_KEEP_SIZE, PS, 2 * PS) &&
		       pwrite(s->fd, s->want + PS, 2 * PS, PS) == 2 * PS)
			;
		_exit(1);
	}
	for (i = 0; i < 2000; i++) {
		buf = ioctl(dev, UDMABUF_CREATE, &create);
		if (buf < 0)
			break;
		close(buf);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(dev);
	ksm_set("run", 0);
	if (buf < 0)
		return fail("UDMABUF_CREATE, round %d", i);
	if (pwrite(s->fd, s->want + PS, 2 * PS, PS) != 2 * PS)
		return fail("pwrite");
	return check("after pins");
}

static int swapped(const char *when)
{
	long sharing;

	swap_out();
	sharing = ksm_get("file_pages_sharing");
	return sharing ? fail("%s: %ld pages sharing are still there", when, sharing) :
			 PASS;
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

/* Nobody sends to swap what others have, too; what is there, he may ask for. */
static int do_pageout(void)
{
	long sharing;
	int i;

	if (setup(MEMFD))
		return FAIL;
	check("page tables are full");
	sharing = ksm_get("file_pages_sharing");
	for (i = 1; i < nsegs; i++)
		if (madvise(segs[i].map, NPAGES * PS, MADV_DONTNEED))
			return fail("MADV_DONTNEED");
	for (i = 0; i < 5; i++)
		if (madvise(segs[0].map, NPAGES * PS, MADV_PAGEOUT))
			return fail("MADV_PAGEOUT");
	if (ksm_get("file_pages_sharing") != sharing)
		return fail("MADV_PAGEOUT took merged pages");
	/* but a page of its own */
	memcpy(segs[0].map + 3 * PS, ink(segs, 3 * PS, 10), 10);
	for (i = 0; i < 20 && mapping_says(segs[0].map, "Swap:") < 1; i++)
		if (madvise(segs[0].map, NPAGES * PS, MADV_PAGEOUT))
			return fail("MADV_PAGEOUT");
	if (i == 20)
		return fail("MADV_PAGEOUT does nothing");
	if (check("after MADV_PAGEOUT") || swapped("for MADV_WILLNEED"))
		return FAIL;
	for (i = 0; i < nsegs; i += 2)
		if (madvise(segs[i].map, NPAGES * PS, MADV_WILLNEED))
			return fail("MADV_WILLNEED");
	if (wrote(3))
		return FAIL;
	memcpy(segs[0].map + 3 * PS, ink(segs, 3 * PS, 10), 10);
	return merge();
}

/* Some slots of what was one group are in memory and merged, others in swap. */
static int do_swap_unmerge(void)
{
	int i;

	if (setup(MEMFD) || swapped("before"))
		return FAIL;
	for (i = 0; i < nsegs / 2; i++)
		if (check_seg(segs + i, "a part is swapped in"))
			return FAIL;
	ksm_set("run", 1);
	for (i = 0; i < seconds * 20 && !ksm_get("file_pages_sharing"); i++)
		usleep(50000);
	ksm_set("run", 0);
	if (!ksm_get("file_pages_sharing"))
		return fail("what was swapped in is not merged");
	ksm_set("run", 2);
	if (ksm_get("file_pages_shared") || ksm_get("file_pages_sharing"))
		return fail("2 in run left %ld pages", ksm_get("file_pages_shared"));
	if (check("unmerged"))
		return FAIL;
	ksm_set("run", 0);
	/* the same with what is left of a group when others are gone */
	if (merge() || swapped("again"))
		return FAIL;
	while (nsegs > 1)
		close_seg(segs + --nsegs);
	memcpy(segs[0].map + 3 * PS, ink(segs, 3 * PS, 10), 10);
	ksm_set("run", 2);
	ksm_set("run", 0);
	return check("the last one");
}

#define ZSWAP "/sys/module/zswap/parameters/enabled"

static int with_zswap(int (*fn)(void))
{
	long out = field("/proc/vmstat", "zswpout ");
	int ret;

	if (write_text(ZSWAP, "Y"))
		return skip(ZSWAP);
	ret = with_swap(fn, check);
	if (write_text(ZSWAP, "N"))
		return fail(ZSWAP);
	if (!ret && field("/proc/vmstat", "zswpout ") == out)
		return fail("zswap got nothing");
	return ret;
}

/* zswap has room for one page, and writes others to disk. */
static int do_zswap_writeback(void)
{
	long written = field("/proc/vmstat", "zswpwb ");
	int round;

	if (access(CGROUP "memory.zswap.max", F_OK))
		return skip("memory.zswap.max");
	if (cgroup_set("memory.zswap.max", 4) || make_segs(MEMFD, NSEGS))
		return FAIL;
	for (round = 0; round < 20; round++) {
		if (merge() || swapped("zswap"))
			return FAIL;
		memcpy(segs[0].map + PS, ink(segs, PS, 10), 10);
		if (check("swapped in"))
			return FAIL;
		memcpy(segs[0].map + PS, ink(segs, PS, 10), 10);
		if (field("/proc/vmstat", "zswpwb ") > written)
			break;
	}
	return round < 20 ? PASS : fail("zswap wrote nothing back");
}

static int do_zswap_cgroup(void)
{
	int ret = with_zswap(do_zswap_writeback);

	close_segs();
	return ret;
}

static int test_swap(void) { return with_swap(do_swap, check); }
static int test_swap_many(void) { return with_swap(do_swap_many, check); }
static int test_swapoff(void) { return with_swap(do_swapoff, check); }
static int test_pageout(void) { return with_swap(do_pageout, check); }
static int test_swap_unmerge(void) { return with_swap(do_swap_unmerge, check); }
static int test_zswap(void) { return with_zswap(do_swap); }
static int test_zswap_many(void) { return with_zswap(do_swap_many); }
static int test_zswap_writeback(void) { return in_cgroup(do_zswap_cgroup); }

/*
 * Processes in a memory cgroup that is too small write, read and punch files of
 * their own, of which many pages are equal, while ksmd merges.  The model of a page is
 * the number of its version: 0 is a hole, those below STORM_EQUAL are the same in
 * all files.
 */
#define STORM_FILES	16
#define STORM_PAGES	384UL
#define STORM_SIZE	(STORM_PAGES * PS)
#define STORM_PROCS	8
#define STORM_EQUAL	6

static char *storm[STORM_FILES];
static int storm_fd[STORM_FILES];
static struct storm_model {
	int stop;
	unsigned char version[STORM_FILES][STORM_PAGES];
} *model;

/* What the system had done before; and whether there was a storm since. */
static long storm_merged, storm_swapped;

static bool storm_enough(bool squeeze)
{
	return field("/proc/vmstat", "page_wp_merge ") >= storm_merged + 100 &&
	       (squeeze ? field(CGROUP "memory.swap.events", "fail ") > 0 :
			  field("/proc/vmstat", "pswpout ") >= storm_swapped + 20);
}

static void storm_paint(char *page, int file, unsigned long p, unsigned char v)
{
	unsigned long *word = (unsigned long *)page, i, x;

	x = v < STORM_EQUAL ? v * 16 + p % 8 : (v << 24) + (file << 16) + p + 1;
	for (i = 0; i < PS / sizeof(*word); i++) {
		x = x * 6364136223846793005UL + 1442695040888963407UL;
		word[i] = v ? x | 1 : 0;
	}
}

static int storm_check(const char *page, int file, unsigned long p)
{
	static char want[PS];

	storm_paint(want, file, p, model->version[file][p]);
	if (!memcmp(page, want, PS))
		return PASS;
	errno = 0;
	return fail("file %d, page %lu is not version %d", file, p,
		    model->version[file][p]);
}

static int storm_check_all(int first, int step)
{
	unsigned long p;
	int file;

	for (file = first; file < STORM_FILES; file += step)
		for (p = 0; p < STORM_PAGES; p++)
			if (storm_check(storm[file] + p * PS, file, p))
				return FAIL;
	return PASS;
}

static int storm_step(int me, unsigned long x)
{
	int file = (x >> 8) % (STORM_FILES / STORM_PROCS) * STORM_PROCS + me;
	unsigned long p = (x >> 20) % STORM_PAGES;
	unsigned char v = (x >> 40) % 4 ? 1 + (x >> 44) % (STORM_EQUAL - 1) : x >> 48 | 8;
	char *at = storm[file] + p * PS, page[PS];

	switch (x % 16) {
	case 0 ... 4:
		if (storm_check(at, file, p))
			return FAIL;
		storm_paint(at, file, p, v);
		break;
	case 5 ... 7:
		storm_paint(page, file, p, v);
		if (pwrite(storm_fd[file], page, PS, p * PS) != PS)
			return fail("pwrite");
		break;
	case 8:
		v = 0;
		if (fallocate(storm_fd[file], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      p * PS, PS))
			return fail("fallocate a hole");
		break;
	case 9:
		if (madvise(at, PS, x & 256 ? MADV_DONTNEED : MADV_PAGEOUT))
			return fail("madvise");
		return PASS;
	case 10 ... 11:
		touch(storm[(x >> 30) % STORM_FILES] + p * PS);
		return PASS;
	case 12:
		if (pread(storm_fd[file], page, PS, p * PS) != PS)
			return fail("pread");
		return storm_check(page, file, p);
	default:
		return storm_check(at, file, p);
	}
	model->version[file][p] = v;
	return PASS;
}

static int storm_process(int me)
{
	unsigned long x = (unsigned long)fresh << 32 | (me + 1) << 16 | getppid();

	while (!__atomic_load_n(&model->stop, __ATOMIC_RELAXED)) {
		x = x * 6364136223846793005UL + 1442695040888963407UL;
		if (storm_step(me, x >> 16))
			return FAIL;
	}
	return storm_check_all(me, STORM_PROCS);
}

static int storm_run(bool squeeze)
{
	time_t begin = time(NULL), end = begin + seconds;
	int i, status, ret = PASS, left = 0;
	pid_t pids[STORM_PROCS];

	for (i = 0; i < STORM_PROCS; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			if (write_text(CGROUP "cgroup.procs", "0"))
				_exit(fail("cgroup.procs"));
			_exit(storm_process(i));
		}
		left += pids[i] > 0;
	}
	ksm_set("run", 1);
	while (left) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid > 0) {
			left--;
			if (WIFSIGNALED(status))
				ret = fail("a process got signal %d", WTERMSIG(status));
			else if (status)
				ret = FAIL;
			continue;
		}
		/* It may get less than that, or nothing. */
		if (squeeze && write_text(CGROUP "memory.reclaim", "4M swappiness=200") &&
		    errno != EAGAIN)
			ret = fail("memory.reclaim");
		usleep(20000);
		if (ret || time(NULL) >= end ||
		    (time(NULL) >= begin + seconds / 6 && storm_enough(squeeze)))
			__atomic_store_n(&model->stop, 1, __ATOMIC_RELAXED);
	}
	ksm_set("run", 0);
	return ret ?: storm_enough(squeeze) ? PASS : fail("no storm");
}

static int do_storm(long max, long swap_max)
{
	bool squeeze = max > swap_max;
	int i, ret = FAIL;

	fresh++;
	model = mmap(NULL, sizeof(*model), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	if (model == MAP_FAILED)
		return fail("mmap");
	storm_merged = field("/proc/vmstat", "page_wp_merge ");
	storm_swapped = field("/proc/vmstat", "pswpout ");
	for (i = 0; i < STORM_FILES; i++) {
		storm_fd[i] = memfd_create("storm", 0);
		if (storm_fd[i] < 0 || ftruncate(storm_fd[i], STORM_SIZE))
			return fail("memfd_create");
		storm[i] = mmap(NULL, STORM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
				storm_fd[i], 0);
		if (storm[i] == MAP_FAILED || madvise(storm[i], STORM_SIZE, MADV_MERGEABLE))
			return fail("mmap");
	}
	if (!cgroup_set("memory.max", max) && !cgroup_set("memory.swap.max", swap_max))
		ret = storm_run(squeeze);
	ret = ret || storm_check_all(0, 1);
	ksm_set("run", 2);
	ret = ret || storm_check_all(0, 1);
	ksm_set("run", 0);
	if (!ret && field(CGROUP "memory.events", "oom_kill ") > 0)
		ret = fail("there was not enough swap");
	for (i = 0; i < STORM_FILES; i++) {
		munmap(storm[i], STORM_SIZE);
		close(storm_fd[i]);
	}
	munmap(model, sizeof(*model));
	return ret;
}

static int with_cgroup(int (*fn)(void))
{
	int ret = cgroup_make();

	if (ret)
		return ret;
	ret = with_swap(fn, check);
	return cgroup_remove() ? FAIL : ret;
}

/* A third of what there is; and swap for a fraction of what there is memory for. */
static int do_storm_memory(void) { return do_storm(8 << 10, 64 << 10); }
static int do_storm_swap(void) { return do_storm(64 << 10, 64); }

static int test_storm(void) { return with_cgroup(do_storm_memory); }
static int test_storm_swap(void) { return with_cgroup(do_storm_swap); }

/* In pages: what the system and the cgroup have as shared memory, what tmpfs has given. */
struct account {
	long system, cgroup, tmpfs;
};

static void take_account(struct account *acct)
{
	struct statfs fs;

	if (!access("/proc/sys/vm/stat_refresh", F_OK) &&
	    write_text("/proc/sys/vm/stat_refresh", "1"))
		ksft_exit_fail_perror("stat_refresh");
	if (statfs(tmpfs, &fs))
		ksft_exit_fail_perror(tmpfs);
	acct->system = field("/proc/meminfo", "Shmem:") * 1024 / (long)PS;
	acct->cgroup = field(CGROUP "memory.stat", "shmem ") / (long)PS;
	acct->tmpfs = fs.f_blocks - fs.f_bfree;
}

static struct account start;

/* Since the start: so many pages in memory and, as people see it, in tmpfs. */
static int accounted(const char *when, long memory, long files)
{
	struct account now;
	int i;

	/* The counters of a cgroup are added up now and then. */
	for (i = 0; i < 200; i++) {
		take_account(&now);
		now.system -= start.system;
		now.cgroup -= start.cgroup;
		now.tmpfs -= start.tmpfs;
		if (now.system == memory && now.cgroup == memory && now.tmpfs == files)
			return PASS;
		usleep(50000);
	}
	errno = 0;
	return fail("%s: %ld pages in memory, %ld in the cgroup, %ld of tmpfs; not %ld, %ld, %ld",
		    when, now.system, now.cgroup, now.tmpfs, memory, memory, files);
}

/* What one file says, which is all there, in memory or in swap. */
static int file_accounted(const char *when, long rss, long swap)
{
	struct seg *s = segs + 1;
	struct stat st;

	errno = 0;
	if (fstat(s->fd, &st) || st.st_blocks != NPAGES * PS / 512 || st.st_size != NPAGES * PS)
		return fail("%s: %ld blocks", when, (long)st.st_blocks);
	if (mapping_says(s->map, "Rss:") != rss * (long)PS / 1024 ||
	    mapping_says(s->map, "Swap:") != swap * (long)PS / 1024)
		return fail("%s: Rss %ld kB, Swap %ld kB", when, mapping_says(s->map, "Rss:"),
			    mapping_says(s->map, "Swap:"));
	return PASS;
}

/* Sizes that people see do not depend on who merged what; memory that is used does. */
static int do_account(void)
{
	/* The zero pages of all are one. */
	static const long all = NSEGS * NPAGES, distinct = NPAGES - 1;
	struct seg *s = segs;
	long broken;

	take_account(&start);
	if (make_segs(TMPFS, NSEGS) || check("fresh") || accounted("fresh", all, all) ||
	    file_accounted("fresh", NPAGES, 0) || merge() || again())
		return FAIL;
	if (accounted("merged", distinct, all) || file_accounted("merged", NPAGES, 0))
		return FAIL;
	if (ksm_get("file_pages_sharing") != all - distinct)
		return fail("%ld pages sharing", ksm_get("file_pages_sharing"));
	broken = ksm_get("file_pages_broken");
	memcpy(s->map + 2 * PS, ink(s, 2 * PS, 10), 10);
	if (accounted("broken", distinct + 1, all) ||
	    ksm_get("file_pages_broken") != broken + 1)
		return FAIL;
	if (swap_dev) {
		if (swapped("accounting") || accounted("swapped out", 0, all) ||
		    file_accounted("swapped out", 0, NPAGES))
			return FAIL;
		if (check("swapped in") || accounted("swapped in", all, all) ||
		    file_accounted("swapped in", NPAGES, 0))
			return FAIL;
		memcpy(s->map + 2 * PS, ink(s, 2 * PS, 10), 10);
		if (merge() || again() || accounted("merged again", distinct, all) ||
		    swapped("accounting"))
			return FAIL;
	} else {
		memcpy(s->map + 2 * PS, ink(s, 2 * PS, 10), 10);
		if (merge() || again())
			return FAIL;
	}
	/* Who is truncated, or gone, gives back what is his, be it in swap. */
	if (ftruncate(s->fd, 3 * PS) || ftruncate(s->fd, NPAGES * PS))
		return fail("ftruncate");
	memset(s->want + 3 * PS, 0, (NPAGES - 3) * PS);
	if (accounted("truncated", swap_dev ? 0 : distinct, all - NPAGES + 3))
		return FAIL;
	close_seg(segs + --nsegs);
	if (accounted("a file is gone", swap_dev ? 0 : distinct, all - 2 * NPAGES + 3) ||
	    check("a file is gone"))
		return FAIL;
	close_segs();
	if (accounted("all are gone", 0, 0))
		return FAIL;
	return ksm_get("file_pages_shared") ? fail("a group is left") : PASS;
}

static int do_account_swap(void)
{
	int ret = swap_dev ? with_swap(do_account, check) : do_account();

	close_segs();
	if (!ret && field(CGROUP "memory.swap.current", "") > 0)
		ret = fail("swap is left");
	return ret;
}

static int cgroup_pays(const char *when, long pages)
{
	long now = -1;
	int i;

	for (i = 0; i < 200; i++) {
		now = field(CGROUP "memory.stat", "shmem ") / (long)PS;
		if (now == pages)
			return PASS;
		usleep(50000);
	}
	errno = 0;
	return fail("%s: the cgroup pays for %ld pages, not %ld", when, now, pages);
}

/* Pages of the cgroup, which others bring back from swap. */
static int do_pay(void)
{
	int i;

	if (setup(MEMFD) || cgroup_pays("merged", NPAGES - 1) || swapped("in the cgroup") ||
	    cgroup_pays("swapped out", 0))
		return FAIL;
	if (write_text(CGROUPS "cgroup.procs", "0"))
		return fail("leaving the cgroup");
	/* None is the last that is in swap. */
	for (i = 1; i < nsegs; i++)
		touch(segs[i].map + 2 * PS);
	return cgroup_pays("swapped in by others", 0);
}

static int do_pay_swap(void)
{
	return with_swap(do_pay, check) ||
	       cgroup_pays("after swapoff", nsegs * NPAGES - (nsegs - 1));
}

/* Who needs a page that is in swap pays for it; who turns swap off needs none. */
static int test_pay(void)
{
	return swap_dev ? in_cgroup(do_pay_swap) : skip("no swap device");
}

/* How many pages a child has stored to. */
static long *stored;

static int store_all(void)
{
	unsigned long p;
	int i;

	if (write_text(CGROUP "cgroup.procs", "0"))
		return fail("cgroup.procs");
	for (i = 0; i < nsegs; i++) {
		for (p = 0; p < NPAGES; p++) {
			segs[i].map[p * PS] ^= 0x5a;
			__atomic_fetch_add(stored, 1, __ATOMIC_RELEASE);
		}
	}
	return PASS;
}

static int do_oom(void)
{
	long n, all = MANY * NPAGES;
	pid_t pid;
	int status;

	if (make_segs(MEMFD, MANY) || merge() || cgroup_set("memory.max", 1024))
		return FAIL;
	pid = fork();
	if (!pid)
		_exit(store_all());
	waitpid(pid, &status, 0);
	for (n = 0; n < *stored; n++)
		segs[n / NPAGES].want[n % NPAGES * PS] ^= 0x5a;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL || !*stored || *stored == all ||
	    field(CGROUP "memory.events", "oom_kill ") != 1)
		return fail("status %#x after %ld pages, %ld kills", status, *stored,
			    field(CGROUP "memory.events", "oom_kill "));
	if (check("after the writer was killed"))
		return FAIL;
	/* not the one that it was at */
	for (n++; n < all; n++)
		if (!shares(segs + n / NPAGES, n % NPAGES))
			return fail("page %ld, which nobody wrote to, is not merged", n);
	return again();
}

/* Who stores to merged pages, and has no memory left for copies, is killed alone. */
static int test_oom(void)
{
	int ret = cgroup_make();

	if (ret)
		return ret;
	stored = mmap(NULL, PS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ret = stored == MAP_FAILED ? fail("mmap") : do_oom();
	munmap(stored, PS);
	close_segs();
	return cgroup_remove() || ret;
}

static int tmpfs_mount(const char *options)
{
	snprintf(tmpfs, sizeof(tmpfs), "/tmp/ksm_shmemXXXXXX");
	if (!mkdtemp(tmpfs))
		return -1;
	return mount("tmpfs", tmpfs, "tmpfs", 0, options);
}

static void tmpfs_umount(void)
{
	if (umount(tmpfs) || rmdir(tmpfs))
		ksft_exit_fail_perror(tmpfs);
}

static int on_a_tmpfs(int (*fn)(void))
{
	int ret;

	if (tmpfs_mount("size=64M,huge=never"))
		return fail("tmpfs");
	ret = fn();
	tmpfs_umount();
	return ret;
}

static int do_account_tmpfs(void) { return on_a_tmpfs(do_account_swap); }

static int test_accounting(void) { return in_cgroup(do_account_tmpfs); }

/*
 * What the first segment can be asked for while an allocation fails.  It says 0, and
 * @next is what the segment holds, or the segment is as it was.
 */
static int nomem_pwrite(struct seg *s, char *next)
{
	memset(next + PS + 5, 0x5a, 10);
	return pwrite(s->fd, next + PS + 5, 10, PS + 5) != 10;
}

/* A store, by somebody who can be told that it failed. */
static int nomem_store(struct seg *s, char *next)
{
	struct iovec from = { next + 2 * PS, 10 }, to = { s->map + 2 * PS, 10 };

	memset(from.iov_base, 0x5a, 10);
	return process_vm_writev(getpid(), &from, 1, &to, 1, 0) != 10;
}

static int nomem_pread(struct seg *s, char *next)
{
	static char buf[NPAGES * PS];
	ssize_t got = pread(s->fd, buf, sizeof(buf), 0);

	if (got >= 0 && got < (ssize_t)sizeof(buf))
		errno = ENOMEM;
	return got < (ssize_t)sizeof(buf) || memcmp(buf, next, sizeof(buf));
}

static int nomem_punch(struct seg *s, char *next)
{
	memset(next + 3 * PS + 10, 0, 20);
	return fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PS + 10, 20);
}

static int nomem_punch_pages(struct seg *s, char *next)
{
	memset(next + 4 * PS, 0, 3 * PS);
	return fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4 * PS, 3 * PS);
}

static int nomem_truncate(struct seg *s, char *next)
{
	memset(next + 4 * PS + 10, 0, (NPAGES - 4) * PS - 10);
	return ftruncate(s->fd, 4 * PS + 10) || ftruncate(s->fd, NPAGES * PS);
}

static int nomem_willneed(struct seg *s, char *next)
{
	return madvise(s->map, NPAGES * PS, MADV_WILLNEED);
}

static int nomem_unmergeable(struct seg *s, char *next)
{
	return madvise(s->map, NPAGES * PS, MADV_UNMERGEABLE);
}

static int nomem_run, nomem_reclaim;

static int nomem_unmerge(struct seg *s, char *next)
{
	return pwrite(nomem_run, "2", 1, 0) != 1;
}

/* It need not get all that it asks for. */
static int nomem_swap_out(struct seg *s, char *next)
{
	static const char some[] = "40K swappiness=200";

	pwrite(nomem_reclaim, some, strlen(some), 0);
	return 0;
}

static const struct nomem_op {
	const char *name;
	int (*fn)(struct seg *s, char *next);
} nomem_ops[] = {
	{ "pwrite", nomem_pwrite },
	{ "store", nomem_store },
	{ "pread", nomem_pread },
	{ "punch", nomem_punch },
	{ "punch pages", nomem_punch_pages },
	{ "truncate", nomem_truncate },
	{ "MADV_WILLNEED", nomem_willneed },
	{ "MADV_UNMERGEABLE", nomem_unmergeable },
	{ "run=2", nomem_unmerge },
	{ "swap out", nomem_swap_out },
};

/* All segments are equal and merged. */
static int nomem_again(void)
{
	struct seg *s = segs;

	ksm_set("run", 0);
	memcpy(s->want, segs[1].want, NPAGES * PS);
	if (pwrite(s->fd, s->want, NPAGES * PS, 0) != NPAGES * PS)
		return fail("pwrite");
	if (madvise(s->map, NPAGES * PS, MADV_MERGEABLE))
		return fail("MADV_MERGEABLE");
	return merge();
}

static const struct nomem_op *nomem_now;
static char nomem_next[NPAGES * PS];

static int nomem_merged(void)
{
	if (nomem_again())
		return FAIL;
	memcpy(nomem_next, segs->want, sizeof(nomem_next));
	return PASS;
}

static int nomem_swapped(void)
{
	return nomem_merged() || swapped(nomem_now->name);
}

static int nomem_do(void)
{
	return nomem_now->fn(segs, nomem_next);
}

static int nomem_check(bool done)
{
	if (done)
		memcpy(segs->want, nomem_next, sizeof(nomem_next));
	return check("after an allocation failed");
}

/* How many allocations does it take, of what is merged, or is merged and swapped out? */
static int nomem_count(const struct nomem_op *op, bool swap, int nth_fd)
{
	char name[64];
	const struct nomem turn = {
		.name = name,
		.again = swap ? nomem_swapped : nomem_merged,
		.fn = nomem_do,
		.check = nomem_check,
	};

	nomem_now = op;
	snprintf(name, sizeof(name), "%s, %s", op->name, swap ? "swapped" : "merged");
	return nomem_each(&turn, nth_fd);
}

/*
 * Reclaim has another try for what it needs to swap a page out, so let all of it fail
 * once so many bytes were given.  Then a page stays, with what is in it.
 */
static int nomem_no_swap(void)
{
	int self = open("/proc/thread-self/make-it-fail", O_WRONLY), stayed = 0;
	long space, sharing, left = 0;
	char buf[16];

	if (self < 0 || fault_injection("failslab", "100"))
		return fail("make-it-fail");
	/* until it is enough to swap something out: reclaim needs some for other things */
	for (space = 0; space < 64 << 20; space += 256 + space / 4) {
		if (nomem_again())
			return FAIL;
		sharing = ksm_get("file_pages_sharing");
		snprintf(buf, sizeof(buf), "%ld", space);
		if (write_text(DEBUGFS "failslab/space", buf) || pwrite(self, "1", 1, 0) != 1)
			return fail("failslab");
		nomem_swap_out(NULL, NULL);
		if (pwrite(self, "0", 1, 0) != 1)
			return fail("make-it-fail");
		left = ksm_get("file_pages_sharing");
		if (check("swapped out with little memory"))
			return fail("%ld bytes", space);
		if (left < sharing)
			break;
		stayed++;
	}
	close(self);
	ksft_print_msg("swap out: nothing with less than %ld bytes\n", space);
	/* its buffer for the write is the first that fails */
	return stayed > 1 && left < sharing ? PASS : fail("%ld pages sharing are left", left);
}

static int do_nomem(void)
{
	int nth_fd, nr = 0, i;

	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	nomem_run = open(KSM_DIR "run", O_WRONLY);
	nomem_reclaim = open(CGROUP "memory.reclaim", O_WRONLY);
	if (nth_fd < 0 || nomem_run < 0 || nomem_reclaim < 0)
		return fail("open");
	/* The program itself needs no memory meanwhile, which it could not be told of. */
	if (mlockall(MCL_CURRENT))
		return fail("mlockall");
	take_account(&start);
	if (make_segs(TMPFS, NSEGS))
		return FAIL;
	for (i = 0; i < (int)ARRAY_SIZE(nomem_ops); i++) {
		int merged = nomem_count(nomem_ops + i, false, nth_fd);
		int swap = merged < 0 ? -1 : nomem_count(nomem_ops + i, true, nth_fd);

		if (swap < 0)
			return FAIL;
		nr += merged + swap;
	}
	if (nomem_no_swap())
		return FAIL;
	close(nth_fd);
	close(nomem_run);
	close(nomem_reclaim);
	close_segs();
	return nr ? accounted("all are gone", 0, 0) : fail("no allocation failed");
}

static int do_nomem_swap(void)
{
	int ret = with_swap(do_nomem, check);

	munlockall();
	close_segs();
	return ret;
}

static int do_nomem_tmpfs(void) { return on_a_tmpfs(do_nomem_swap); }

/* Each allocation fails once, and only the operation that needed it does. */
static int test_nomem(void)
{
	if (access(DEBUGFS "failslab", F_OK) || access(DEBUGFS "fail_page_alloc", F_OK))
		return skip("no fault injection");
	if (fault_injection("failslab", "0") || fault_injection("fail_page_alloc", "0"))
		return FAIL;
	return in_cgroup(do_nomem_tmpfs);
}

static int site_swap_out(void)
{
	return nomem_swap_out(NULL, NULL);
}

static int site_check(bool done)
{
	return check("an allocation failed");
}

static struct alloc_site sites[] = {
	{ "page_wp_writepage", "failslab", NULL, nomem_again, site_swap_out, site_check },
};

static int do_sites(void)
{
	int ret;

	nomem_reclaim = open(CGROUP "memory.reclaim", O_WRONLY);
	if (nomem_reclaim < 0)
		return fail("memory.reclaim");
	ret = make_segs(TMPFS, NSEGS) ?: fail_at_each(sites, ARRAY_SIZE(sites));
	close(nomem_reclaim);
	return ret;
}

static int do_sites_swap(void)
{
	int ret = with_swap(do_sites, check);

	close_segs();
	return ret;
}

static int do_sites_tmpfs(void) { return on_a_tmpfs(do_sites_swap); }

/* The function that allocates to swap out fails, and loses nothing. */
static int test_sites(void) { return in_cgroup(do_sites_tmpfs); }

#define NUMA		"/proc/sys/kernel/numa_balancing"

/* Read all pages until a few scans have let that give hints of where a task runs. */
static int numa_hints(void)
{
	long end = read_vmstat("numa_hint_faults") + 5 * NSEGS * NPAGES;
	time_t last = time(NULL) + seconds;

	while (time(NULL) < last && read_vmstat("numa_hint_faults") < end)
		if (check("hints"))
			return FAIL;
	return read_vmstat("numa_hint_faults") < end ? fail("there are no hints") : PASS;
}

/* What a hint took from a page table comes back without the right to write. */
static int test_numa(void)
{
	char before[16];
	unsigned long p;
	int ret = FAIL;

	if (read_text(NUMA, before, sizeof(before)) ||
	    access("/sys/devices/system/node/node1", F_OK))
		return skip("NUMA balancing");
	if (setup(MEMFD))
		return FAIL;
	if (write_text(NUMA, "1"))
		return fail("NUMA balancing");
	if (!numa_hints()) {
		for (p = 0, ret = PASS; p < NPAGES && !ret; p++) {
			memcpy(segs[0].map + p * PS, ink(segs, p * PS, 10), 10);
			ret = wrote(p);
		}
	}
	return write_text(NUMA, before) ? fail(NUMA) : ret;
}

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

static int uffd_copy(int fd, char *to, char *from)
{
	struct uffdio_copy copy = {
		.dst = (unsigned long)to, .src = (unsigned long)from, .len = PS,
	};

	return ioctl(fd, UFFDIO_COPY, &copy);
}

struct missing {
	int fd, left;
	unsigned long first;		/* address of page 0 */
	char *from;			/* page that has what is missing in page 0 */
};

static void *resolve_missing(void *arg)
{
	struct missing *m = arg;
	struct pollfd pfd = { m->fd, POLLIN, 0 };
	struct uffd_msg msg;

	while (m->left && poll(&pfd, 1, seconds * 1000) > 0 &&
	       read(m->fd, &msg, sizeof(msg)) == sizeof(msg)) {
		unsigned long at = msg.arg.pagefault.address & -PS;

		if (uffd_copy(m->fd, (char *)at, m->from + at - m->first))
			break;
		m->left--;
	}
	return NULL;
}

/* What is missing is asked for, and merged then; what is merged is not missing. */
static int test_uffd_missing(void)
{
	struct seg *s = segs;
	struct missing m = { .left = 2 };
	struct uffdio_zeropage zero = { .range = { (unsigned long)s->map, PS } };
	static char from[NPAGES * PS];
	pthread_t thread;

	if (setup(MEMFD))
		return FAIL;
	check("page tables are full");
	m.fd = uffd_open(s, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (m.fd < 0)
		return skip("missing userfaultfd");
	memcpy(from, s->want, sizeof(from));
	m.from = from;
	m.first = (unsigned long)s->map;
	if (madvise(s->map, NPAGES * PS, MADV_DONTNEED))
		return fail("MADV_DONTNEED");
	zero.range.start = m.first;
	if (!uffd_copy(m.fd, s->map + 2 * PS, from) || errno != EEXIST)
		return fail("UFFDIO_COPY onto a merged page");
	if (!ioctl(m.fd, UFFDIO_ZEROPAGE, &zero) || errno != EEXIST)
		return fail("UFFDIO_ZEROPAGE onto a merged page");
	if (fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PS, 2 * PS))
		return fail("fallocate a hole");
	if (pthread_create(&thread, NULL, resolve_missing, &m))
		return fail("pthread_create");
	errno = 0;
	if (merge())
		return FAIL;
	pthread_join(thread, NULL);
	if (m.left)
		return fail("%d pages were not asked for", m.left);
	memcpy(s->map + 3 * PS, ink(s, 3 * PS, 10), 10);
	close(m.fd);
	return wrote(3);
}

static int test_soft_dirty(void)
{
	unsigned long p;

	if (!softdirty_supported())
		return skip("soft-dirty bits");
	if (setup(MEMFD))
		return FAIL;
	check("page tables are full");
	clear_softdirty();
	for (p = 0; p < NPAGES; p++)
		if (pagemap_is_softdirty(pagemap_fd, segs[0].map + p * PS))
			return fail("page %lu is soft-dirty", p);
	memcpy(segs[0].map + 2 * PS, ink(segs, 2 * PS, 10), 10);
	for (p = 0; p < NPAGES; p++) {
		bool written = p == 2;

		if (pagemap_is_softdirty(pagemap_fd, segs[0].map + p * PS) != written)
			return fail("page %lu is%s soft-dirty", p, written ? " not" : "");
	}
	if (wrote(2))
		return FAIL;
	memcpy(segs[0].map + 2 * PS, ink(segs, 2 * PS, 10), 10);
	return merge();
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
static void *bus_addr;

static void on_bus(int sig, siginfo_t *info, void *context)
{
	bus_addr = info->si_addr;
	siglongjmp(bus, 1);
}

/* Does who reads a page get to know that it is lost? */
static bool lost(char *addr)
{
	if (sigsetjmp(bus, 1))
		return bus_addr == addr;
	touch(addr);
	return false;
}

/* Let the memory of page 1 of a segment go bad.  We are told where it is mapped. */
static int poison(struct seg *s)
{
	int i;

	if (!sigsetjmp(bus, 1)) {
		if (!madvise(s->map + PS, PS, MADV_HWPOISON))
			return fail("MADV_HWPOISON brings no SIGBUS");
		return errno == EINVAL ? skip("MADV_HWPOISON") : fail("MADV_HWPOISON");
	}
	for (i = 0; i < nsegs; i++)
		if (bus_addr == segs[i].map + PS)
			return PASS;
	return fail("SIGBUS at %p", bus_addr);
}

/* The same by its frame, while nobody maps it. */
static int poison_unmapped(struct seg *s)
{
	unsigned long pfn = pfn_at(s->map + PS);
	int i;

	for (i = 0; i < nsegs; i++)
		if (madvise(segs[i].map, NPAGES * PS, MADV_DONTNEED))
			return fail("MADV_DONTNEED");
	return poison_frame(pfn);
}

/* All from segment @first on know that page 1 is lost; nobody reads zeros. */
static int all_lost(int first)
{
	char byte;
	int i;

	for (i = first; i < nsegs; i++) {
		if (!lost(segs[i].map + PS))
			return fail("segment %d does not know that a page is lost", i);
		if (pread(segs[i].fd, &byte, 1, PS) != -1)
			return fail("the page was read");
		/* Who gives it up, and its mapping, has a page again. */
		if (fallocate(segs[i].fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      PS, PS) ||
		    madvise(segs[i].map + PS, PS, MADV_DONTNEED))
			return fail("fallocate a hole");
		memset(segs[i].want + PS, 0, PS);
	}
	return again();
}

static int with_sigbus(int (*fn)(void))
{
	struct sigaction act = { .sa_sigaction = on_bus, .sa_flags = SA_NODEFER | SA_SIGINFO };
	struct sigaction old;
	int ret;

	sigaction(SIGBUS, &act, &old);
	ret = fn();
	sigaction(SIGBUS, &old, NULL);
	return ret;
}

/*
 * Maps page 1 of a segment alone, at another address than others do, and wants to know at
 * once when it is lost.
 */
static int bus_early(void)
{
	const struct timespec limit = { .tv_sec = seconds };
	siginfo_t info;
	sigset_t set;
	char *map;
	int i;

	for (i = 0; i < nsegs; i++)
		munmap(segs[i].map, NPAGES * PS);
	map = mmap(NULL, 2 * PS, PROT_READ, MAP_SHARED, segs[nsegs - 1].fd, PS);
	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	if (map == MAP_FAILED || sigprocmask(SIG_BLOCK, &set, NULL) ||
	    prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0))
		return fail("PR_MCE_KILL");
	touch(map);
	raise(SIGSTOP);
	if (sigtimedwait(&set, &info, &limit) != SIGBUS)
		return fail("who maps another segment was not told");
	return info.si_code == BUS_MCEERR_AO && info.si_addr == map ? PASS :
		fail("SIGBUS with code %d, at %p, not %p", info.si_code, info.si_addr, map);
}

static int do_hwpoison(void)
{
	int status, ret;
	pid_t pid;

	if (setup(MEMFD))
		return FAIL;
	pid = fork();
	if (!pid)
		_exit(bus_early());
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return fail("child: status %#x", status);
	ret = poison(segs);
	kill(pid, ret ? SIGKILL : SIGCONT);
	waitpid(pid, &status, 0);
	if (ret)
		return ret;
	return status ? fail("child: status %#x", status) : all_lost(0);
}

static int do_hwpoison_frame(void)
{
	return setup(MEMFD) ?: poison_unmapped(segs) ?: all_lost(0);
}

/* What is bad already is not merged. */
static int do_hwpoison_first(void)
{
	int ret = make_segs(MEMFD, NSEGS) ?: poison(segs + NSEGS - 1);

	if (ret)
		return ret;
	nsegs = NSEGS - 1;
	ret = merge();
	nsegs = NSEGS;
	return ret || all_lost(NSEGS - 1);
}

static int test_hwpoison(void) { return with_sigbus(do_hwpoison); }
static int test_hwpoison_frame(void) { return with_sigbus(do_hwpoison_frame); }
static int test_hwpoison_first(void) { return with_sigbus(do_hwpoison_first); }

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

/* Two mappings of equal bytes stay apart while others are merged. */
static int apart(char *map[2], size_t size)
{
	size_t off;
	int i;

	for (i = 0; i < 2; i++) {
		for (off = 0; off < size; off += PS)
			paint(map[i] + off, off / PS);
		/* it may be refused */
		madvise(map[i], size, MADV_MERGEABLE);
	}
	errno = 0;
	if (setup(MEMFD) || again())
		return FAIL;
	for (off = 0; off < size; off += PS) {
		unsigned long pfn = pfn_at(map[0] + off);

		if (pfn == -1UL || pfn == pfn_at(map[1] + off))
			return fail("page %zu is merged, or is not there", off / PS);
	}
	memset(map[0], 0, PS);
	return map[1][0] ? PASS : fail("a write went elsewhere, too");
}

/* File descriptors, closed here, with holes of @size bytes */
static int fds_apart(int fd[2], size_t size)
{
	char *map[2];
	int i, ret;

	for (i = 0; i < 2; i++) {
		map[i] = MAP_FAILED;
		if (fd[i] >= 0 && !ftruncate(fd[i], size))
			map[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd[i], 0);
		if (map[i] == MAP_FAILED)
			return fail("mmap");
		close(fd[i]);
	}
	ret = apart(map, size);
	munmap(map[0], size);
	munmap(map[1], size);
	return ret;
}

static int test_noswap(void)
{
	int fd[2], ret;

	if (tmpfs_mount("noswap"))
		return skip("tmpfs with noswap");
	fd[0] = open(tmpfs, O_RDWR | O_TMPFILE, 0600);
	fd[1] = open(tmpfs, O_RDWR | O_TMPFILE, 0600);
	ret = fds_apart(fd, NPAGES * PS);
	tmpfs_umount();
	return ret;
}

static int test_secretmem(void)
{
	int fd[2];

	fd[0] = syscall(__NR_memfd_secret, 0);
	if (fd[0] < 0)
		return skip("memfd_secret");
	fd[1] = syscall(__NR_memfd_secret, 0);
	return fds_apart(fd, NPAGES * PS);
}

static int test_hugetlb(void)
{
	int fd[2], ret;

	if (write_text("/proc/sys/vm/nr_hugepages", "2"))
		return skip("hugetlb");
	errno = 0;
	if (field("/proc/meminfo", "HugePages_Free:") < 2)
		return skip("no two huge pages");
	fd[0] = memfd_create("huge", MFD_HUGETLB);
	fd[1] = memfd_create("huge", MFD_HUGETLB);
	ret = fds_apart(fd, default_huge_page_size());
	return write_text("/proc/sys/vm/nr_hugepages", "0") ? fail("nr_hugepages") : ret;
}

/* A graphics driver that has no hardware; its objects live in shmem. */
static int vgem_open(void)
{
	char path[32], name[16];
	int fd, i;

	for (i = 0; i < 16; i++) {
		struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR);
		if (fd < 0)
			continue;
		if (!ioctl(fd, DRM_IOCTL_VERSION, &version) && !strncmp(name, "vgem", 4))
			return fd;
		close(fd);
	}
	return -1;
}

static char *gem_map(int dev, __u32 handle)
{
	struct drm_mode_map_dumb arg = { .handle = handle };

	if (ioctl(dev, DRM_IOCTL_MODE_MAP_DUMB, &arg))
		return MAP_FAILED;
	return mmap(NULL, NPAGES * PS, PROT_READ | PROT_WRITE, MAP_SHARED, dev, arg.offset);
}

/* Objects of a driver are left alone, even if all files are scanned. */
static int test_gem(void)
{
	struct drm_mode_create_dumb dumb[2];
	int dev = vgem_open(), i;
	long sharing;
	char *map;

	if (dev < 0)
		return skip("vgem");
	ksm_mode("always");
	if (setup(MEMFD) || again())
		return FAIL;
	sharing = ksm_get("file_pages_sharing");
	for (i = 0; i < 2; i++) {
		dumb[i] = (struct drm_mode_create_dumb) {
			.width = 1024, .height = NPAGES * PS / 4096, .bpp = 32,
		};
		if (ioctl(dev, DRM_IOCTL_MODE_CREATE_DUMB, dumb + i))
			return fail("DRM_IOCTL_MODE_CREATE_DUMB");
		map = gem_map(dev, dumb[i].handle);
		if (map == MAP_FAILED)
			return fail("mmap of an object");
		memcpy(map, segs[0].want, NPAGES * PS);
		/* nothing pins its pages from here on */
		munmap(map, NPAGES * PS);
	}
	/* It looks for files once in a while. */
	for (i = 0; i < 10; i++) {
		if (again())
			return FAIL;
		usleep(500000);
	}
	if (ksm_get("file_pages_sharing") != sharing)
		return fail("%ld pages sharing before, %ld after", sharing,
			    ksm_get("file_pages_sharing"));
	map = gem_map(dev, dumb[0].handle);
	if (map == MAP_FAILED)
		return fail("mmap of an object");
	if (memcmp(map, segs[0].want, NPAGES * PS))
		return fail("the object has changed");
	memset(map, 0, NPAGES * PS);
	munmap(map, NPAGES * PS);
	map = gem_map(dev, dumb[1].handle);
	if (map == MAP_FAILED || memcmp(map, segs[0].want, NPAGES * PS))
		return fail("the other object has changed");
	munmap(map, NPAGES * PS);
	close(dev);
	ksm_mode("madvise");
	return check("after a write to an object");
}

#define BIG		(2UL * HPAGE_SIZE)

static char *big[2], *big_want[2];

static int big_check(const char *when)
{
	size_t off;
	int i;

	for (i = 0; i < 2; i++) {
		if (!memcmp(big[i], big_want[i], BIG))
			continue;
		for (off = 0; big[i][off] == big_want[i][off]; off++)
			;
		errno = 0;
		return fail("%s: file %d: byte %#zx is %#x", when, i, off,
			    (unsigned char)big[i][off]);
	}
	return PASS;
}

/* Wait until all pages in a range are merged. */
static int big_merge(size_t from, size_t to)
{
	size_t off = from;
	int i;

	ksm_set("run", 1);
	for (i = 0; i < seconds * 20 && off < to; i++) {
		usleep(50000);
		while (off < to && pfn_at(big[0] + off) == pfn_at(big[1] + off))
			off += PS;
	}
	ksm_set("run", 0);
	return off < to ? fail("page %zu is not merged", off / PS) : big_check("merged");
}

static void big_write(size_t off, size_t n)
{
	size_t i;

	for (i = off; i < off + n; i++)
		big_want[0][i] ^= 0x5a;
	memcpy(big[0] + off, big_want[0] + off, n);
}

static int big_setup(int fd[2], bool advised)
{
	size_t off;
	int i;

	for (i = 0; i < 2; i++) {
		big_want[i] = malloc(BIG);
		big[i] = mmap(NULL, BIG + HPAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			      -1, 0);
		if (!big_want[i] || big[i] == MAP_FAILED || ftruncate(fd[i], BIG))
			return fail("memory");
		big[i] = (char *)(((unsigned long)big[i] + HPAGE_SIZE - 1) & -HPAGE_SIZE);
		if (mmap(big[i], BIG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd[i], 0) !=
		    big[i] || (advised && madvise(big[i], BIG, MADV_HUGEPAGE)) ||
		    madvise(big[i], BIG, MADV_MERGEABLE))
			return fail("mmap");
		for (off = 0; off < BIG; off += PS)
			paint(big_want[i] + off, off / PS);
		memcpy(big[i], big_want[i], BIG);
		if (!check_huge_shmem(big[i], BIG / HPAGE_SIZE, HPAGE_SIZE))
			return fail("tmpfs gave no huge pages");
	}
	/* They stay while nothing in them is like anything else. */
	for (off = 0; off < BIG; off += PS)
		big[1][off] ^= 2;
	if (again() || !check_huge_shmem(big[0], BIG / HPAGE_SIZE, HPAGE_SIZE) ||
	    !check_huge_shmem(big[1], BIG / HPAGE_SIZE, HPAGE_SIZE))
		return fail("a huge page was split, and nothing of it merged");
	memcpy(big[1], big_want[1], BIG);
	return big_merge(0, BIG);
}

static int do_huge(int fd[2])
{
	int i;

	big_write(5 * PS, 10);
	if (big_check("written to") || pfn_at(big[0] + 5 * PS) == pfn_at(big[1] + 5 * PS))
		return fail("the write did not break the page");
	/* Who asks for a huge page gets one of merged pages; its neighbour stays merged. */
	for (i = 0; i < 100 && madvise(big[0], HPAGE_SIZE, MADV_COLLAPSE); i++)
		usleep(50000);
	if (i == 100)
		return fail("MADV_COLLAPSE");
	errno = 0;
	if (big_check("collapsed") || !check_huge_shmem(big[0], 1, HPAGE_SIZE) ||
	    pfn_at(big[0] + HPAGE_SIZE) != pfn_at(big[1] + HPAGE_SIZE))
		return fail("there is no huge page, or too many");
	/* What was written to becomes equal again, and the huge page is split. */
	big_write(5 * PS, 10);
	if (big_merge(0, BIG))
		return FAIL;
	if (fallocate(fd[0], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PS + 10, HPAGE_SIZE))
		return fail("fallocate a hole");
	memset(big_want[0] + 3 * PS + 10, 0, HPAGE_SIZE);
	if (big_check("a hole") || ftruncate(fd[0], HPAGE_SIZE + 20 * PS + 10) ||
	    ftruncate(fd[0], BIG))
		return fail("ftruncate");
	memset(big_want[0] + HPAGE_SIZE + 20 * PS + 10, 0, BIG - HPAGE_SIZE - 20 * PS - 10);
	return big_check("truncated");
}

static int khugepaged_collapses(void)
{
	int i;

	for (i = 0; i < seconds * 20; i++) {
		usleep(50000);
		touch(big[0]);
		if (check_huge_shmem(big[0], 1, HPAGE_SIZE))
			return big_check("collapsed");
	}
	return fail("khugepaged does not collapse");
}

static int do_khugepaged(void)
{
	time_t end;
	int i;

	if (khugepaged_again(seconds) || big_check("khugepaged"))
		return FAIL;
	for (i = 0; i < BIG / PS; i++)
		if (pfn_at(big[0] + i * PS) != pfn_at(big[1] + i * PS))
			return fail("khugepaged took page %d, which is merged", i);
	if (madvise(big[0], HPAGE_SIZE, MADV_UNMERGEABLE) || khugepaged_collapses())
		return fail("what is not merged");
	/* Both at the same pages, with writes. */
	ksm_set("run", 1);
	for (end = time(NULL) + seconds / 3, i = 0; time(NULL) < end; i++) {
		if (madvise(big[i & 1], HPAGE_SIZE, i & 2 ? MADV_MERGEABLE : MADV_UNMERGEABLE))
			return fail("madvise");
		big_write(i * 7 % (BIG / PS) * PS + 100, 10);
		usleep(i % 8 * 20000);
		if (big_check("ksmd and khugepaged"))
			return FAIL;
	}
	ksm_set("run", 0);
	return khugepaged_again(seconds) || big_check("khugepaged");
}

static int huge_khugepaged(int fd[2])
{
	return with_khugepaged(do_khugepaged);
}

static int test_huge(const char *options, bool advised, int (*fn)(int fd[2]))
{
	int fd[2], ret, i;

	if (!read_pmd_pagesize())
		return skip("transparent huge pages");
	fresh++;
	if (tmpfs_mount(options))
		return fail("mount %s", options);
	fd[0] = open(tmpfs, O_RDWR | O_TMPFILE, 0600);
	fd[1] = open(tmpfs, O_RDWR | O_TMPFILE, 0600);
	ret = big_setup(fd, advised) || fn(fd);
	for (i = 0; i < 2; i++) {
		munmap(big[i], BIG);
		free(big_want[i]);
		close(fd[i]);
	}
	tmpfs_umount();
	return ret;
}

static int test_huge_always(void) { return test_huge("huge=always", false, do_huge); }
static int test_huge_size(void) { return test_huge("huge=within_size", false, do_huge); }
static int test_huge_advise(void) { return test_huge("huge=advise", true, do_huge); }
static int test_khugepaged(void) { return test_huge("huge=advise", true, huge_khugepaged); }

static const struct {
	const char *name;
	int (*fn)(void);
} tests[] = {
	{ "memfd", test_memfd },
	{ "shared anonymous memory", test_anon },
	{ "System V shm", test_sysv },
	{ "pwrite", test_pwrite },
	{ "mprotect", test_mprotect },
	{ "mremap", test_mremap },
	{ "private mapping", test_private },
	{ "fork", test_fork },
	{ "fork, both sides write", test_fork_both },
	{ "process_vm_writev", test_process_vm_writev },
	{ "ptrace and /proc/pid/mem", test_ptrace },
	{ "splice", test_splice },
	{ "vmsplice", test_vmsplice },
	{ "io_uring: fixed buffers", test_io_uring },
	{ "punch holes", test_punch },
	{ "MADV_REMOVE", test_remove },
	{ "MADV_DONTNEED", test_dontneed },
	{ "MADV_COLD", test_cold },
	{ "truncate", test_truncate },
	{ "fallocate", test_fallocate },
	{ "F_SEAL_WRITE", test_seal },
	{ "F_SEAL_FUTURE_WRITE", test_seal_future },
	{ "SHM_LOCK", test_shm_lock },
	{ "udmabuf", test_udmabuf },
	{ "udmabuf while pages come and go", test_udmabuf_race },
	{ "GEM", test_gem },
	{ "accounting", test_accounting },
	{ "no memory", test_nomem },
	{ "each function that allocates fails", test_sites },
	{ "out of memory", test_oom },
	{ "swap", test_swap },
	{ "swap of many slots", test_swap_many },
	{ "swapoff", test_swapoff },
	{ "swap: who pays", test_pay },
	{ "swap: MADV_PAGEOUT and MADV_WILLNEED", test_pageout },
	{ "swap: unmerge when a part is there", test_swap_unmerge },
	{ "zswap", test_zswap },
	{ "zswap of many slots", test_zswap_many },
	{ "zswap: writeback", test_zswap_writeback },
	{ "swap storm", test_storm },
	{ "swap storm, swap is full", test_storm_swap },
	{ "userfaultfd: missing pages", test_uffd_missing },
	{ "userfaultfd: write-protect", test_uffd_wp },
	{ "userfaultfd: minor faults", test_uffd_minor },
	{ "soft-dirty", test_soft_dirty },
	{ "NUMA hints", test_numa },
	{ "soft offline", test_move },
	{ "hwpoison", test_hwpoison },
	{ "hwpoison, not mapped", test_hwpoison_frame },
	{ "hwpoison, then merge", test_hwpoison_first },
	{ "tmpfs with noswap", test_noswap },
	{ "memfd_secret", test_secretmem },
	{ "hugetlb", test_hugetlb },
	{ "tmpfs with huge=always", test_huge_always },
	{ "tmpfs with huge=within_size", test_huge_size },
	{ "tmpfs with huge=advise", test_huge_advise },
	{ "tmpfs with huge=advise, khugepaged", test_khugepaged },
};

int main(int argc, char **argv)
{
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
	ksm_save_knobs();
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
		errno = 0;
		ret = tests[i].fn();
		close_segs();
		result(tests[i].name, ret);
	}

	ksm_mode("never");
	ksm_restore_knobs();
	ksft_finished();
}
