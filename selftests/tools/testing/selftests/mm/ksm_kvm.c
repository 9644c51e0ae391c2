// SPDX-License-Identifier: GPL-2.0
/*
 * Merging of guests' memory: memfds that KVM maps.
 *
 * A guest reaches its memory by page tables of its own, which follow those of the host
 * by MMU notifiers only.  So this looks for stale entries: what guests and the host
 * write in turn is read by all of their ways, and every word is compared with a model.
 * ksm_shmem has what shared memory is about without guests.
 *
 * Usage: ksm_kvm [-d SECONDS] [-s SEED] [-t TEST] [SWAP]
 *
 * SECONDS is for how long everything goes on at once; SWAP is a swap device that is not
 * in use, without it nothing is swapped.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <linux/kvm.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../kselftest.h"
#include "ksm_file.h"

#define PS		4096UL
#define NVMS		3
#define NVCPUS		2
#define NPAGES		48U		/* pages of a guest, behind that of its code */
#define OWN		40U		/* first page that is not the same in all guests */
#define ZERO		46U		/* first page of zeros; the last one is a hole */
#define PARTS		4U		/* parts of a page, each of which has one writer */
#define PART		(PS / PARTS)
#define NPARTS		(NPAGES * PARTS)
#define MEM		((NPAGES + 1) * PS)
#define WORDS		(PART / sizeof(unsigned int))
#define FACTOR		0x915f77f5U	/* of a word to the one before */
#define LIMIT		300		/* seconds that a test may take beside the storm */

/* By what memory is reached: by either virtual CPU, a mapping of the host, its file. */
enum view { CPU0, CPU1, MAP, FD, VIEWS };

static const char * const views[VIEWS] = {
	[CPU0] = "CPU 0", [CPU1] = "CPU 1", [MAP] = "the host's mapping", [FD] = "the file",
};

struct vcpu {
	int fd;
	struct kvm_run *run;
};

/* A guest, and what its memory must hold. */
struct vm {
	int memfd;
	char *map;
	int fd;				/* -1 if only its memory is there */
	int stats;
	struct vcpu vcpus[NVCPUS];
	/* A part is seed, seed * FACTOR ...; all of it is 0 if the seed is. */
	unsigned int seeds[NPARTS];
	pthread_mutex_t locks[NPARTS];
};

static struct vm vms[NVMS];
static int kvm_fd;
static int run_size;
static int seconds = 60;
static int storm_seconds = 20;
static unsigned int storm_seed;
static unsigned int fresh;
static atomic_long compared;		/* bytes */

/* ------------------------------------------------------------------------- */
/* guests */

/*
 * What a guest runs, in protected mode without paging, from address 0 on.  It writes or
 * compares parts, of 1024 bytes each, from EBX up to ECX; EAX is the first seed, and
 * each other is greater by 2.  EBP counts words that differ.  If ESI is not 0, it
 * compares again and again, counting in ESP, until the word there is not 0.
 */
#define CODE_SIZE	64		/* of either */

static __attribute__((naked)) void guest_write(void)
{
	asm(".code32\n"
	    "0:	movl	%eax, %edx\n"
	    "1:	movl	%edx, (%ebx)\n"
	    "	imull	$0x915f77f5, %edx, %edx\n"
	    "	addl	$4, %ebx\n"
	    "	testl	$1023, %ebx\n"
	    "	jnz	1b\n"
	    "	addl	$2, %eax\n"
	    "	cmpl	%ebx, %ecx\n"
	    "	jne	0b\n"
	    "	hlt\n"
	    ".code64");
}

static __attribute__((naked)) void guest_compare(void)
{
	asm(".code32\n"
	    "0:	movl	%ebx, %edi\n"
	    "1:	movl	%eax, %edx\n"
	    "2:	cmpl	%edx, (%edi)\n"
	    "	je	3f\n"
	    "	incl	%ebp\n"
	    "3:	imull	$0x915f77f5, %edx, %edx\n"
	    "	addl	$4, %edi\n"
	    "	testl	$1023, %edi\n"
	    "	jnz	2b\n"
	    "	addl	$2, %eax\n"
	    "	cmpl	%edi, %ecx\n"
	    "	jne	1b\n"
	    "	incl	%esp\n"
	    "	testl	%esi, %esi\n"
	    "	jz	4f\n"
	    "	testl	%ebp, %ebp\n"
	    "	jnz	4f\n"
	    "	cmpl	$0, (%esi)\n"
	    "	jne	4f\n"
	    "	movl	%ecx, %edx\n"
	    "	subl	%ebx, %edx\n"
	    "	shrl	$9, %edx\n"
	    "	subl	%edx, %eax\n"
	    "	jmp	0b\n"
	    "4:	hlt\n"
	    ".code64");
}

enum entry { WRITE = 0, COMPARE = CODE_SIZE };

/* Where a part is in a guest, and in the file behind it. */
static unsigned long part_at(unsigned int i)
{
	return PS + i * PART;
}

static char *page_at(const struct vm *vm, unsigned int p)
{
	return vm->map + (p + 1) * PS;
}

/* Let a virtual CPU run until it halts. */
static int run(struct vcpu *vcpu, enum entry entry, unsigned int i, unsigned int n,
	       unsigned int seed, unsigned long flag, struct kvm_regs *regs)
{
	int ret;

	*regs = (struct kvm_regs) {
		.rip = entry,
		.rax = seed, .rbx = part_at(i), .rcx = part_at(i + n), .rsi = flag,
		.rflags = 2,
	};
	if (ioctl(vcpu->fd, KVM_SET_REGS, regs))
		return fail("KVM_SET_REGS");
	do {
		ret = ioctl(vcpu->fd, KVM_RUN, NULL);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	if (ret)
		return fail("KVM_RUN");
	if (vcpu->run->exit_reason != KVM_EXIT_HLT)
		return fail("exit reason %u", vcpu->run->exit_reason);
	if (ioctl(vcpu->fd, KVM_GET_REGS, regs))
		return fail("KVM_GET_REGS");
	return PASS;
}

static int slot(const struct vm *vm, unsigned int flags)
{
	struct kvm_userspace_memory_region region = {
		.flags = flags,
		.memory_size = MEM,
		.userspace_addr = (unsigned long)vm->map,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) ?
	       fail("KVM_SET_USER_MEMORY_REGION") : PASS;
}

static int start_vcpu(const struct vm *vm, int n, struct vcpu *vcpu)
{
	const struct kvm_segment flat = {
		.limit = -1U, .selector = 8, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1,
	};
	struct kvm_sregs sregs;

	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, n);
	if (vcpu->fd < 0)
		return fail("KVM_CREATE_VCPU");
	vcpu->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED || ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return fail("a virtual CPU");
	sregs.cr0 |= 1;			/* protected mode */
	sregs.ds = flat;
	sregs.es = flat;
	sregs.ss = flat;
	sregs.cs = flat;
	sregs.cs.type = 11;		/* code */
	return ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) ? fail("KVM_SET_SREGS") : PASS;
}

static int start_vm(struct vm *vm, unsigned int flags)
{
	int i;

	for (i = 0; i < NVCPUS; i++)
		vm->vcpus[i] = (struct vcpu) { .fd = -1, .run = MAP_FAILED };
	vm->fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return fail("KVM_CREATE_VM");
	vm->stats = ioctl(vm->fd, KVM_GET_STATS_FD, NULL);
	if (vm->stats < 0)
		return fail("KVM_GET_STATS_FD");
	if (slot(vm, flags))
		return FAIL;
	for (i = 0; i < NVCPUS; i++)
		if (start_vcpu(vm, i, vm->vcpus + i))
			return FAIL;
	return PASS;
}

static void stop_vm(struct vm *vm)
{
	int i;

	if (vm->fd < 0)
		return;
	for (i = 0; i < NVCPUS; i++) {
		if (vm->vcpus[i].run != MAP_FAILED)
			munmap(vm->vcpus[i].run, run_size);
		if (vm->vcpus[i].fd >= 0)
			close(vm->vcpus[i].fd);
	}
	if (vm->stats >= 0)
		close(vm->stats);
	close(vm->fd);
	vm->fd = -1;
}

static void close_vm(struct vm *vm)
{
	stop_vm(vm);
	if (vm->map != MAP_FAILED)
		munmap(vm->map, MEM);
	if (vm->memfd >= 0)
		close(vm->memfd);
	vm->map = MAP_FAILED;
	vm->memfd = -1;
}

static void close_vms(void)
{
	int i;

	for (i = 0; i < NVMS; i++)
		close_vm(vms + i);
}

/* How many pages a guest has in its nested page tables. */
static long nested(const struct vm *vm)
{
	union {
		struct kvm_stats_desc desc;
		char bytes[256];		/* its name is behind it */
	} stat;
	struct kvm_stats_header head;
	unsigned int i;
	ssize_t size;
	__u64 value;

	if (pread(vm->stats, &head, sizeof(head), 0) != sizeof(head))
		ksft_exit_fail_perror("statistics of a guest");
	size = sizeof(stat.desc) + head.name_size;
	if (size > (ssize_t)sizeof(stat))
		ksft_exit_fail_msg("names of %u bytes\n", head.name_size);
	for (i = 0; i < head.num_desc; i++) {
		if (pread(vm->stats, &stat, size, head.desc_offset + i * size) != size)
			ksft_exit_fail_perror("description of a statistic");
		if (strcmp(stat.desc.name, "pages_4k"))
			continue;
		if (pread(vm->stats, &value, sizeof(value),
			  head.data_offset + stat.desc.offset) != sizeof(value))
			ksft_exit_fail_perror("pages_4k");
		return value;
	}
	ksft_exit_fail_msg("guests have no statistic pages_4k\n");
}

/* ------------------------------------------------------------------------- */
/* views */

static void paint(void *to, unsigned int seed)
{
	unsigned int *words = to, k;

	for (k = 0; k < WORDS; k++, seed *= FACTOR)
		words[k] = seed;
}

/* Words of a part that are not what they should be. */
static unsigned int differ(const void *from, unsigned int seed)
{
	const unsigned int *words = from;
	unsigned int k, n = 0;

	for (k = 0; k < WORDS; k++, seed *= FACTOR)
		n += words[k] != seed;
	return n;
}

/* Compare @n parts from @i on, whose seeds follow each other, with the model. */
static int compare(struct vm *vm, enum view by, unsigned int i, unsigned int n,
		   const char *when)
{
	unsigned int k, seed = vm->seeds[i], wrong = 0;
	unsigned int buf[WORDS];
	struct kvm_regs regs;

	compared += n * PART;
	switch (by) {
	case MAP:
		for (k = 0; k < n; k++)
			wrong += differ(vm->map + part_at(i + k), seed + 2 * k);
		break;
	case FD:
		for (k = 0; k < n; k++) {
			if (pread(vm->memfd, buf, PART, part_at(i + k)) != PART)
				return fail("%s: pread", when);
			wrong += differ(buf, seed + 2 * k);
		}
		break;
	default:
		if (run(vm->vcpus + by, COMPARE, i, n, seed, 0, &regs))
			return FAIL;
		wrong = regs.rbp;
	}
	if (!wrong)
		return PASS;
	errno = 0;
	return fail("%s: guest %d by %s: %u words are wrong, of %u parts from %u of page %u",
		    when, (int)(vm - vms), views[by], wrong, n, i % PARTS, i / PARTS);
}

/* Write a part; the model says what. */
static int put(struct vm *vm, enum view by, unsigned int i, unsigned int seed)
{
	unsigned int buf[WORDS];
	struct kvm_regs regs;

	vm->seeds[i] = seed;
	switch (by) {
	case MAP:
		paint(vm->map + part_at(i), seed);
		return PASS;
	case FD:
		paint(buf, seed);
		return pwrite(vm->memfd, buf, PART, part_at(i)) == PART ? PASS :
									  fail("pwrite");
	default:
		return run(vm->vcpus + by, WRITE, i, 1, seed, 0, &regs);
	}
}

/* What nobody else has. */
static int put_new(struct vm *vm, enum view by, unsigned int i)
{
	static unsigned int other = 1;

	return put(vm, by, i, other += 2 * NPARTS);
}

/* Compare parts [@i, @end) of one guest, by all ways that there are. */
static int check_vm(struct vm *vm, unsigned int i, unsigned int end, const char *when)
{
	enum view by;
	unsigned int n;

	for (; i < end; i += n) {
		for (n = 1; i + n < end && vm->seeds[i] &&
		     vm->seeds[i + n] == vm->seeds[i] + 2 * n; n++)
			;
		for (by = vm->fd < 0 ? MAP : CPU0; by < VIEWS; by++)
			if (compare(vm, by, i, n, when))
				return FAIL;
	}
	return PASS;
}

static int check_range(unsigned int i, unsigned int end, const char *when)
{
	int v;

	for (v = 0; v < NVMS; v++)
		if (vms[v].memfd >= 0 && check_vm(vms + v, i, end, when))
			return FAIL;
	return PASS;
}

static int check(const char *when)
{
	return check_range(0, NPARTS, when);
}

/* ------------------------------------------------------------------------- */
/* memory that is the same in all guests for the most part */

static unsigned int first_seed(int v, unsigned int i)
{
	unsigned int p = i / PARTS;

	if (p >= ZERO)
		return 0;
	return (fresh * (NVMS + 1) + (p >= OWN ? v + 1 : 0)) * 2 * NPARTS + 2 * i + 1;
}

static int make_memory(struct vm *vm)
{
	unsigned int i;

	vm->memfd = memfd_create("ksm_kvm", 0);
	if (vm->memfd < 0 || ftruncate(vm->memfd, MEM))
		return fail("memfd");
	vm->map = mmap(NULL, MEM, PROT_READ | PROT_WRITE, MAP_SHARED, vm->memfd, 0);
	if (vm->map == MAP_FAILED)
		return fail("mmap");
	if (madvise(vm->map, MEM, MADV_MERGEABLE))
		return fail("MADV_MERGEABLE");
	memcpy(vm->map + WRITE, guest_write, CODE_SIZE);
	memcpy(vm->map + COMPARE, guest_compare, CODE_SIZE);
	for (i = 0; i < NPARTS; i++)
		vm->seeds[i] = first_seed(vm - vms, i);
	return PASS;
}

/* One half is written by the guest, one by the host, but for the last page. */
static int fill(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < NPARTS - PARTS; i++)
		if (put(vm, vm->fd >= 0 && i % (4 * PARTS) < 2 * PARTS ? CPU0 : MAP, i,
			vm->seeds[i]))
			return FAIL;
	return PASS;
}

static int make_vms(void)
{
	int v;

	fresh++;
	for (v = 0; v < NVMS; v++)
		if (make_memory(vms + v) || start_vm(vms + v, 0) || fill(vms + v))
			return FAIL;
	return check("fresh");
}

/* Does a page share its frame with the same one of another guest? */
static bool shares(const struct vm *vm, int p)
{
	unsigned long pfn = pfn_at(page_at(vm, p));
	int v;

	for (v = 0; v < NVMS; v++)
		if (vms + v != vm && vms[v].map != MAP_FAILED &&
		    pfn_at(page_at(vms + v, p)) == pfn)
			return true;
	return false;
}

static bool equal(const struct vm *one, const struct vm *two, int p)
{
	return !memcmp(page_at(one, p), page_at(two, p), PS);
}

/* How many pages are not merged that could be, the code included? */
static unsigned long unmerged(void)
{
	unsigned long n = 0;
	int v, w, p;

	for (v = 0; v < NVMS; v++) {
		for (p = -1; p < (int)NPAGES; p++) {
			bool same = false;

			for (w = 0; w < NVMS; w++)
				same |= w != v && equal(vms + v, vms + w, p);
			n += same && !shares(vms + v, p);
		}
	}
	return n;
}

static int merge(void)
{
	unsigned long left = run_ksmd(unmerged, seconds);

	return left ? fail("%lu pages not merged in %d s", left, seconds) : PASS;
}

static int setup(void)
{
	return make_vms() || merge() || check("after merging");
}

/* Page @p of a guest was written to: that is seen there and nowhere else. */
static int wrote(const struct vm *vm, unsigned int p, const char *when)
{
	if (check_range(p * PARTS, (p + 1) * PARTS, when))
		return FAIL;
	return shares(vm, p) ? fail("%s: page %u is shared", when, p) : PASS;
}

/* ------------------------------------------------------------------------- */
/* tests */

/* Merging takes pages out of nested page tables; guests find them again. */
static int test_merge(void)
{
	const long merged = OWN + NPAGES - ZERO;
	int v;

	if (make_vms())
		return FAIL;
	for (v = 0; v < NVMS; v++)
		if (nested(vms + v) <= NPAGES)
			return fail("guest %d maps %ld pages", v, nested(vms + v));
	if (merge())
		return FAIL;
	for (v = 0; v < NVMS; v++)
		if (nested(vms + v) > NPAGES - merged)
			return fail("guest %d still maps %ld pages", v, nested(vms + v));
	if (ksm_get("file_pages_sharing") < (NVMS - 1) * (merged + 1))
		return fail("%ld pages sharing", ksm_get("file_pages_sharing"));
	if (check("after merging"))
		return FAIL;
	for (v = 0; v < NVMS; v++)
		if (nested(vms + v) <= NPAGES)
			return fail("guest %d maps %ld pages again", v, nested(vms + v));
	/* nothing of this breaks it */
	return unmerged() ? fail("reading broke merges") : PASS;
}

/* All guests have all pages mapped; one write at a time, and merged once more. */
static int test_writes(enum view by)
{
	unsigned int p;

	if (setup())
		return FAIL;
	for (p = 0; p < NPAGES; p += 3) {
		struct vm *vm = vms + p % NVMS;
		unsigned int i = p * PARTS + p % PARTS;

		if (put_new(vm, by, i) || wrote(vm, p, "after a write"))
			return FAIL;
	}
	if (check("after all writes"))
		return FAIL;
	for (p = 0; p < NPAGES; p += 3) {
		unsigned int i = p * PARTS + p % PARTS;

		if (put(vms + p % NVMS, by, i, first_seed(p % NVMS, i)))
			return FAIL;
	}
	return merge() || check("after merging again");
}

static int test_cpu0(void) { return test_writes(CPU0); }
static int test_map(void) { return test_writes(MAP); }
static int test_fd(void) { return test_writes(FD); }

/* One page, all ways in turn: each sees what the others wrote. */
static int test_turns(void)
{
	enum view by;
	int round;

	if (setup())
		return FAIL;
	for (round = 0; round < 3; round++) {
		for (by = CPU0; by < VIEWS; by++) {
			unsigned int p = 4 * round + by, k;

			for (k = 0; k < 3 * VIEWS; k++)
				if (put_new(vms, (by + k) % VIEWS,
					    p * PARTS + k % PARTS) ||
				    wrote(vms, p, "in turn"))
					return FAIL;
		}
	}
	return PASS;
}

struct watch {
	struct vm *vm;
	struct kvm_regs regs;
	int ret;
};

static void *do_watch(void *arg)
{
	struct watch *w = arg;

	/* the flag is a word of a page of zeros, which is merged like the rest */
	w->ret = run(w->vm->vcpus + CPU1, COMPARE, 0, OWN * PARTS, w->vm->seeds[0],
		     part_at(ZERO * PARTS), &w->regs);
	return NULL;
}

/* Guests that run, and look at their memory, while it is merged under them. */
static int test_running(void)
{
	struct watch watches[NVMS];
	pthread_t threads[NVMS];
	int v, ret = PASS;

	if (make_vms())
		return FAIL;
	for (v = 0; v < NVMS; v++) {
		watches[v].vm = vms + v;
		if (pthread_create(threads + v, NULL, do_watch, watches + v))
			return fail("pthread_create");
	}
	ret = merge();
	/* who has a stale entry never sees it: see the time limit */
	for (v = 0; v < NVMS; v++) {
		usleep(100000);
		put_new(vms + v, v ? MAP : FD, ZERO * PARTS);
	}
	for (v = 0; v < NVMS; v++) {
		struct kvm_regs *regs = &watches[v].regs;

		pthread_join(threads[v], NULL);
		ret |= watches[v].ret;
		compared += OWN * PS * regs->rsp;
		if (regs->rbp || regs->rsp < 2)
			ret = fail("guest %d: %llu words wrong in %llu rounds", v,
				   regs->rbp, regs->rsp);
	}
	return ret || check("when they have stopped");
}

/* Take the log: these pages, and no others, were written by the guest. */
static int logged(const struct vm *vm, __u64 want)
{
	__u64 got = 0;
	struct kvm_dirty_log log = { .dirty_bitmap = &got };

	if (ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log))
		return fail("KVM_GET_DIRTY_LOG");
	return got == want ? PASS : fail("%#llx are dirty, not %#llx", got, want);
}

/* Merging and reading are no writes, breaking is one. */
static int test_dirty_log(void)
{
	__u64 want = 0;
	unsigned int p;

	static_assert(NPAGES < 64, "the log is one word");
	if (setup() || slot(vms, KVM_MEM_LOG_DIRTY_PAGES) || check("with a log") ||
	    logged(vms, 0))
		return FAIL;
	for (p = 1; p < NPAGES; p += 5) {
		if (put_new(vms, p % NVCPUS, p * PARTS + 1) ||
		    wrote(vms, p, "with a log"))
			return FAIL;
		want |= 1ULL << (p + 1);
	}
	if (logged(vms, want))
		return FAIL;
	for (p = 1; p < NPAGES; p += 5)
		if (put(vms, MAP, p * PARTS + 1, first_seed(0, p * PARTS + 1)))
			return FAIL;
	if (merge() || check("merged with a log") || logged(vms, 0))
		return FAIL;
	return slot(vms, 0) || put_new(vms, CPU0, 2 * PARTS) ||
	       wrote(vms, 2, "after the log");
}

/*
 * A write that a guest is not to do.  It stays pending: the virtual CPU is of no use
 * afterwards.
 */
static int refuse_write(struct vcpu *vcpu)
{
	struct kvm_regs regs = {
		.rip = WRITE,
		.rax = 1, .rbx = part_at(0), .rcx = part_at(1), .rflags = 2,
	};

	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		return fail("KVM_SET_REGS");
	if (ioctl(vcpu->fd, KVM_RUN, NULL))
		return errno == EFAULT ? PASS : fail("KVM_RUN");
	return vcpu->run->exit_reason == KVM_EXIT_MMIO ?
	       PASS : fail("exit reason %u", vcpu->run->exit_reason);
}

/* A slot that is for reading only: a write is the host's to emulate. */
static int test_readonly(void)
{
	if (setup())
		return FAIL;
	/* a slot cannot become that */
	stop_vm(vms);
	if (start_vm(vms, KVM_MEM_READONLY) || check("read-only") ||
	    refuse_write(vms[0].vcpus))
		return FAIL;
	stop_vm(vms);
	if (check("after a write that must not be") || unmerged())
		return fail("the write broke a merge");
	return put_new(vms, MAP, 0) || wrote(vms, 0, "after it was read-only");
}

/* The host drops its own page tables, and those of the guest with them. */
static int test_dontneed(void)
{
	int v;

	if (setup())
		return FAIL;
	for (v = 0; v < NVMS; v++) {
		if (madvise(vms[v].map, MEM, MADV_DONTNEED))
			return fail("MADV_DONTNEED");
		if (nested(vms + v))
			return fail("guest %d still maps %ld pages", v, nested(vms + v));
	}
	if (put_new(vms, CPU0, 5 * PARTS) || wrote(vms, 5, "after MADV_DONTNEED") ||
	    put_new(vms + 1, CPU1, 6 * PARTS) || wrote(vms + 1, 6, "after MADV_DONTNEED"))
		return FAIL;
	return check("after MADV_DONTNEED");
}

static int test_mprotect(void)
{
	if (setup())
		return FAIL;
	if (mprotect(vms[0].map, MEM, PROT_READ))
		return fail("mprotect for reading");
	if (check("for reading"))
		return FAIL;
	if (refuse_write(vms[0].vcpus))
		return FAIL;
	stop_vm(vms);
	if (start_vm(vms, 0) || check("after a write that must not be") || unmerged())
		return fail("the write broke a merge");
	if (mprotect(vms[0].map, MEM, PROT_NONE) ||
	    mprotect(vms[0].map, MEM, PROT_READ | PROT_WRITE))
		return fail("mprotect");
	if (check("for writing again") || unmerged())
		return fail("mprotect broke merges");
	return put_new(vms, CPU0, 3 * PARTS) || wrote(vms, 3, "for writing again");
}

/* The guest sees the hole. */
static int punch(struct vm *vm, unsigned int i, unsigned int n, bool by_map)
{
	if (by_map ? madvise(vm->map + part_at(i), n * PART, MADV_REMOVE) :
		     fallocate(vm->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       part_at(i), n * PART))
		return fail("a hole");
	memset(vm->seeds + i, 0, n * sizeof(*vm->seeds));
	return PASS;
}

static int test_punch(void)
{
	if (setup() ||
	    punch(vms, 2 * PARTS, PARTS, false) || check("after a hole was punched") ||
	    punch(vms + 1, 3 * PARTS + 1, 2, false) || check("after a part was") ||
	    punch(vms, 5 * PARTS, 3 * PARTS, true) || check("after MADV_REMOVE"))
		return FAIL;
	return put_new(vms, CPU1, 5 * PARTS + 1) || wrote(vms, 5, "in a hole") ||
	       put_new(vms + 1, MAP, 3 * PARTS) || wrote(vms + 1, 3, "beside a hole");
}

static int do_swap(void)
{
	unsigned int p;
	int round;

	if (setup())
		return FAIL;
	for (round = 0; round < 2; round++) {
		swap_out();
		if (ksm_get("file_pages_sharing"))
			return fail("%ld pages sharing are not swapped",
				    ksm_get("file_pages_sharing"));
		/* One writes to what is in swap. */
		for (p = 0; p < NPAGES; p += 7)
			if (put_new(vms + 1, p % NVCPUS, p * PARTS) ||
			    wrote(vms + 1, p, "in swap"))
				return FAIL;
		if (check("swapped in") || merge() || check("merged again"))
			return FAIL;
	}
	return PASS;
}

static int test_swap(void)
{
	return with_swap(do_swap, check);
}

/* Which node a page is on, or where it went. */
static int move(const struct vm *vm, unsigned int p, const int *node)
{
	void *page = page_at(vm, p);
	int status = -1;

	touch(page);
	if (syscall(__NR_move_pages, 0, 1, &page, node, &status, MPOL_MF_MOVE_ALL) < 0)
		return -errno;
	return status;
}

static int test_migrate(void)
{
	unsigned int p;

	if (setup())
		return FAIL;
	for (p = 0; p < NPAGES; p++) {
		int from = move(vms, p, NULL), to = !from, got;

		if (from < 0)
			return fail("page %u is on node %d", p, from);
		got = move(vms, p, &to);
		if (got == -ENODEV) {
			errno = -got;
			return skip("another NUMA node");
		}
		if (got != to)
			return fail("page %u went to node %d", p, got);
	}
	if (check("moved") || unmerged())
		return fail("migration broke merges");
	for (p = 0; p < NPAGES; p += 9)
		if (put_new(vms + p % NVMS, p % NVCPUS, p * PARTS) ||
		    wrote(vms + p % NVMS, p, "moved"))
			return FAIL;
	return check("at the end");
}

/* Guests end one by one, in all orders of what they consist of. */
static int test_teardown(void)
{
	long before = ksm_get("file_pages_sharing");
	struct vm *vm = vms + 1;

	if (setup())
		return FAIL;
	/* The mapping goes first: the guest has no memory then. */
	if (munmap(vm->map, MEM) || nested(vm))
		return fail("munmap: %ld pages are mapped", nested(vm));
	vm->map = MAP_FAILED;
	if (refuse_write(vm->vcpus))
		return FAIL;
	close_vm(vm);
	if (check("one has gone"))
		return FAIL;
	/* The guest goes first; its memory is there, and merged. */
	stop_vm(vms);
	if (!shares(vms, 0) || check("another has gone"))
		return fail("a guest took its memory along");
	if (put_new(vms, MAP, 0) || wrote(vms, 0, "without a guest") ||
	    put_new(vms + 2, CPU0, PARTS) || wrote(vms + 2, 1, "the last guest"))
		return FAIL;
	close_vms();
	return ksm_get("file_pages_sharing") > before ?
	       fail("%ld pages sharing, of nobody", ksm_get("file_pages_sharing")) : PASS;
}

static int child(struct vm *vm, int fd)
{
	struct watch w = { .vm = vm };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (start_vm(vm, 0) || check_vm(vm, 0, NPARTS, "in another process") ||
	    write(fd, "", 1) != 1)
		return FAIL;
	/* until it is killed */
	do_watch(&w);
	return FAIL;
}

/* A guest of another process, which is killed while it runs on merged memory. */
static int test_kill(void)
{
	int fds[2], status, ret = PASS;
	struct vm *vm = vms;
	char byte;
	pid_t pid;

	if (make_vms() || pipe(fds))
		return FAIL;
	stop_vm(vm);
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(child(vm, fds[1]));
	if (pid < 0)
		return fail("fork");
	close(fds[1]);
	if (read(fds[0], &byte, 1) != 1)
		ret = fail("a guest in a child");
	close(fds[0]);
	ret = ret || merge() || put_new(vms + 1, CPU0, 0) ||
	      wrote(vms + 1, 0, "beside a child");
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		ret = fail("the child ended by itself");
	return ret || check("after it was killed") || start_vm(vm, 0) ||
	       check("started again") || put_new(vm, CPU1, PARTS) ||
	       wrote(vm, 1, "started again");
}

/* ------------------------------------------------------------------------- */
/* everything at once */

struct actor {
	pthread_t thread;
	struct vm *vm;			/* NULL: any */
	enum view by;
	unsigned int rand;
	unsigned long writes;
	int ret;
};

static atomic_bool stop;

/* Most of what is written is written to the same part of others, too. */
static unsigned int storm_seed_of(unsigned int i, unsigned int rand)
{
	if (rand % 16 == 0)
		return rand | 1;
	if (rand % 16 == 1)
		return 0;
	return first_seed(0, i) | 1;
}

static void *act(void *arg)
{
	struct actor *a = arg;

	while (!stop && !a->ret) {
		struct vm *vm = a->vm ?: vms + rand_r(&a->rand) % NVMS;
		unsigned int i = rand_r(&a->rand) % NPARTS;

		pthread_mutex_lock(vm->locks + i);
		a->ret = compare(vm, a->by, i, 1, "in the storm");
		if (!a->ret && rand_r(&a->rand) % 4 == 0) {
			a->ret = put(vm, a->by, i,
				     storm_seed_of(i, rand_r(&a->rand)));
			a->writes++;
		}
		pthread_mutex_unlock(vm->locks + i);
		/* leave ksmd time to see pages that do not change */
		usleep(rand_r(&a->rand) % 4000);
	}
	return NULL;
}

static void lock_page(struct vm *vm, unsigned int p, bool lock)
{
	unsigned int i;

	for (i = p * PARTS; i < (p + 1) * PARTS; i++)
		if (lock)
			pthread_mutex_lock(vm->locks + i);
		else
			pthread_mutex_unlock(vm->locks + i);
}

/* What changes no content, or that of a whole page. */
static void *disturb(void *arg)
{
	struct actor *a = arg;

	while (!stop && !a->ret) {
		struct vm *vm = vms + rand_r(&a->rand) % NVMS;
		unsigned int p = rand_r(&a->rand) % NPAGES;
		int node = rand_r(&a->rand) % 2;

		usleep(10000);
		switch (rand_r(&a->rand) % 5) {
		case 0:
			a->ret = madvise(page_at(vm, p), (NPAGES - p) * PS, MADV_DONTNEED) ?
				 fail("MADV_DONTNEED") : PASS;
			break;
		case 1:
			/* it need not move: it may be in use */
			move(vm, p, &node);
			break;
		case 2:
			if (swap_dev && write_text("/sys/fs/cgroup/memory.reclaim",
						   "64K swappiness=200") && errno != EAGAIN)
				a->ret = fail("memory.reclaim");
			break;
		case 3:
			lock_page(vm, p, true);
			if (mprotect(page_at(vm, p), PS, PROT_READ) ||
			    mprotect(page_at(vm, p), PS, PROT_READ | PROT_WRITE))
				a->ret = fail("mprotect");
			lock_page(vm, p, false);
			break;
		case 4:
			lock_page(vm, p, true);
			a->ret = punch(vm, p * PARTS, PARTS, node);
			lock_page(vm, p, false);
			break;
		}
	}
	return NULL;
}

static int do_storm(void)
{
	struct actor actors[NVMS * NVCPUS + 4] = {};
	long merges, breaks;
	unsigned long writes = 0;
	int i, v, n = 0, ret = PASS;

	for (v = 0; v < NVMS; v++)
		for (i = 0; i < NVCPUS; i++)
			actors[n++] = (struct actor) { .vm = vms + v, .by = i };
	actors[n++] = (struct actor) { .by = MAP };
	actors[n++] = (struct actor) { .by = FD };
	actors[n++] = (struct actor) { .by = VIEWS };
	actors[n++] = (struct actor) { .by = VIEWS };

	merges = read_vmstat("page_wp_merge");
	breaks = read_vmstat("page_wp_break");
	atomic_store(&stop, false);
	ksm_set("run", 1);
	for (i = 0; i < n; i++) {
		actors[i].rand = storm_seed + i;
		if (pthread_create(&actors[i].thread, NULL,
				   actors[i].by == VIEWS ? disturb : act, actors + i))
			ksft_exit_fail_perror("pthread_create");
	}
	for (i = 0; i < storm_seconds && !ret; i++) {
		sleep(1);
		for (v = 0; v < n; v++)
			ret |= actors[v].ret;
	}
	atomic_store(&stop, true);
	for (i = 0; i < n; i++) {
		pthread_join(actors[i].thread, NULL);
		ret |= actors[i].ret;
		writes += actors[i].writes;
	}
	ksm_set("run", 0);
	merges = read_vmstat("page_wp_merge") - merges;
	breaks = read_vmstat("page_wp_break") - breaks;
	ksft_print_msg("%d s from seed %u: %lu writes, %ld merges, %ld breaks\n",
		       storm_seconds, storm_seed, writes, merges, breaks);
	if (ret || check("after the storm"))
		return FAIL;
	if (!merges || !breaks)
		return fail("nothing was merged or broken");
	return merge() || check("when it has calmed down");
}

static int test_storm(void)
{
	int ret;

	if (make_vms())
		return FAIL;
	if (swap_dev && swapon(swap_dev, 0))
		return fail("swapon %s", swap_dev);
	ret = do_storm();
	if (swap_dev && swapoff(swap_dev))
		return fail("swapoff %s", swap_dev);
	return ret;
}

static const struct {
	const char *name;
	int (*fn)(void);
} tests[] = {
	{ "pages merge in nested page tables", test_merge },
	{ "a guest writes", test_cpu0 },
	{ "the host writes", test_map },
	{ "pwrite", test_fd },
	{ "guests and host write in turn", test_turns },
	{ "guests that run", test_running },
	{ "dirty log", test_dirty_log },
	{ "read-only slot", test_readonly },
	{ "MADV_DONTNEED", test_dontneed },
	{ "mprotect", test_mprotect },
	{ "punch holes", test_punch },
	{ "swap", test_swap },
	{ "migration", test_migrate },
	{ "guests that end", test_teardown },
	{ "a guest that is killed", test_kill },
	{ "storm", test_storm },
};

/* A guest that never sees what it waits for, for one. */
static void on_alarm(int sig)
{
	static const char text[] = "Bail out! a test takes too long\n";

	write(STDOUT_FILENO, text, sizeof(text) - 1);
	_exit(KSFT_FAIL);
}

int main(int argc, char **argv)
{
	const char *limit = getenv("KSM_FILE_SECONDS");
	const char *only = NULL;
	size_t i, n = 0;
	int opt;

	storm_seed = time(NULL);
	while ((opt = getopt(argc, argv, "d:s:t:")) != -1) {
		switch (opt) {
		case 'd':
			storm_seconds = atoi(optarg);
			break;
		case 's':
			storm_seed = strtoul(optarg, NULL, 0);
			break;
		case 't':
			only = optarg;
			break;
		default:
			return KSFT_FAIL;
		}
	}
	swap_dev = argv[optind];
	if (limit)
		seconds = atoi(limit);
	ksft_print_header();
	if (access(KSM_DIR "file", F_OK))
		ksft_exit_skip("the kernel has no " KSM_DIR "file\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");
	kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm_fd < 0)
		ksft_exit_skip("/dev/kvm: %s\n", strerror(errno));
	run_size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, NULL);
	if (run_size < 0)
		ksft_exit_fail_perror("KVM_GET_VCPU_MMAP_SIZE");
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	if (pagemap_fd < 0)
		ksft_exit_skip("pagemap: %s\n", strerror(errno));
	if (ksm_write("file", "madvise"))
		ksft_exit_skip("file = madvise: %s\n", strerror(errno));
	ksm_save_knobs();
	ksm_set("run", 0);
	ksm_set("pages_to_scan", 10000);
	ksm_set("sleep_millisecs", 10);
	for (n = 0; n < NVMS; n++) {
		vms[n].fd = -1;
		vms[n].memfd = -1;
		vms[n].map = MAP_FAILED;
		for (i = 0; i < NPARTS; i++)
			pthread_mutex_init(vms[n].locks + i, NULL);
	}
	signal(SIGALRM, on_alarm);

	for (i = n = 0; i < ARRAY_SIZE(tests); i++)
		n += !only || strstr(tests[i].name, only);
	ksft_set_plan(n);
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		int ret;

		if (only && !strstr(tests[i].name, only))
			continue;
		alarm(LIMIT + storm_seconds);
		ret = tests[i].fn();
		close_vms();
		alarm(0);
		result(tests[i].name, ret);
	}
	ksft_print_msg("%ld MiB compared\n", compared >> 20);

	ksm_mode("never");
	ksm_restore_knobs();
	ksft_finished();
}
