// SPDX-License-Identifier: GPL-2.0
/*
 * What scripts/bench measures, in the guest.
 *
 *   bench-work hold MAX anon PAGES COPIES	memory of so many pages, each content COPIES times
 *   bench-work hold MAX PATH PAGES COPIES	the same in files PATH.0, PATH.1, ...
 *   bench-work scan KSMD PREFIX PASSES GOAL	let ksmd, whose pid that is, do PASSES passes,
 *						and more until the counter PREFIXpages_sharing
 *						is GOAL
 *   bench-work ops DIR REPEATS			operations that are not to become slower
 *
 * `hold` makes the pages, which differ from those of another process, says "ready", and
 * obeys the lines that it reads:
 *
 *   read | write	touch a byte of each page by its mapping, in random order, MAX at most
 *   pread | pwrite	the same by a system call
 *   ... CPUS		each of so many CPUs a part of them, all at once
 *   map		map anew
 *   clean		write to disk what is dirty
 *
 * It answers with the number of pages, p50, p99, the maximum, and all deciles in ns.
 *
 * Time is that of the time stamp counter, since user-mode Linux takes long to tell the time.
 * Under QEMU with -icount shift=0 it counts instructions, one for each ns.
 */

#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define PAGE		4096UL
#define KSM		"/sys/kernel/mm/ksm/"
#define CGROUPS		"/sys/fs/cgroup/"
#define CGROUP		CGROUPS "bench"
#define FAULT_AROUND	"/sys/kernel/debug/fault_around_bytes"
#define NSEC		1000000000ULL
#define WORDS		(PAGE / sizeof(uint64_t))
#define CHUNK		256UL
#define MAX_FILES	16

static uint64_t state = 88172645463325252ULL;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		err(1, "clock_gettime");
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static uint64_t ticks(void)
{
	_mm_lfence();
	return __rdtsc();
}

/* ns of a tick. */
static double tick_ns(void)
{
	static double ns;
	uint64_t time = clock_ns(CLOCK_MONOTONIC), start = ticks();

	while (!ns && clock_ns(CLOCK_MONOTONIC) - time < NSEC / 20)
		;
	if (!ns)
		ns = (double)(clock_ns(CLOCK_MONOTONIC) - time) / (ticks() - start);
	return ns;
}

static void *map(void *addr, size_t size, int flags, int fd)
{
	void *mem = mmap(addr, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (mem == MAP_FAILED)
		err(1, "mmap");
	return mem;
}

static int open_file(int flags, const char *format, ...)
{
	char path[256];
	va_list args;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, flags, 0600);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void write_string(const char *path, const char *text)
{
	int fd = open_file(O_WRONLY, "%s", path);

	if (write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

static void full(ssize_t done, size_t want)
{
	if (done != (ssize_t)want)
		err(1, "%zd of %zu bytes", done, want);
}

/* Content number @id; nobody else has it. */
static void fill_page(uint64_t *page, uint64_t seed, unsigned long id)
{
	size_t i;

	state = (seed + id) * 0x9e3779b97f4a7c15ULL | 1;
	for (i = 0; i < WORDS; i++)
		page[i] = next_random();
	page[0] = seed + id;
}

/*
 * hold
 */

struct held {
	char *mem;
	int *fds;		/* of the files, or NULL */
	unsigned long pages;
	unsigned long differ;	/* pages with a content of their own */
	unsigned long each;	/* pages in a file */
	unsigned long max;
};

/* Pages of a file, or by way of a file of memory, without page faults of programs. */
static void make_pages(int fd, char *mem, unsigned long pages, uint64_t seed, unsigned long id,
		       unsigned long differ)
{
	static uint64_t chunk[CHUNK][WORDS];
	unsigned long i, n;

	for (i = 0; i < pages; i += n) {
		for (n = 0; n < CHUNK && i + n < pages; n++)
			fill_page(chunk[n], seed, (id + i + n) % differ);
		if (mem) {
			full(pwrite(fd, chunk, n * PAGE, 0), n * PAGE);
			full(pread(fd, mem + i * PAGE, n * PAGE, 0), n * PAGE);
		} else {
			full(write(fd, chunk, n * PAGE), n * PAGE);
		}
	}
	/* Only what is clean is looked at. */
	if (!mem && fsync(fd))
		err(1, "fsync");
}

static void map_files(struct held *held)
{
	unsigned long i, size = held->each * PAGE;

	for (i = 0; i < held->pages / held->each; i++)
		map(held->mem + i * size, size, MAP_SHARED | MAP_FIXED, held->fds[i]);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

struct toucher {
	struct held *held;
	const char *how;
	int cpu;			/* or -1 */
	pthread_barrier_t *barrier;
	unsigned long *order;		/* of the pages */
	uint64_t *took;
	unsigned long n;
};

static void *touch_pages(void *arg)
{
	struct toucher *t = arg;
	struct held *held = t->held;
	char byte = 1;
	unsigned long i;

	if (t->cpu >= 0) {
		cpu_set_t cpus;

		CPU_ZERO(&cpus);
		CPU_SET(t->cpu, &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus))
			err(1, "CPU %d", t->cpu);
		pthread_barrier_wait(t->barrier);
	}
	for (i = 0; i < t->n; i++) {
		unsigned long at = t->order[i];
		volatile char *mem = held->mem + at * PAGE + PAGE / 2;
		off_t pos = at % held->each * PAGE;
		int fd = held->fds ? held->fds[at / held->each] : -1;
		ssize_t done = 1;
		uint64_t start = ticks();

		if (!strcmp(t->how, "read"))
			byte = *mem;
		else if (!strcmp(t->how, "write"))
			*mem = byte;
		else if (!strcmp(t->how, "pread"))
			done = pread(fd, &byte, 1, pos);
		else
			done = pwrite(fd, &byte, 1, pos);
		t->took[i] = ticks() - start;
		full(done, 1);
	}
	return NULL;
}

/* By so many CPUs at once, or with 0 wherever this runs. */
static void touch(struct held *held, const char *how, unsigned int cpus)
{
	unsigned long i, n = held->pages < held->max ? held->pages : held->max;
	uint64_t *took = calloc(n, sizeof(*took));
	unsigned long *order = calloc(held->pages, sizeof(*order));
	struct toucher all = { held, how, -1, NULL, order, took, n }, *each;
	pthread_barrier_t barrier;
	pthread_t *threads;

	each = calloc(cpus + 1, sizeof(*each));
	threads = calloc(cpus + 1, sizeof(*threads));
	if (!took || !order || !each || !threads)
		err(1, "memory");
	for (i = 0; i < held->pages; i++)
		order[i] = i;
	for (i = 0; i < n; i++) {
		unsigned long j = i + next_random() % (held->pages - i), at = order[j];

		order[j] = order[i];
		order[i] = at;
	}
	if (!cpus)
		touch_pages(&all);
	else if (pthread_barrier_init(&barrier, NULL, cpus))
		errx(1, "barrier");
	for (i = 0; i < cpus; i++) {
		unsigned long first = i * n / cpus, last = (i + 1) * n / cpus;

		each[i] = (struct toucher){ held, how, i, &barrier, order + first, took + first,
					    last - first };
		errno = pthread_create(&threads[i], NULL, touch_pages, &each[i]);
		if (errno)
			err(1, "thread");
	}
	for (i = 0; i < cpus; i++)
		pthread_join(threads[i], NULL);
	qsort(took, n, sizeof(*took), compare);
	printf("%lu %.0f %.0f %.0f", n, tick_ns() * took[n / 2],
	       tick_ns() * took[n - 1 - n / 100], tick_ns() * took[n - 1]);
	for (i = 0; i <= 10; i++)
		printf(" %.0f", tick_ns() * took[(n - 1) * i / 10]);
	puts("");
	free(took);
	free(order);
	free(each);
	free(threads);
}

static int hold(char **args)
{
	unsigned long copies = strtoul(args[3], NULL, 0), files, i;
	struct held held = {
		.pages = strtoul(args[2], NULL, 0),
		.max = strtoul(args[0], NULL, 0),
	};
	bool anon = !strcmp(args[1], "anon");
	uint64_t seed = (uint64_t)getpid() << 32 ^ clock_ns(CLOCK_REALTIME);
	size_t size = held.pages * PAGE;
	char line[32];

	held.differ = held.pages / copies;
	if (!held.differ || held.differ * copies != held.pages)
		errx(1, "%lu pages are no %lu copies", held.pages, copies);
	for (files = MAX_FILES; copies % files; files--)
		;
	held.each = held.pages / files;
	held.mem = map(NULL, size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (anon) {
		int fd = memfd_create("pages", 0);

		make_pages(fd, held.mem, held.pages, seed, 0, held.differ);
		close(fd);
		if (madvise(held.mem, size, MADV_MERGEABLE))
			err(1, "MADV_MERGEABLE");
	} else {
		held.fds = calloc(files, sizeof(*held.fds));
		if (!held.fds)
			err(1, "memory");
		for (i = 0; i < files; i++) {
			held.fds[i] = open_file(O_RDWR | O_CREAT | O_TRUNC, "%s.%lu", args[1], i);
			make_pages(held.fds[i], NULL, held.each, seed, i * held.each,
				   held.differ);
		}
		map_files(&held);
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (!strcmp(line, "map")) {
			map_files(&held);
			puts("done");
		} else if (!strcmp(line, "clean")) {
			for (i = 0; i < files; i++)
				if (fsync(held.fds[i]))
					err(1, "fsync");
			puts("done");
		} else {
			char how[sizeof(line)] = "";
			unsigned int cpus = 0;

			sscanf(line, "%31s %u", how, &cpus);
			touch(&held, how, cpus);
		}
		fflush(stdout);
	}
	return 0;
}

/*
 * scan
 */

static unsigned long read_number(int fd)
{
	char text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		err(1, "a counter of KSM");
	return strtoul(text, NULL, 10);
}

static void wait_for_sleep(int stat)
{
	char text[64] = "";

	while (!strstr(text, ") S ")) {
		usleep(50);
		if (pread(stat, text, sizeof(text) - 1, 0) <= 0)
			err(1, "ksmd");
	}
}

/* After a pass ksmd sleeps until somebody changes for how long. */
static void kick(void)
{
	int fd = open_file(O_RDONLY, KSM "sleep_millisecs");

	write_string(KSM "sleep_millisecs", read_number(fd) == 3600000 ? "3600001" : "3600000");
	close(fd);
}

/* Prints for each pass the time and the CPU time of ksmd that it took, in ns. */
static int scan(char **args)
{
	int scans = open_file(O_RDONLY, KSM "%sfull_scans", args[1]);
	int sharing = open_file(O_RDONLY, KSM "%spages_sharing", args[1]);
	int stat = open_file(O_RDONLY, "/proc/%s/stat", args[0]);
	unsigned long passes = strtoul(args[2], NULL, 0), done;
	unsigned long goal = strtoul(args[3], NULL, 0);
	clockid_t clock;

	if (clock_getcpuclockid(strtol(args[0], NULL, 0), &clock))
		errx(1, "no CPU clock of process %s", args[0]);
	wait_for_sleep(stat);
	kick();
	for (done = 0; done < passes || read_number(sharing) < goal; done++) {
		unsigned long before = read_number(scans);
		uint64_t cpu, start, time = 0;

		/* Before it sleeps it looks for how long. */
		wait_for_sleep(stat);
		cpu = clock_ns(clock);
		start = clock_ns(CLOCK_MONOTONIC);
		if (done)
			kick();
		else
			write_string(KSM "run", "1");
		while (read_number(scans) == before) {
			/* A hundredth of what has passed, from 50 us to 10 ms. */
			struct timespec pause = {
				.tv_nsec = time < 5000000 ? 50000 :
					   time > NSEC ? 10000000 : time / 100,
			};

			nanosleep(&pause, NULL);
			time = clock_ns(CLOCK_MONOTONIC) - start;
			if (time > 300 * NSEC)
				errx(1, "a pass took more than 300 s");
		}
		time = clock_ns(CLOCK_MONOTONIC) - start;
		if (read_number(scans) != before + 1 || done > passes + 100)
			errx(1, "pass %lu, %lu pages of %s", done,
			     goal - read_number(sharing), args[3]);
		printf("%lu %lu\n", (unsigned long)time, (unsigned long)(clock_ns(clock) - cpu));
	}
	write_string(KSM "run", "0");
	return 0;
}

/*
 * ops
 */

#define SMALL	1024UL		/* pages */
#define LARGE	4096UL

static char buffer[PAGE * 16];
static const char *self;

static int make_small(void)
{
	int fd = open_file(O_RDWR | O_CREAT | O_TRUNC, "small");

	make_pages(fd, NULL, SMALL, 1, 0, SMALL);
	return fd;
}

static uint64_t op_read_seq(int large)
{
	uint64_t start = ticks();
	unsigned long i;

	for (i = 0; i < LARGE; i++)
		full(pread(large, buffer, PAGE, i * PAGE), PAGE);
	return (ticks() - start) / LARGE;
}

static uint64_t op_read_random(int large)
{
	uint64_t start = ticks();
	unsigned long i;

	for (i = 0; i < LARGE; i++)
		full(pread(large, buffer, PAGE, next_random() % LARGE * PAGE), PAGE);
	return (ticks() - start) / LARGE;
}

static uint64_t op_write(int large)
{
	int fd = open_file(O_RDWR | O_CREAT | O_TRUNC, "small");
	uint64_t start = ticks();
	unsigned long i;

	for (i = 0; i < SMALL; i++)
		full(write(fd, buffer, PAGE), PAGE);
	start = ticks() - start;
	close(fd);
	return start / SMALL;
}

static uint64_t op_overwrite(int large)
{
	int fd = make_small();
	uint64_t start = ticks();
	unsigned long i;

	for (i = 0; i < SMALL; i++)
		full(pwrite(fd, buffer, PAGE, i * PAGE), PAGE);
	start = ticks() - start;
	close(fd);
	return start / SMALL;
}

static uint64_t read_faults(int large)
{
	volatile char *mem = map(NULL, LARGE * PAGE, MAP_SHARED, large);
	uint64_t start = ticks();
	unsigned long i;

	for (i = 0; i < LARGE; i++)
		(void)mem[i * PAGE];
	start = ticks() - start;
	munmap((void *)mem, LARGE * PAGE);
	return start / LARGE;
}

static uint64_t op_read_fault(int large)
{
	uint64_t took;

	write_string(FAULT_AROUND, "4096");
	took = read_faults(large);
	write_string(FAULT_AROUND, "65536");
	return took;
}

static uint64_t op_fault_around(int large)
{
	return read_faults(large);
}

static uint64_t op_write_fault(int large)
{
	int fd = make_small();
	volatile char *mem = map(NULL, SMALL * PAGE, MAP_SHARED, fd);
	uint64_t start = ticks();
	unsigned long i;

	for (i = 0; i < SMALL; i++)
		mem[i * PAGE] = 1;
	start = ticks() - start;
	munmap((void *)mem, SMALL * PAGE);
	close(fd);
	return start / SMALL;
}

/*
 * For what waits for the host: user-mode Linux accounts CPU time by its ticks, but QEMU by
 * instructions, and it lets time jump while the CPU is idle.
 */
static uint64_t busy(void)
{
	struct rusage own, children;

	if (strcmp(getenv("LANE"), "qemu"))
		return ticks();
	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return ((own.ru_utime.tv_sec + own.ru_stime.tv_sec + children.ru_utime.tv_sec +
		 children.ru_stime.tv_sec) * 1000000 +
		own.ru_utime.tv_usec + own.ru_stime.tv_usec + children.ru_utime.tv_usec +
		children.ru_stime.tv_usec) * 1000;
}

static uint64_t op_fork_exec(int large)
{
	uint64_t start = busy();
	int i, status;

	for (i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (!pid) {
			execl(self, self, "nothing", NULL);
			_exit(1);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			errx(1, "fork and exec");
	}
	return (busy() - start) / 10;
}

static uint64_t op_truncate(int large)
{
	int fd = make_small();
	uint64_t start = ticks();

	if (ftruncate(fd, 0))
		err(1, "ftruncate");
	start = ticks() - start;
	close(fd);
	return start / SMALL;
}

static uint64_t op_unlink(int large)
{
	uint64_t start;

	close(make_small());
	start = ticks();
	if (unlink("small"))
		err(1, "unlink");
	return (ticks() - start) / SMALL;
}

static unsigned long cached(int fd)
{
	static unsigned char present[SMALL];
	void *mem = map(NULL, SMALL * PAGE, MAP_SHARED, fd);
	unsigned long i, n = 0;

	if (mincore(mem, SMALL * PAGE, present))
		err(1, "mincore");
	for (i = 0; i < SMALL; i++)
		n += present[i] & 1;
	munmap(mem, SMALL * PAGE);
	return n;
}

static uint64_t op_reclaim(int large)
{
	int fd, reclaim = open_file(O_WRONLY, CGROUP "/memory.reclaim");
	unsigned long before, after;
	uint64_t start;

	write_string(CGROUP "/cgroup.procs", "0");
	fd = make_small();
	write_string(CGROUPS "cgroup.procs", "0");
	before = cached(fd);
	start = ticks();
	if (write(reclaim, "2M", 2) < 0 && errno != EAGAIN)
		err(1, "memory.reclaim");
	start = ticks() - start;
	after = cached(fd);
	close(reclaim);
	close(fd);
	if (before <= after)
		errx(1, "nothing was reclaimed");
	return start / (before - after);
}

static uint64_t op_compile(int large)
{
	uint64_t start = busy();

	if (system("gcc -c compiled.c"))
		errx(1, "gcc");
	return busy() - start;
}

static const struct {
	const char *name;
	uint64_t (*op)(int large);
} operations[] = {
	{ "read, sequential", op_read_seq },
	{ "read, random", op_read_random },
	{ "write", op_write },
	{ "overwrite", op_overwrite },
	{ "read fault", op_read_fault },
	{ "fault-around", op_fault_around },
	{ "shared write fault", op_write_fault },
	{ "fork and exec", op_fork_exec },
	{ "truncate", op_truncate },
	{ "unlink", op_unlink },
	{ "reclaim", op_reclaim },
	{ "compile", op_compile },
};

static int ops(char **args)
{
	unsigned long repeats = strtoul(args[1], NULL, 0), i, n;
	int large;

	write_string(CGROUPS "cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		err(1, "%s", CGROUP);
	if (chdir(args[0]))
		err(1, "%s", args[0]);
	large = open_file(O_RDWR | O_CREAT | O_TRUNC, "large");
	make_pages(large, NULL, LARGE, 2, 0, LARGE);
	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		printf("%s", operations[i].name);
		/* One of them is a program of some length by itself. */
		for (n = 0; n < repeats; n += operations[i].op == op_compile ? 3 : 1)
			printf("\t%.0f", tick_ns() * operations[i].op(large));
		puts("");
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	if (argc == 6 && !strcmp(argv[1], "hold"))
		return hold(argv + 2);
	if (argc == 6 && !strcmp(argv[1], "scan"))
		return scan(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "ops"))
		return ops(argv + 2);
	errx(2, "want hold, scan or ops; see the source");
}
