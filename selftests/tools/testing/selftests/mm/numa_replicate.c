// SPDX-License-Identifier: GPL-2.0
/*
 * Copies of read-only pages of files on NUMA nodes (CONFIG_NUMA_REPLICATE).
 *
 * Where a page is, move_pages(2) says.  A reader is a process that stays on one node and
 * maps the file; all readers keep their mapping while the file is written, truncated and so
 * on, and every word that they read has to be one that the file has.
 *
 * Usage: numa_replicate [-t TEST] [-d SECONDS] DIR, which has to be on a filesystem whose
 * pages may be shared; or numa_replicate -r [-t TEST] FILE, whose first pages are read only.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <linux/elf.h>
#include <linux/hw_breakpoint.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "ksm_file.h"

#define NUMA_DIR	"/sys/kernel/mm/numa_replicate/"
#define PAGES		64
#define MAX_NODES	8
#define PS		psize()

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif
#ifndef MADV_REPLICATE
#define MADV_REPLICATE		26
#define MADV_NOREPLICATE	27
#endif
#ifndef PR_SET_NUMA_REPLICATE
#define PR_SET_NUMA_REPLICATE	0x4e524550
#define PR_GET_NUMA_REPLICATE	0x4e524551
#endif

static struct node {
	int id;
	cpu_set_t cpus;
} nodes[MAX_NODES];
static int nr_nodes;

static char path[512];
static char *given;			/* what is in a file that is only read */
static int seconds = 20;

/* What readers and the test know of each other. */
static struct {
	uint32_t tag[PAGES];			/* what is in the file, 0 for nothing */
	uint32_t done[PAGES];			/* what has been written, all of it */
	uint32_t hole[PAGES];			/* odd while there may be a hole */
	int where[MAX_NODES][PAGES];		/* on which node a reader has a page */
	int stop;
} *shared;

enum { READ, LOOK, WHERE, REMAP, QUIT };

struct reader {
	pid_t pid;
	int cmd;
	int reply;
};

static struct reader readers[MAX_NODES];
static int reader_prot;
static int reader_advice;

static int numa_write(const char *name, const char *text)
{
	char file[512];

	snprintf(file, sizeof(file), NUMA_DIR "%s", name);
	return write_text(file, text);
}

static long numa_get(const char *name)
{
	char file[512], buf[64];

	snprintf(file, sizeof(file), NUMA_DIR "%s", name);
	if (read_text(file, buf, sizeof(buf)))
		ksft_exit_fail_msg("%s: %s\n", file, strerror(errno));
	return strtol(buf, NULL, 0);
}

static void numa_set(const char *name, const char *text)
{
	if (numa_write(name, text))
		ksft_exit_fail_msg("%s = %s: %s\n", name, text, strerror(errno));
}

/* CPUs such as 0-2,5 */
static int parse_cpus(const char *list, cpu_set_t *cpus)
{
	int first, last, n, count = 0;

	CPU_ZERO(cpus);
	while (sscanf(list, "%d%n", &first, &n) == 1) {
		list += n;
		last = first;
		if (sscanf(list, "-%d%n", &last, &n) == 1)
			list += n;
		for (; first <= last; first++, count++)
			CPU_SET(first, cpus);
		if (*list++ != ',')
			break;
	}
	return count;
}

/* Those that have both CPUs and memory */
static void find_nodes(void)
{
	char file[128], buf[256];
	int id;

	for (id = 0; id < 64 && nr_nodes < MAX_NODES; id++) {
		FILE *fp;
		long total = 0;

		snprintf(file, sizeof(file), "/sys/devices/system/node/node%d/cpulist", id);
		if (read_text(file, buf, sizeof(buf)) || !parse_cpus(buf, &nodes[nr_nodes].cpus))
			continue;
		snprintf(file, sizeof(file), "/sys/devices/system/node/node%d/meminfo", id);
		fp = fopen(file, "r");
		if (fp && fscanf(fp, "Node %*d MemTotal: %ld", &total) == 1 && total)
			nodes[nr_nodes++].id = id;
		if (fp)
			fclose(fp);
	}
}

static void run_on(int n)
{
	if (sched_setaffinity(0, sizeof(nodes[n].cpus), &nodes[n].cpus))
		ksft_exit_fail_perror("sched_setaffinity");
}

static void run_anywhere(void)
{
	cpu_set_t all;
	int n;

	CPU_ZERO(&all);
	for (n = 0; n < nr_nodes; n++)
		CPU_OR(&all, &all, &nodes[n].cpus);
	sched_setaffinity(0, sizeof(all), &all);
}

static void fill(uint64_t *page, uint32_t tag)
{
	size_t i;

	for (i = 0; i < PS / sizeof(*page); i++)
		page[i] = word(tag, i);
}

static int write_page(int fd, int i, uint32_t tag)
{
	uint64_t page[PS / sizeof(uint64_t)];

	fill(page, tag);
	shared->tag[i] = tag;
	if (pwrite(fd, page, PS, i * PS) != (ssize_t)PS)
		return -1;
	__atomic_store_n(&shared->done[i], tag, __ATOMIC_RELEASE);
	return 0;
}

/* Pages that wait for others to be put on a list are busy: migration does not wait. */
static int settle(void)
{
	unsigned long node = 1UL << nodes[0].id;

	return syscall(SYS_migrate_pages, 0, sizeof(node) * 8, &node, &node) < 0 ?
	       fail("migrate_pages") : PASS;
}

/* Run on a node, and with no other one's memory; with -1 as before. */
static void stay_on(int n)
{
	const unsigned long bits = sizeof(unsigned long) * 8;
	static unsigned long was;
	static int mode;
	unsigned long mask;

	if (n < 0) {
		run_anywhere();
		if (syscall(SYS_set_mempolicy, mode, &was, bits))
			ksft_exit_fail_perror("set_mempolicy");
		return;
	}
	run_on(n);
	mask = 1UL << nodes[n].id;
	if (syscall(SYS_get_mempolicy, &mode, &was, bits, NULL, 0) ||
	    syscall(SYS_set_mempolicy, MPOL_BIND, &mask, bits))
		ksft_exit_fail_perror("mempolicy");
}

/* A new file whose pages are all on one node; nobody has it open. */
static int make_file_on(int n)
{
	static uint32_t tag;
	char buf[4096];
	int fd, i;

	stay_on(n);
	if (!given) {
		unlink(path);
		fd = open(path, O_RDWR | O_CREAT, 0700);
		if (fd < 0)
			return fail("%s", path);
		for (i = 0; i < PAGES; i++)
			if (write_page(fd, i, ++tag))
				return fail("write");
		if (fsync(fd))
			return fail("fsync");
		close(fd);
	}
	evict();
	fd = open(path, O_RDONLY);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
	stay_on(-1);
	return settle();
}

static int make_file(void)
{
	return make_file_on(0);
}

static char *map_file(int prot)
{
	int fd = open(path, O_RDONLY);
	char *map = mmap(NULL, PAGES * PS, prot, MAP_PRIVATE, fd, 0);

	close(fd);
	return map == MAP_FAILED ? NULL : map;
}

/* All of the file, mapped from a node. */
static char *map_from(int n)
{
	char *map;
	int i;

	run_on(n);
	map = map_file(PROT_READ | PROT_EXEC);
	if (!map)
		ksft_exit_fail_perror("mmap");
	for (i = 0; i < PAGES; i++)
		touch(map + i * PS);
	return map;
}

static bool page_holds(const char *map, int i, uint32_t tag)
{
	const uint64_t *words = (const void *)(map + i * PS);
	size_t j;

	if (given)
		return !memcmp(map + i * PS, given + i * PS, PS);
	for (j = 0; j < PS / sizeof(uint64_t); j++)
		if (__atomic_load_n(words + j, __ATOMIC_RELAXED) != word(tag, j))
			return false;
	return true;
}

/* Where the pages of a mapping are; -1 is nowhere. */
static int page_nodes(char *map, int *where)
{
	void *addr[PAGES];
	int i;

	for (i = 0; i < PAGES; i++) {
		addr[i] = map + i * PS;
		where[i] = -1;
	}
	return syscall(SYS_move_pages, 0, PAGES, addr, NULL, where, 0);
}

static void reader_main(int n, int cmd, int reply)
{
	char *map = NULL;
	char what, ret;
	int i;

	run_on(n);
	while (read(cmd, &what, 1) == 1 && what != QUIT) {
		ret = PASS;
		if (what == REMAP || !map) {
			if (map)
				munmap(map, PAGES * PS);
			map = map_file(reader_prot);
			if (!map || (reader_advice && madvise(map, PAGES * PS, reader_advice)))
				_exit(1);
		}
		for (i = 0; i < PAGES && what != LOOK; i++)
			if (!page_holds(map, i, shared->tag[i]))
				ret = FAIL;
		if ((what == WHERE || what == LOOK) && page_nodes(map, shared->where[n]))
			ret = FAIL;
		if (write(reply, &ret, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void start_readers(int prot)
{
	int n;

	reader_prot = prot;
	for (n = 0; n < nr_nodes; n++) {
		int cmd[2], reply[2];

		if (pipe(cmd) || pipe(reply))
			ksft_exit_fail_perror("pipe");
		readers[n].pid = fork();
		if (!readers[n].pid) {
			close(cmd[1]);
			reader_main(n, cmd[0], reply[1]);
		}
		close(cmd[0]);
		close(reply[1]);
		readers[n].cmd = cmd[1];
		readers[n].reply = reply[0];
	}
}

/* Let one of them do something; only one, for a busy page gets no replica. */
static int ask(int n, char what)
{
	char ret = FAIL;

	if (write(readers[n].cmd, &what, 1) != 1 || read(readers[n].reply, &ret, 1) != 1)
		return fail("the reader on node %d is gone", nodes[n].id);
	return ret ? fail("the reader on node %d reads what is not there", nodes[n].id) : PASS;
}

static int ask_all(char what)
{
	int n, ret = PASS;

	for (n = 0; n < nr_nodes; n++)
		ret = ask(n, what) || ret;
	return ret;
}

static void stop_readers(void)
{
	int n;

	for (n = 0; n < nr_nodes; n++) {
		char what = QUIT;

		if (!readers[n].pid)
			continue;
		if (write(readers[n].cmd, &what, 1) != 1)
			kill(readers[n].pid, SIGKILL);
		waitpid(readers[n].pid, NULL, 0);
		close(readers[n].cmd);
		close(readers[n].reply);
		readers[n].pid = 0;
	}
}

/* How many of a reader's pages are on its own node, as it said last? */
static int near(int n)
{
	int i, count = 0;

	for (i = 0; i < PAGES; i++)
		count += shared->where[n][i] == nodes[n].id;
	return count;
}

static int expect_near(int first, int count)
{
	int n;

	for (n = first; n < nr_nodes; n++)
		if (near(n) != count)
			return fail("node %d: %d of %d pages are near, not %d", nodes[n].id,
				    near(n), PAGES, count);
	return PASS;
}

/* Nothing is replicated, and the file is on the first node; from now on it may be. */
static int start_afresh(const char *mode)
{
	numa_set("enabled", "never");
	numa_set("max_percent", "50");
	numa_set("min_faults", "1");
	if (make_file())
		return FAIL;
	numa_set("enabled", mode);
	return PASS;
}

/* The same, with readers that map the file anew. */
static int start(const char *mode, int prot)
{
	if (start_afresh(mode))
		return FAIL;
	start_readers(prot);
	return ask_all(WHERE);
}

static int expect_replicas(long want)
{
	long have = numa_get("replicas");

	return have == want ? PASS : fail("%ld replicas, not %ld", have, want);
}

/* All replicas of the file, and no others. */
#define ALL	((nr_nodes - 1) * PAGES)

static int test_off(void)
{
	if (start("never", PROT_READ | PROT_EXEC) || expect_replicas(0))
		return FAIL;
	return near(0) != PAGES ? fail("the first node has %d pages", near(0)) :
				  expect_near(1, 0);
}

static int test_exec(void)
{
	long created = numa_get("created");

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES) ||
	    expect_replicas(ALL))
		return FAIL;
	created = numa_get("created") - created;
	if (created != ALL)
		return fail("%ld were created", created);
	/* Who comes later maps them. */
	if (ask_all(REMAP) || ask_all(WHERE) || expect_near(0, PAGES))
		return FAIL;
	return expect_replicas(ALL);
}

static int test_modes(void)
{
	if (start("exec", PROT_READ) || expect_near(1, 0) || expect_replicas(0))
		return FAIL;
	stop_readers();
	if (start("madvise", PROT_READ | PROT_EXEC) || expect_near(1, 0))
		return FAIL;
	stop_readers();
	if (start("always", PROT_READ) || expect_near(0, PAGES) || expect_replicas(ALL))
		return FAIL;
	numa_set("enabled", "never");
	if (expect_replicas(0) || ask_all(WHERE) || expect_near(1, 0))
		return FAIL;
	return PASS;
}

/* Who asks gets replicas, and nobody else. */
static int test_advice(void)
{
	char *anon = mmap(NULL, PS, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int on, ret;
	pid_t pid;

	if (madvise(anon, PS, MADV_REPLICATE) != -1 || errno != EINVAL ||
	    !prctl(PR_SET_NUMA_REPLICATE, 2, 0, 0, 0) ||
	    !prctl(PR_SET_NUMA_REPLICATE, 1, 1, 0, 0) ||
	    prctl(PR_GET_NUMA_REPLICATE, 0, 0, 0, 0))
		return fail("nonsense is taken");
	munmap(anon, PS);
	reader_advice = MADV_REPLICATE;
	ret = start("madvise", PROT_READ);
	reader_advice = MADV_NOREPLICATE;
	if (ret || expect_near(0, PAGES) || expect_replicas(ALL))
		return FAIL;
	stop_readers();
	ret = start("madvise", PROT_READ);
	reader_advice = 0;
	if (ret || expect_near(1, 0) || expect_replicas(0))
		return FAIL;
	stop_readers();

	/* Their children have it from this process. */
	if (prctl(PR_SET_NUMA_REPLICATE, 1, 0, 0, 0))
		return fail("PR_SET_NUMA_REPLICATE");
	ret = start("madvise", PROT_READ) || expect_near(0, PAGES) || expect_replicas(ALL);
	pid = fork();
	if (!pid)
		_exit(prctl(PR_GET_NUMA_REPLICATE, 0, 0, 0, 0));
	if (waitpid(pid, &on, 0) != pid || !WIFEXITED(on) || WEXITSTATUS(on) != 1)
		ret = fail("PR_GET_NUMA_REPLICATE");
	if (prctl(PR_SET_NUMA_REPLICATE, 0, 0, 0, 0))
		return fail("PR_SET_NUMA_REPLICATE");
	return ret;
}

static int as_nobody(void)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return fail("setuid");
	return refused(NUMA_DIR);
}

static int test_knobs(void)
{
	static const char * const bad[][2] = {
		{ "enabled", "sometimes" }, { "enabled", "" }, { "max_percent", "101" },
		{ "max_percent", "-1" }, { "max_percent", "x" }, { "min_faults", "0" },
		{ "min_faults", "256" }, { "min_faults", "" },
	};
	char state[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		/* An empty write does not reach a file in sysfs. */
		if (numa_write(bad[i][0], *bad[i][1] ? bad[i][1] : "\n") != -1 || errno != EINVAL)
			return fail("%s = %s", bad[i][0], bad[i][1]);
	}
	numa_set("enabled", "exec");
	if (read_text(NUMA_DIR "enabled", state, sizeof(state)) ||
	    strcmp(state, "always [exec] madvise never"))
		return fail("enabled is %s", state);
	if (read_text(NUMA_DIR "state", state, sizeof(state)) || strcmp(state, "on"))
		return fail("state is %s", state);
	return in_child(as_nobody);
}

static int test_min_faults(void)
{
	int n;

	numa_set("enabled", "never");
	if (make_file())
		return FAIL;
	numa_set("min_faults", "3");
	numa_set("enabled", "exec");
	start_readers(PROT_READ | PROT_EXEC);
	for (n = 0; n < 2; n++)
		if (ask(1, REMAP) || ask(1, WHERE) || near(1))
			return fail("%d pages are near after %d faults", near(1), n + 1);
	if (ask(1, REMAP) || ask(1, WHERE) || near(1) != PAGES)
		return fail("%d pages are near after 3 faults", near(1));
	return PASS;
}

/* What all have mapped is written to, and all see it at once. */
static int write_mapped(bool by_map)
{
	long dropped = numa_get("dropped_write");
	int fd = open(path, O_RDWR), i, ret = PASS;
	char *map;

	if (fd < 0)
		return fail("%s", path);
	map = mmap(NULL, PAGES * PS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return fail("mmap");
	for (i = 0; i < PAGES && !ret; i++) {
		uint32_t tag = shared->tag[i] + 1000000;

		if (by_map) {
			shared->tag[i] = tag;
			fill((uint64_t *)(map + i * PS), tag);
		} else if (write_page(fd, i, tag)) {
			ret = fail("write");
		}
		if (!ret && (i < 2 || i == PAGES - 1))
			ret = ask_all(READ);
	}
	munmap(map, PAGES * PS);
	close(fd);
	dropped = numa_get("dropped_write") - dropped;
	if (!ret && dropped != ALL)
		ret = fail("%ld were dropped", dropped);
	return ret || expect_replicas(0) || ask_all(WHERE);
}

/* A file that was written once gets replicas again, once it is clean. */
static int expect_again(void)
{
	sync();
	return ask_all(REMAP) || ask_all(REMAP) || ask_all(WHERE) || expect_near(0, PAGES);
}

static int test_write(void)
{
	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES) || write_mapped(false))
		return FAIL;
	return expect_again();
}

static int test_write_map(void)
{
	return start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES) ||
	       write_mapped(true);
}

/* What is written again and again stays one copy. */
static int test_thrash(void)
{
	int round;

	if (start("exec", PROT_READ | PROT_EXEC))
		return FAIL;
	for (round = 0; round < 6; round++) {
		int fd = open(path, O_RDWR), i;

		for (i = 0; i < PAGES; i++)
			if (write_page(fd, i, shared->tag[i] + 1))
				return fail("write");
		fsync(fd);
		close(fd);
		/* As many as it takes, which all have to be within a minute or two. */
		for (i = 0; i < 10; i++)
			if (ask(1, REMAP))
				return FAIL;
	}
	if (ask(1, WHERE))
		return FAIL;
	/* Some may share a counter, but not many. */
	return near(1) > PAGES / 8 ? fail("%d pages are near", near(1)) : PASS;
}

static int test_truncate(void)
{
	long dropped;
	int i;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	dropped = numa_get("dropped_truncate");
	/* In the middle of a page; the rest of it reads as zeroes. */
	if (truncate(path, PS * PAGES / 2) || truncate(path, PS * PAGES))
		return fail("truncate");
	for (i = PAGES / 2; i < PAGES; i++)
		shared->tag[i] = 0;
	if (ask_all(READ))
		return FAIL;
	dropped = numa_get("dropped_truncate") - dropped;
	if (dropped != ALL / 2)
		return fail("%ld were dropped", dropped);
	return PASS;
}

/* An upgrade in place: the file is emptied and written anew while all run it. */
static int test_upgrade(void)
{
	int fd, i;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	fd = open(path, O_RDWR | O_TRUNC);
	if (fd < 0 || expect_replicas(0))
		return FAIL;
	for (i = 0; i < PAGES; i++)
		if (write_page(fd, i, shared->tag[i] + 5000000))
			return fail("write");
	close(fd);
	if (ask_all(READ))
		return FAIL;
	return expect_again();
}

static int test_cap(void)
{
	long refused, dropped;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	refused = numa_get("refused");
	dropped = numa_get("dropped_cap");
	numa_set("max_percent", "0");
	if (expect_replicas(0) || numa_get("dropped_cap") - dropped != ALL)
		return fail("%ld were dropped", numa_get("dropped_cap") - dropped);
	if (ask_all(REMAP) || ask_all(WHERE) || expect_near(1, 0) || expect_replicas(0))
		return FAIL;
	if (numa_get("refused") == refused)
		return fail("none was refused");
	return PASS;
}

/* Who may not have memory of a node gets no copies there. */
static int test_bind(void)
{
	unsigned long mask = 1UL << nodes[0].id;
	int ret;

	if (syscall(SYS_set_mempolicy, MPOL_BIND, &mask, sizeof(mask) * 8))
		return fail("set_mempolicy");
	ret = start("exec", PROT_READ | PROT_EXEC);
	syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
	if (ret || expect_near(1, 0) || expect_replicas(0))
		return FAIL;
	stop_readers();
	/* But maps those that are there. */
	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	return PASS;
}

/* The same for a cpuset. */
static int test_cpuset(void)
{
	char text[16];
	int ret;

	snprintf(text, sizeof(text), "%d", nodes[0].id);
	if (write_text(CGROUPS "cgroup.subtree_control", "+cpuset") ||
	    mkdir(CGROUP, 0700) ||
	    write_text(CGROUP "cpuset.mems", text) ||
	    write_text(CGROUP "cgroup.procs", "0"))
		return fail("cpuset");
	ret = start("exec", PROT_READ | PROT_EXEC);
	stop_readers();
	if (write_text(CGROUPS "cgroup.procs", "0") || rmdir(CGROUP) ||
	    write_text(CGROUPS "cgroup.subtree_control", "-cpuset"))
		return fail("cpuset");
	return ret || expect_near(1, 0) || expect_replicas(0);
}

/* Who writes to a private mapping has a page of his own, and nobody else notices. */
static int test_private(void)
{
	char *map;
	int i, ret = PASS;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	map = map_from(nr_nodes - 1);
	if (mprotect(map, PAGES * PS, PROT_READ | PROT_WRITE))
		return fail("mprotect");
	for (i = 0; i < PAGES; i += 2)
		fill((uint64_t *)(map + i * PS), 1);
	for (i = 0; i < PAGES && !ret; i++)
		if (!page_holds(map, i, i % 2 ? shared->tag[i] : 1))
			ret = fail("page %d", i);
	map = mremap(map, PAGES * PS, PAGES * PS, MREMAP_MAYMOVE | MREMAP_FIXED,
		     map + 4 * PAGES * PS);
	for (i = 0; i < PAGES && !ret; i++)
		if (map == MAP_FAILED || !page_holds(map, i, i % 2 ? shared->tag[i] : 1))
			ret = fail("page %d after mremap", i);
	munmap(map, PAGES * PS);
	run_anywhere();
	return ret || ask_all(WHERE) || expect_near(0, PAGES) || expect_replicas(ALL);
}

static long node_replicas(int n)
{
	char buf[256], key[16], *at;

	if (read_text(NUMA_DIR "node_replicas", buf, sizeof(buf)))
		ksft_exit_fail_perror("node_replicas");
	snprintf(key, sizeof(key), "N%d=", nodes[n].id);
	at = strstr(buf, key);
	if (!at)
		ksft_exit_fail_msg("%s is not in %s\n", key, buf);
	return strtol(at + strlen(key), NULL, 0);
}

#define OTHER_PAGES	16384

/* How many pages of another file are in the cache? */
static int resident(char *map)
{
	static unsigned char there[OTHER_PAGES];
	int i, count = 0;

	if (mincore(map, OTHER_PAGES * PS, there))
		ksft_exit_fail_perror("mincore");
	for (i = 0; i < OTHER_PAGES; i++)
		count += there[i] & 1;
	return count;
}

/* Memory of one node, until it is short.  Who takes it gives it back by exiting. */
static void press(int n, char *map)
{
	unsigned long mask = 1UL << nodes[n].id;
	const size_t step = 1 << 20;

	write_text("/proc/self/oom_score_adj", "1000");
	if (syscall(SYS_set_mempolicy, MPOL_BIND, &mask, sizeof(mask) * 8))
		_exit(1);
	while (resident(map) == OTHER_PAGES && node_replicas(n) > PAGES / 8)
		if (mmap(NULL, step, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
			_exit(2);
	_exit(0);
}

/* Reclaim on a node takes its replicas before it takes the rest of the cache. */
static int test_reclaim(void)
{
	char other[600], *map;
	int fd, i, left, status;
	long dropped;
	pid_t pid;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	/* Holes of another file, on the second node. */
	snprintf(other, sizeof(other), "%s.b", path);
	fd = open(other, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, OTHER_PAGES * PS))
		return fail("%s", other);
	unlink(other);
	map = mmap(NULL, OTHER_PAGES * PS, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return fail("mmap");
	run_on(1);
	for (i = 0; i < OTHER_PAGES; i++)
		touch(map + i * PS);
	run_anywhere();
	/* The first replica has unmapped the page. */
	if (ask_all(READ))
		return FAIL;
	dropped = numa_get("dropped_reclaim");
	pid = fork();
	if (!pid)
		press(1, map);
	if (waitpid(pid, &status, 0) != pid || status)
		return fail("pressure: status 0x%x", status);
	left = resident(map);
	munmap(map, OTHER_PAGES * PS);
	/* Who used them looks elsewhere, and nobody else has to. */
	if (ask_all(LOOK) || near(1) > PAGES / 8 || near(0) != PAGES ||
	    expect_near(2, PAGES))
		return fail("%d and %d pages are near", near(0), near(1));
	dropped = numa_get("dropped_reclaim") - dropped;
	ksft_print_msg("reclaim: %ld of %d replicas dropped, %d of %d other pages left\n", dropped,
		       PAGES, left, OTHER_PAGES);
	if (dropped < PAGES * 7 / 8 || left < OTHER_PAGES / 2)
		return fail("%ld replicas", numa_get("replicas"));
	return ask_all(READ);
}

/* The page of one reader on another node fails; he and all others go on. */
static int test_failure(int advice)
{
	int i, ret = PASS;
	char *map;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	/* Not on the last one: what lost a page does not come back when it was offline. */
	map = map_from(1);
	/* As the CPU would: this one does not map it. */
	if (madvise(map + 3 * PS, PS, advice))
		ret = errno == EINVAL ? skip("advice %d", advice) : fail("advice %d", advice);
	for (i = 0; i < PAGES && !ret; i++)
		if (!page_holds(map, i, shared->tag[i]))
			ret = fail("page %d", i);
	munmap(map, PAGES * PS);
	run_anywhere();
	return ret ?: ask_all(READ);
}

static int test_hwpoison(void)
{
	long dropped = numa_get("dropped_other");
	int ret = test_failure(MADV_HWPOISON);

	if (!ret && numa_get("dropped_other") - dropped != 1)
		return fail("%ld were dropped", numa_get("dropped_other") - dropped);
	return ret;
}

/* The page itself fails, of which others have replicas. */
static int test_hwpoison_page(void)
{
	int n, status, ret = PASS;
	pid_t pid;
	char *map;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	run_on(0);
	map = map_file(PROT_READ);
	pid = fork();
	if (!pid) {
		touch(map + 3 * PS);
		_exit(madvise(map + 3 * PS, PS, MADV_HWPOISON) ? errno : 0);
	}
	munmap(map, PAGES * PS);
	run_anywhere();
	if (waitpid(pid, &status, 0) != pid)
		return fail("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == EINVAL)
		return skip("MADV_HWPOISON");
	if (expect_replicas(ALL - (nr_nodes - 1)))
		return FAIL;
	if (!on_tmpfs(path))
		return ask_all(READ);
	/* Nobody has the content any more. */
	for (n = 0; n < nr_nodes; n++) {
		const char what = READ;

		if (write(readers[n].cmd, &what, 1) != 1 ||
		    waitpid(readers[n].pid, &status, 0) != readers[n].pid ||
		    !WIFSIGNALED(status) || WTERMSIG(status) != SIGBUS)
			ret = fail("node %d: status 0x%x, not SIGBUS", nodes[n].id, status);
		close(readers[n].cmd);
		close(readers[n].reply);
		readers[n].pid = 0;
	}
	return ret;
}

static int test_soft_offline(void)
{
	return test_failure(MADV_SOFT_OFFLINE);
}

/* Pages of a process move to another node, and are what they were. */
static int test_migrate(void)
{
	unsigned long from = 1UL << nodes[nr_nodes - 1].id, to = 1UL << nodes[0].id;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	if (syscall(SYS_migrate_pages, readers[nr_nodes - 1].pid, sizeof(from) * 8, &from, &to) < 0)
		return fail("migrate_pages");
	/* What is of no use elsewhere goes, and comes again. */
	if (expect_replicas(ALL - PAGES) || ask_all(READ) || ask_all(WHERE) ||
	    expect_near(0, PAGES) || expect_replicas(ALL))
		return FAIL;
	if (write_text("/proc/sys/vm/compact_memory", "1"))
		return fail("compact_memory");
	return ask_all(READ) || write_mapped(false);
}

/* Two files of equal content have one copy on each node between them. */
static int test_merged(void)
{
	uint64_t page[PS / sizeof(uint64_t)];
	char other[600], *a, *b;
	int fd, i, ret = PASS;

	if (start("never", PROT_READ | PROT_EXEC))
		return FAIL;
	stop_readers();
	snprintf(other, sizeof(other), "%s.b", path);
	fd = open(other, O_RDWR | O_CREAT, 0600);
	for (i = 0; i < PAGES; i++) {
		fill(page, shared->tag[i]);
		if (pwrite(fd, page, PS, i * PS) != (ssize_t)PS)
			return fail("write");
	}
	fsync(fd);
	close(fd);
	ksm_mode("always");
	ksm_set("pages_to_scan", 10000);
	ksm_set("sleep_millisecs", 10);
	ksm_set("run", 1);
	for (i = 0; i < seconds * 10 && ksm_get("file_pages_sharing") < PAGES; i++)
		usleep(100000);
	ksm_set("run", 0);
	if (ksm_get("file_pages_sharing") < PAGES)
		ret = fail("%ld pages are merged", ksm_get("file_pages_sharing"));
	numa_set("enabled", "exec");
	start_readers(PROT_READ | PROT_EXEC);
	if (!ret && (ask_all(WHERE) || expect_near(0, PAGES)))
		ret = FAIL;
	run_on(nr_nodes - 1);
	a = map_file(PROT_READ | PROT_EXEC);
	fd = open(other, O_RDONLY);
	b = mmap(NULL, PAGES * PS, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	for (i = 0; i < PAGES && !ret; i++)
		if (pfn_at(a + i * PS) != pfn_at(b + i * PS))
			ret = fail("page %d has two copies on one node", i);
	/* Who writes to one of them leaves the replica to the other. */
	fd = open(other, O_RDWR);
	fill(page, 42);
	if (!ret && pwrite(fd, page, PS, 0) != (ssize_t)PS)
		ret = fail("write");
	close(fd);
	if (!ret && (!page_holds(b, 0, 42) || !page_holds(a, 0, shared->tag[0])))
		ret = fail("the write is not seen, or is seen by both");
	if (!ret)
		ret = ask_all(WHERE) || expect_near(0, PAGES);
	munmap(a, PAGES * PS);
	munmap(b, PAGES * PS);
	run_anywhere();
	ksm_mode("never");
	ksm_set("run", 2);
	ksm_set("run", 0);
	unlink(other);
	/* What was merged is not any more, but is replicated as it was. */
	return ret || expect_replicas(ALL) || ask_all(READ) || write_mapped(false);
}

/* What is mapped far is found by NUMA balancing, which looks once a second at first. */
static int test_hint(void)
{
	long end = now_ms() + 1000 * seconds;
	int i, ret = PASS;

	if (write_text("/proc/sys/kernel/numa_balancing", "1"))
		return skip("numa_balancing");
	if (start("never", PROT_READ | PROT_EXEC) || expect_near(1, 0))
		ret = FAIL;
	numa_set("enabled", "exec");
	while (!ret && near(1) < PAGES && now_ms() < end)
		ret = ask(1, WHERE);
	if (!ret && near(1) < PAGES)
		ret = fail("%d of %d pages are near", near(1), PAGES);
	/* Who comes from another node finds what is there. */
	if (!ret && sched_setaffinity(readers[0].pid, sizeof(nodes[1].cpus), &nodes[1].cpus))
		ret = fail("sched_setaffinity");
	for (i = 0, end += 1000 * seconds; !ret && i < PAGES && now_ms() < end;) {
		ret = ask(0, WHERE);
		for (i = 0; i < PAGES && shared->where[0][i] == nodes[1].id; i++)
			;
	}
	if (!ret && i < PAGES)
		ret = fail("page %d is on node %d", i, shared->where[0][i]);
	write_text("/proc/sys/kernel/numa_balancing", "0");
	return ret;
}

struct hinted {
	pthread_t thread;
	char *map;
	int n;
	bool stop;
};

static void *hinted_reader(void *arg)
{
	struct hinted *h = arg;
	int i;

	run_on(h->n);
	while (!__atomic_load_n(&h->stop, __ATOMIC_ACQUIRE))
		for (i = 0; i < PAGES; i++)
			touch(h->map + i * PS);
	return NULL;
}

/* Hints for threads that read on other nodes, while one writes to its private mapping. */
static int test_hint_private(void)
{
	static const char * const knobs[][2] = {
		{ "/sys/kernel/debug/sched/numa_balancing/scan_period_min_ms", "5" },
		{ "/sys/kernel/debug/sched/numa_balancing/scan_period_max_ms", "5" },
		{ "/sys/kernel/debug/sched/numa_balancing/scan_delay_ms", "0" },
		{ "/proc/sys/kernel/numa_balancing", "1" },
	};
	long end = now_ms() + 1000 * seconds;
	struct hinted readers[MAX_NODES];
	char was[ARRAY_SIZE(knobs)][32];
	int i, n, rounds, ret = PASS;
	char *map;

	/* The first fault maps what is far, so that there is something to hint at. */
	numa_set("enabled", "never");
	numa_set("min_faults", "255");
	if (make_file())
		return FAIL;
	numa_set("enabled", "always");
	for (i = 0; i < (int)ARRAY_SIZE(knobs); i++)
		if (read_text(knobs[i][0], was[i], sizeof(was[i])) ||
		    write_text(knobs[i][0], knobs[i][1]))
			return fail("%s", knobs[i][0]);
	map = map_file(PROT_READ | PROT_WRITE);
	if (!map)
		return fail("mmap");
	for (n = 1; n < nr_nodes; n++) {
		readers[n] = (struct hinted) { .map = map, .n = n };
		if (pthread_create(&readers[n].thread, NULL, hinted_reader, readers + n))
			ksft_exit_fail_perror("pthread_create");
	}
	run_on(0);
	for (rounds = 0; !ret && now_ms() < end; rounds++) {
		const uint32_t tag = 7000000 + rounds;

		if (madvise(map, PAGES * PS, MADV_DONTNEED))
			ret = fail("MADV_DONTNEED");
		for (i = 0; i < PAGES && !ret; i++)
			if (!page_holds(map, i, shared->tag[i]))
				ret = fail("page %d of the file in round %d", i, rounds);
		for (i = 0; i < PAGES && !ret; i++)
			fill((uint64_t *)(map + i * PS), tag);
		for (i = 0; i < PAGES && !ret; i++)
			if (!page_holds(map, i, tag))
				ret = fail("page %d of the mapping in round %d", i, rounds);
	}
	for (n = 1; n < nr_nodes; n++) {
		__atomic_store_n(&readers[n].stop, true, __ATOMIC_RELEASE);
		pthread_join(readers[n].thread, NULL);
	}
	munmap(map, PAGES * PS);
	run_anywhere();
	for (i = ARRAY_SIZE(knobs); i--;)
		write_text(knobs[i][0], was[i]);
	write_text("/proc/sys/kernel/numa_balancing", "0");
	ksft_print_msg("hints: %d rounds\n", rounds);
	return ret;
}

/* Text of which each page is a function, and, from LOOP on, another one that takes its time. */
#define LOOP	64

struct text {
	char name[600];
	char page[4096];
	char *maps[MAX_NODES];
};

static void call(const struct text *text, int n, size_t at)
{
	((void (*)(void))(text->maps[n] + at))();
}

static void call_all(const struct text *text, int n)
{
	int i;

	run_on(n);
	for (i = 0; i < PAGES; i++)
		call(text, n, i * PS);
}

/* Each node maps it, and has run it. */
static int start_text(struct text *text)
{
	static const char loop[] = "\xb9\x00\x00\x01\x00\xff\xc9\x75\xfc\xc3";
	int fd, i, n;

	numa_set("enabled", "never");
	numa_set("min_faults", "1");
	snprintf(text->name, sizeof(text->name), "%s.text", path);
	unlink(text->name);
	fd = open(text->name, O_RDWR | O_CREAT, 0700);
	memset(text->page, 0xc3, sizeof(text->page));	/* ret */
	memcpy(text->page + LOOP, loop, sizeof(loop) - 1);
	stay_on(0);
	for (i = 0; i < PAGES; i++)
		if (fd < 0 || write(fd, text->page, PS) != (ssize_t)PS)
			return fail("%s", text->name);
	if (fsync(fd))
		return fail("fsync");
	close(fd);
	stay_on(-1);
	if (settle())
		return FAIL;
	numa_set("enabled", "exec");
	fd = open(text->name, O_RDONLY);
	for (n = 0; n < nr_nodes; n++) {
		text->maps[n] = mmap(NULL, PAGES * PS, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
		if (text->maps[n] == MAP_FAILED)
			return fail("mmap");
		call_all(text, n);
	}
	close(fd);
	/* The first replica has unmapped the page. */
	for (n = 0; n < nr_nodes; n++)
		call_all(text, n);
	return PASS;
}

/* But for page @but, or none with -1, all is near to a node. */
static int text_near(const struct text *text, int n, int but)
{
	int i, where[PAGES], ret = PASS;

	if (page_nodes(text->maps[n], where))
		return fail("move_pages");
	for (i = 0; i < PAGES; i++)
		if (i != but && where[i] != nodes[n].id)
			ret = fail("node %d: page %d is on node %d", nodes[n].id, i, where[i]);
	return ret;
}

static int end_text(struct text *text)
{
	int i, n, ret = PASS;

	for (n = 0; n < nr_nodes; n++) {
		for (i = 0; i < PAGES; i++)
			if (memcmp(text->maps[n] + i * PS, text->page, PS))
				ret = fail("node %d: page %d is not what it was", nodes[n].id, i);
		munmap(text->maps[n], PAGES * PS);
	}
	run_anywhere();
	unlink(text->name);
	return ret;
}

#define TRACING	"/sys/kernel/tracing/"
#define PROBE	"numa_replicate"

/* A probe fires on every node, and the rest of the text stays near. */
static int test_uprobe(void)
{
	struct text text;
	char line[700];
	int i, n, ret = PASS;
	long hits = -1;
	FILE *fp;

	if (start_text(&text))
		return FAIL;
	snprintf(line, sizeof(line), "p:" PROBE "/hit %s:%#x", text.name, 3 * PS + 16);
	if (write_text(TRACING "uprobe_events", line) ||
	    write_text(TRACING "events/" PROBE "/hit/enable", "1"))
		return fail("uprobe_events");
	for (n = 0; n < nr_nodes; n++) {
		run_on(n);
		for (i = 0; i < PAGES; i++)
			call(&text, n, i * PS + 16);
		ret = text_near(&text, n, 3) || ret;
	}
	fp = fopen(TRACING "uprobe_profile", "r");
	if (!fp || fscanf(fp, "%*s %*s %ld", &hits) != 1 || hits != nr_nodes)
		ret = fail("%ld hits, not %d", hits, nr_nodes);
	if (fp)
		fclose(fp);
	if (write_text(TRACING "events/" PROBE "/hit/enable", "0") ||
	    write_text(TRACING "uprobe_events", "-:" PROBE "/hit"))
		return fail("uprobe_events");
	return end_text(&text) || ret;
}

static int perf_open(struct perf_event_attr *attr)
{
	attr->size = sizeof(*attr);
	attr->exclude_kernel = 1;
	return syscall(SYS_perf_event_open, attr, 0, -1, -1, 0);
}

/* A breakpoint belongs to an address, whatever page is there. */
static int test_breakpoint(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.bp_type = HW_BREAKPOINT_X,
		.bp_len = sizeof(long),
	};
	struct text text;
	int fd, i, n, ret = PASS;
	uint64_t hits;

	if (start_text(&text))
		return FAIL;
	for (n = 0; n < nr_nodes; n++) {
		run_on(n);
		attr.bp_addr = (unsigned long)text.maps[n] + 3 * PS + 16;
		fd = perf_open(&attr);
		for (i = 0; i < PAGES; i++)
			call(&text, n, i * PS + 16);
		if (fd < 0 || read(fd, &hits, sizeof(hits)) != sizeof(hits) || hits != 1)
			ret = fail("node %d: not hit once", nodes[n].id);
		close(fd);
		ret = text_near(&text, n, -1) || ret;
	}
	return end_text(&text) || ret;
}

/* A debugger's breakpoint is its process's own, who runs on the last node. */
static int test_ptrace(void)
{
	struct text text;
	int n, status, ret = PASS;
	pid_t pid;
	long was;

	if (start_text(&text))
		return FAIL;
	n = nr_nodes - 1;
	pid = fork();
	if (!pid) {
		call_all(&text, n);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		call(&text, n, 3 * PS + 16);
		_exit(text_near(&text, n, 3));
	}
	waitpid(pid, &status, 0);
	was = ptrace(PTRACE_PEEKTEXT, pid, text.maps[n] + 3 * PS + 16, NULL);
	if (ptrace(PTRACE_POKETEXT, pid, text.maps[n] + 3 * PS + 16, (was & ~0xffL) | 0xcc) ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid ||
	    !WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
		ret = fail("no breakpoint");
	for (n = 0; n < nr_nodes; n++) {
		run_on(n);
		call(&text, n, 3 * PS + 16);
		ret = text_near(&text, n, -1) || ret;
	}
	/* After a breakpoint it returns, as the instruction there would. */
	if (ptrace(PTRACE_POKETEXT, pid, text.maps[nr_nodes - 1] + 3 * PS + 16, was) ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid || status)
		ret = fail("status 0x%x", status);
	return end_text(&text) || ret;
}

#define RING	8	/* pages */

/* perf finds the time where it is spent. */
static int test_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 100000,
		.sample_type = PERF_SAMPLE_IP,
	};
	struct text text;
	int fd, n, ret = PASS;

	if (start_text(&text))
		return FAIL;
	for (n = 0; n < nr_nodes; n++) {
		const unsigned long from = (unsigned long)text.maps[n] + 5 * PS + LOOP;
		long end = now_ms() + 200;
		const struct perf_event_mmap_page *head;
		unsigned long at;
		int found = 0;

		run_on(n);
		fd = perf_open(&attr);
		head = mmap(NULL, (1 + RING) * PS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (head == MAP_FAILED)
			return fail("perf");
		while (now_ms() < end)
			call(&text, n, 5 * PS + LOOP);
		for (at = 0; at < head->data_head && at < RING * PS;) {
			const struct {
				struct perf_event_header head;
				uint64_t ip;
			} *sample = (void *)((char *)head + PS + at);

			found += sample->head.type == PERF_RECORD_SAMPLE &&
				 sample->ip >= from && sample->ip < from + 10;
			at += sample->head.size;
		}
		if (!found)
			ret = fail("node %d: no samples", nodes[n].id);
		munmap((void *)head, (1 + RING) * PS);
		close(fd);
		ret = text_near(&text, n, -1) || ret;
	}
	return end_text(&text) || ret;
}

/* Does a core file have this at an address? */
static bool core_holds(const char *core, unsigned long addr, const char *what, size_t n)
{
	int fd = open(core, O_RDONLY), i;
	bool found = false;
	char buf[n];
	struct elf64_hdr file;
	struct elf64_phdr part;

	if (fd < 0 || pread(fd, &file, sizeof(file), 0) != sizeof(file))
		return false;
	for (i = 0; i < file.e_phnum && !found; i++)
		found = pread(fd, &part, sizeof(part), file.e_phoff + i * sizeof(part)) ==
				sizeof(part) &&
			part.p_type == PT_LOAD && part.p_vaddr == addr &&
			pread(fd, buf, n, part.p_offset) == (ssize_t)n && !memcmp(buf, what, n);
	close(fd);
	return found;
}

/* What others see of a process on another node: its memory, and its core. */
static int test_core_dump(void)
{
	const struct rlimit lim = { RLIM_INFINITY, RLIM_INFINITY };
	char core[64], pattern[256], name[64], buf[PAGES * PS], *map, *far;
	struct iovec local = { buf, sizeof(buf) }, remote = { NULL, sizeof(buf) };
	int fd, status, told[2], ret = PASS;
	pid_t pid;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES) || pipe(told))
		return FAIL;
	snprintf(core, sizeof(core), "/tmp/numa_replicate.core");
	if (read_text("/proc/sys/kernel/core_pattern", pattern, sizeof(pattern)) ||
	    write_text("/proc/sys/kernel/core_pattern", core))
		return fail("core_pattern");
	run_on(0);
	map = map_file(PROT_READ);
	pid = fork();
	if (!pid) {
		far = map_from(nr_nodes - 1);
		setrlimit(RLIMIT_CORE, &lim);
		/* private mappings of files, and nothing else */
		if (write_text("/proc/self/coredump_filter", "0x4") ||
		    write(told[1], &far, sizeof(far)) != sizeof(far))
			_exit(1);
		pause();
		_exit(1);
	}
	close(told[1]);
	if (read(told[0], &far, sizeof(far)) != sizeof(far))
		return fail("the process on node %d is gone", nodes[nr_nodes - 1].id);
	close(told[0]);
	remote.iov_base = far;
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != (ssize_t)sizeof(buf) ||
	    memcmp(buf, map, sizeof(buf)))
		ret = fail("process_vm_readv");
	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	fd = open(name, O_RDONLY);
	if (pread(fd, buf, sizeof(buf), (long)far) != (ssize_t)sizeof(buf) ||
	    memcmp(buf, map, sizeof(buf)))
		ret = fail("%s", name);
	close(fd);
	kill(pid, SIGABRT);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || !WCOREDUMP(status))
		ret = fail("no core: status 0x%x", status);
	else if (!core_holds(core, (unsigned long)far, map, PAGES * PS))
		ret = fail("the core has other pages");
	write_text("/proc/sys/kernel/core_pattern", pattern);
	unlink(core);
	munmap(map, PAGES * PS);
	run_anywhere();
	return ret ?: expect_replicas(ALL) || ask_all(WHERE) || expect_near(0, PAGES);
}

/* The last node has nothing but movable memory; all of it goes, or comes. */
static int set_last_node(const char *state)
{
	char pattern[64];
	int ret = PASS;
	glob_t found;
	size_t i;

	snprintf(pattern, sizeof(pattern), "/sys/devices/system/node/node%d/memory[0-9]*",
		 nodes[nr_nodes - 1].id);
	if (glob(pattern, 0, NULL, &found))
		return skip("no memory hot-remove");
	for (i = 0; i < found.gl_pathc && !ret; i++)
		ret = set_block(atol(strrchr(found.gl_pathv[i], '/') + strlen("/memory")), state);
	globfree(&found);
	return ret;
}

/* Who may have memory of a node is told a little after it came. */
static int expect_all_near(void)
{
	long end = now_ms() + 1000 * seconds;
	int n, all;

	do {
		if (ask_all(REMAP) || ask_all(WHERE))
			return FAIL;
		for (n = 0, all = 0; n < nr_nodes; n++)
			all += near(n);
	} while (all < nr_nodes * PAGES && now_ms() < end);
	return expect_near(0, PAGES) || expect_replicas(ALL);
}

/* A node without memory uses what is elsewhere. */
static int test_offline_node(void)
{
	int i, ret, last = nr_nodes - 1;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	ret = set_last_node("offline");
	if (ret) {
		set_last_node("online_movable");
		return ret;
	}
	if (expect_replicas(ALL - PAGES) || ask_all(READ) || ask_all(REMAP) || ask_all(WHERE) ||
	    expect_replicas(ALL - PAGES))
		ret = FAIL;
	for (i = 0; i < PAGES && !ret; i++)
		if (shared->where[last][i] < 0 || shared->where[last][i] == nodes[last].id)
			ret = fail("page %d is on node %d", i, shared->where[last][i]);
	return set_last_node("online_movable") || ret || expect_all_near() ||
	       write_mapped(false);
}

/* A part of the memory of a node goes, with the replicas in it. */
static int test_offline(void)
{
	int i, ret, last = nr_nodes - 1;
	char *map;
	long block;

	if (block_pages() < 0)
		return skip("no memory hot-remove");
	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	map = map_from(last);
	block = memory_block(pfn_at(map));
	ret = set_block(block, "offline");
	if (ret)
		return ret;
	for (i = 0; i < PAGES && !ret; i++) {
		touch(map + i * PS);
		if (memory_block(pfn_at(map + i * PS)) == block)
			ret = fail("page %d is in a block that is offline", i);
	}
	munmap(map, PAGES * PS);
	run_anywhere();
	ret = ret || ask_all(READ) || expect_all_near();
	return set_block(block, "online_movable") || ret;
}

/* What is swapped out has no replicas, and has them again when it is back. */
static int test_swap(void)
{
	long end = now_ms() + 1000 * seconds, swapped = 0;
	char *map;

	if (start("exec", PROT_READ | PROT_EXEC) || expect_near(0, PAGES))
		return FAIL;
	if (!on_tmpfs(path))
		return skip("not on tmpfs");
	map = map_file(PROT_READ);
	while (swapped < (long)(PAGES * PS >> 10) && now_ms() < end) {
		swap_out();
		swapped = mapping_says(map, "Swap:");
	}
	munmap(map, PAGES * PS);
	if (swapped < (long)(PAGES * PS >> 10) || expect_replicas(0))
		return fail("%ld KiB are swapped out", swapped);
	return ask_all(READ) || settle() || expect_all_near() || write_mapped(false);
}

/* Pages of a memfd have replicas as long as nobody may write to them by a mapping. */
static int test_memfd(void)
{
	int i, where[PAGES], fd = memfd_create("numa_replicate", MFD_ALLOW_SEALING);
	char *writer, *map;

	numa_set("enabled", "never");
	numa_set("min_faults", "1");
	stay_on(0);
	for (i = 0; i < PAGES; i++)
		if (fd < 0 || write_page(fd, i, i + 1))
			return fail("memfd");
	stay_on(-1);
	if (settle())
		return FAIL;
	numa_set("enabled", "always");
	writer = mmap(NULL, PAGES * PS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map = mmap(NULL, PAGES * PS, PROT_READ, MAP_PRIVATE, fd, 0);
	if (writer == MAP_FAILED || map == MAP_FAILED)
		return fail("mmap");
	run_on(1);
	for (i = 0; i < PAGES; i++)
		touch(map + i * PS);
	if (expect_replicas(0))
		return FAIL;
	munmap(writer, PAGES * PS);
	munmap(map, PAGES * PS);
	map = mmap(NULL, PAGES * PS, PROT_READ, MAP_PRIVATE, fd, 0);
	for (i = 0; i < PAGES; i++)
		touch(map + i * PS);
	if (expect_replicas(PAGES))
		return FAIL;
	/* Replicas are not pinned. */
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))
		return fail("F_SEAL_WRITE");
	if (page_nodes(map, where))
		return fail("move_pages");
	for (i = 0; i < PAGES; i++)
		if (!page_holds(map, i, i + 1) || where[i] != nodes[1].id)
			return fail("page %d is on node %d", i, where[i]);
	munmap(map, PAGES * PS);
	close(fd);
	return expect_replicas(0);
}

/* Everything at once.  What has been written is what a reader sees, or something newer. */
static int race_reader(int n)
{
	uint64_t state = 88172645463325252ULL + n;
	char *map = NULL;

	while (!__atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE)) {
		int i = random_below(&state, PAGES);
		size_t j = random_below(&state, PS / sizeof(uint64_t));
		uint32_t done = __atomic_load_n(&shared->done[i], __ATOMIC_ACQUIRE);
		uint32_t hole = __atomic_load_n(&shared->hole[i], __ATOMIC_ACQUIRE);
		uint64_t val;

		if (!map) {
			/* unless its CPU is off */
			sched_setaffinity(0, sizeof(nodes[n].cpus), &nodes[n].cpus);
			map = map_file(PROT_READ | PROT_EXEC);
		}
		val = __atomic_load_n((uint64_t *)(map + i * PS) + j, __ATOMIC_ACQUIRE);
		if (!val && hole % 2)
			continue;
		if (!val && __atomic_load_n(&shared->hole[i], __ATOMIC_ACQUIRE) != hole)
			continue;
		if ((uint32_t)val != (uint32_t)word(1, j) || val >> 32 < done)
			return 1;
		if (!random_below(&state, 500)) {
			munmap(map, PAGES * PS);
			map = NULL;
		}
	}
	return 0;
}

static int race_writer(uint64_t state)
{
	while (!__atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE)) {
		/* What is written too often has no replicas. */
		int i = random_below(&state, PAGES), fd = open(path, O_RDWR);
		bool punch = random_below(&state, 2);

		if (punch) {
			__atomic_add_fetch(&shared->hole[i], 1, __ATOMIC_SEQ_CST);
			if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, i * PS, PS) &&
			    errno != EOPNOTSUPP)
				return 1;
		}
		if (write_page(fd, i, shared->tag[i] + 1))
			return 1;
		if (punch)
			__atomic_add_fetch(&shared->hole[i], 1, __ATOMIC_SEQ_CST);
		fsync(fd);
		close(fd);
		usleep(random_below(&state, 300000));
	}
	return 0;
}

static void wake(int sig)
{
}

/* A part of the last node's memory, or its CPU */
static void race_unplug(uint64_t *state)
{
	const struct sigaction act = { .sa_handler = wake };
	const char *on = "1", *off = "0";
	char pattern[128], *name;
	glob_t found;
	int cpu = 0;

	if (random_below(state, 2)) {
		while (!CPU_ISSET(cpu, &nodes[nr_nodes - 1].cpus))
			cpu++;
		snprintf(pattern, sizeof(pattern), "/sys/devices/system/cpu/cpu%d/online", cpu);
	} else {
		snprintf(pattern, sizeof(pattern),
			 "/sys/devices/system/node/node%d/memory[0-9]*/state",
			 nodes[nr_nodes - 1].id);
		on = "online_movable";
		off = "offline";
	}
	if (glob(pattern, 0, NULL, &found))
		return;
	name = found.gl_pathv[random_below(state, found.gl_pathc)];
	/* Pages that readers use all the time may not let it happen. */
	sigaction(SIGALRM, &act, NULL);
	alarm(5);
	if (!write_text(name, off)) {
		alarm(0);
		usleep(random_below(state, 300000));
		if (write_text(name, on))
			ksft_exit_fail_perror(name);
	}
	alarm(0);
	globfree(&found);
}

static int race_pressure(uint64_t state)
{
	unsigned long all = 0;
	int n;

	for (n = 0; n < nr_nodes; n++)
		all |= 1UL << nodes[n].id;
	while (!__atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE)) {
		unsigned long to = 1UL << nodes[random_below(&state, nr_nodes)].id;

		switch (random_below(&state, 7)) {
		case 0:
			numa_set("max_percent", "0");
			numa_set("max_percent", "50");
			break;
		case 1:
			numa_set("enabled", "never");
			numa_set("enabled", "exec");
			break;
		case 2:
			if (write_text("/sys/fs/cgroup/memory.reclaim", "1M") && errno != EAGAIN)
				return 1;
			break;
		case 3:
			write_text("/proc/sys/vm/compact_memory", "1");
			break;
		case 4:
			evict();
			break;
		case 5:
			n = random_below(&state, nr_nodes);
			if (readers[n].pid)
				syscall(SYS_migrate_pages, readers[n].pid, sizeof(to) * 8, &all,
					&to);
			break;
		case 6:
			race_unplug(&state);
			break;
		}
		usleep(random_below(&state, 100000));
	}
	return 0;
}

static int site_again(void)
{
	return start_afresh("exec");
}

static char *site_map;

static int site_read(void)
{
	site_map = map_from(1);
	return 0;
}

/* They read what is there; who comes later gets replicas. */
static int site_check(bool done)
{
	int i, ret = expect_replicas(0);

	for (i = 0; i < PAGES && !ret; i++)
		if (!page_holds(site_map, i, shared->tag[i]))
			ret = fail("page %d", i);
	munmap(site_map, PAGES * PS);
	munmap(map_from(1), PAGES * PS);
	run_anywhere();
	return ret || expect_replicas(PAGES);
}

static struct alloc_site sites[] = {
	{ "__numa_replicate_fault", "fail_page_alloc", NULL, site_again, site_read, site_check },
	{ "page_wp_alloc", "failslab", NULL, site_again, site_read, site_check },
	{ "page_wp_alloc_replicas", "failslab", NULL, site_again, site_read, site_check },
};

/* Each place that allocates fails, and a page stays where it is. */
static int test_sites(void)
{
	return fail_at_each(sites, ARRAY_SIZE(sites));
}

static int no_heat;			/* the result of a test before all others */

/* What faults are counted in stays for ever, so this can fail once only. */
static int enable_without_memory(void)
{
	int file = open(NUMA_DIR "enabled", O_WRONLY), fd, ret, err;

	if (file < 0)
		return fail("enabled");
	fd = fail_task("fail_page_alloc", "self");
	if (fd < 0)
		return FAIL;
	errno = 0;
	ret = write(file, "exec", 4);
	err = errno;
	close(file);
	if (end_failing(fd) || fault_injection("fail_page_alloc", "0"))
		return FAIL;
	if (ret == 4)
		return SKIP;
	errno = err;
	return ret == -1 && err == ENOMEM ? PASS : fail("enabled without memory: %d", ret);
}

static int test_enable(void)
{
	return no_heat == SKIP ? skip("it was on before") : no_heat;
}

static int test_race(void)
{
	long created = numa_get("created");
	pid_t pids[2 * MAX_NODES + 2];
	int n, i, status, ret = PASS, nr = 0;

	if (start("exec", PROT_READ | PROT_EXEC))
		return FAIL;
	stop_readers();
	shared->stop = 0;
	for (n = 0; n < nr_nodes; n++) {
		for (i = 0; i < 2; i++) {
			pids[nr] = fork();
			if (!pids[nr])
				_exit(race_reader(n));
			nr++;
		}
	}
	pids[nr] = fork();
	if (!pids[nr])
		_exit(race_writer(now_ms()));
	nr++;
	pids[nr] = fork();
	if (!pids[nr]) {
		for (n = 0; n < nr_nodes; n++)
			readers[n].pid = pids[2 * n];
		_exit(race_pressure(now_ms() + 1));
	}
	nr++;
	for (i = 0; i < seconds; i++) {
		sleep(1);
		audit();
	}
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < nr; i++)
		if (waitpid(pids[i], &status, 0) != pids[i] || status)
			ret = fail("process %d of %d: status 0x%x", i, nr, status);
	ksft_print_msg("race: %ld replicas were created\n", numa_get("created") - created);
	if (!ret && numa_get("created") - created < 100)
		ret = fail("only %ld were created", numa_get("created") - created);
	return ret;
}

static const struct {
	const char *name;
	int (*fn)(void);
	bool reads;		/* and nothing else, with -r */
} tests[] = {
	{ "off", test_off, true },
	{ "knobs", test_knobs },
	{ "exec", test_exec, true },
	{ "modes", test_modes, true },
	{ "madvise and prctl", test_advice, true },
	{ "min_faults", test_min_faults },
	{ "write", test_write },
	{ "write through a mapping", test_write_map },
	{ "written often", test_thrash },
	{ "truncate", test_truncate },
	{ "upgrade in place", test_upgrade },
	{ "cap", test_cap, true },
	{ "memory policy", test_bind, true },
	{ "cpuset", test_cpuset, true },
	{ "private mapping", test_private },
	{ "reclaim", test_reclaim },
	{ "swap", test_swap },
	{ "hwpoison", test_hwpoison, true },
	{ "hwpoison of what has replicas", test_hwpoison_page },
	{ "soft offline", test_soft_offline, true },
	{ "migrate", test_migrate },
	{ "memory offline", test_offline, true },
	{ "a node without memory", test_offline_node },
	{ "merged files", test_merged },
	{ "NUMA hints", test_hint, true },
	{ "NUMA hints, and who writes to a private mapping", test_hint_private },
	{ "uprobe in replicated text", test_uprobe },
	{ "breakpoint in replicated text", test_breakpoint },
	{ "ptrace", test_ptrace },
	{ "perf", test_perf },
	{ "core dump", test_core_dump, true },
	{ "memfd", test_memfd },
	{ "each function that allocates fails", test_sites },
	{ "no memory to enable it", test_enable, true },
	{ "race", test_race },
};

static bool wanted(size_t i, const char *only)
{
	return (!only || strstr(tests[i].name, only)) && (!given || tests[i].reads);
}

static int read_given(void)
{
	int fd = open(path, O_RDONLY);

	given = malloc(PAGES * PS);
	if (fd < 0 || read(fd, given, PAGES * PS) != (ssize_t)(PAGES * PS))
		return -1;
	return close(fd);
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	bool reads = false;
	size_t i, n = 0;
	int opt;

	while ((opt = getopt(argc, argv, "rt:d:")) != -1) {
		switch (opt) {
		case 'r':
			reads = true;
			break;
		case 't':
			only = optarg;
			break;
		case 'd':
			seconds = atoi(optarg);
			break;
		default:
			return KSFT_FAIL;
		}
	}
	ksft_print_header();
	if (!argv[optind])
		ksft_exit_skip("no directory or file\n");
	if (access(NUMA_DIR "enabled", F_OK))
		ksft_exit_skip("the kernel has no " NUMA_DIR "enabled\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");
	find_nodes();
	if (nr_nodes < 2) {
		char state[64];

		ksft_set_plan(1);
		if (read_text(NUMA_DIR "state", state, sizeof(state)))
			ksft_exit_fail_perror("state");
		ksft_test_result(numa_write("enabled", "always") && errno == EOPNOTSUPP &&
				 !strncmp(state, "off: only one node", 18), "one node\n");
		ksft_finished();
	}
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (pagemap_fd < 0 || shared == MAP_FAILED)
		ksft_exit_fail_perror("pagemap, shared memory");
	snprintf(path, sizeof(path), "%s%s", argv[optind], reads ? "" : "/numa_replicate");
	if (reads && read_given())
		ksft_exit_fail_perror(path);
	/* Only the test about it wants pages to be unmapped behind its back. */
	write_text("/proc/sys/kernel/numa_balancing", "0");
	no_heat = enable_without_memory();
	if (numa_write("enabled", "exec"))
		ksft_exit_skip("enabled = exec: %s\n", strerror(errno));

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		n += wanted(i, only);
	ksft_set_plan(n);
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		int ret;

		if (!wanted(i, only))
			continue;
		errno = 0;
		ret = tests[i].fn();
		audit();
		stop_readers();
		run_anywhere();
		result(tests[i].name, ret);
	}
	numa_set("enabled", "never");
	if (!given)
		unlink(path);
	ksft_finished();
}
