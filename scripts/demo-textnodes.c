// SPDX-License-Identifier: GPL-2.0
/*
 * Where is the text of processes, and is it what the files have?
 *
 * Usage: demo-textnodes [-c] FOLDER NODE:PID...
 *        demo-textnodes -m FILE
 *        demo-textnodes -k
 *
 * Looks at the pages of executable mappings of files in FOLDER that a process on NODE has in
 * its page table, as /proc/PID/pagemap says; on which node they are, move_pages(2) says.
 * Prints for each node: how many there are, how many are on it, how many are not; with -c
 * how many bytes of them differ from the file.
 *
 * With -m maps a file as if it were to be run, and reads all of it at first and on each
 * SIGUSR1, and says so.  With -k runs the instruction that demo-fetches.c waits for.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE		4096
#define MAX_NODES	64
#define MOST		65536

static long near[MAX_NODES], far[MAX_NODES], wrong;
static bool check;

static int open_proc(int pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void compare(int mem, int fd, unsigned long addr, off_t pos)
{
	unsigned char have[PAGE], want[PAGE] = {};
	int i;

	/* Behind the end of the file a page is zero. */
	if (pread(fd, want, PAGE, pos) < 0)
		err(1, "a file");
	/* It may have been truncated. */
	if (pread(mem, have, PAGE, addr) != PAGE)
		return;
	if (!memcmp(have, want, PAGE))
		return;
	for (i = 0; i < PAGE; i++)
		wrong += have[i] != want[i];
}

/* A mapping of a process on a node */
static void look(int node, int pid, unsigned long start, unsigned long end, off_t pos,
		 const char *path)
{
	static void *addr[MOST];
	static int where[MOST];
	static uint64_t entries[MOST];
	int pagemap = open_proc(pid, "pagemap"), mem = open_proc(pid, "mem");
	int fd = open(path, O_RDONLY);
	unsigned long at, i, n = 0, pages = (end - start) / PAGE;
	ssize_t size;

	if (fd < 0 || pages > MOST)
		err(1, "%s", path);
	size = pages * sizeof(*entries);
	if (pread(pagemap, entries, size, start / PAGE * sizeof(*entries)) != size)
		err(1, "pagemap");
	for (i = 0; i < pages; i++)
		if (entries[i] >> 63)
			addr[n++] = (void *)(start + i * PAGE);
	if (syscall(SYS_move_pages, pid, n, addr, NULL, where, 0))
		err(1, "move_pages");
	for (i = 0; i < n; i++) {
		if (where[i] < 0)
			continue;
		(where[i] == node ? near : far)[node]++;
		at = (unsigned long)addr[i];
		if (check)
			compare(mem, fd, at, pos + (off_t)(at - start));
	}
	close(fd);
	close(pagemap);
	close(mem);
}

static void process(int node, int pid, const char *folder)
{
	unsigned long start, end, pos;
	char line[512], perm[8], path[256];
	FILE *maps = fdopen(open_proc(pid, "maps"), "r");

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %255s", &start, &end, perm, &pos,
			   path) == 5 && perm[2] == 'x' && !strncmp(path, folder, strlen(folder)))
			look(node, pid, start, end, (off_t)pos, path);
	if (maps)
		fclose(maps);
}

static int run(const char *path)
{
	int fd = open(path, O_RDONLY), sig;
	volatile const char *map;
	struct stat st;
	sigset_t set;
	off_t i;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	map = mmap(NULL, st.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		err(1, "mmap");
	for (;;) {
		for (i = 0; i < st.st_size; i += PAGE)
			(void)map[i];
		puts("done");
		fflush(stdout);
		sigwait(&set, &sig);
	}
}

int main(int argc, char **argv)
{
	int i, node, pid;

	if (argc == 2 && !strcmp(argv[1], "-k")) {
		asm volatile("nopl 0x4b52414d(%rax)");
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "-m"))
		return run(argv[2]);
	check = argc > 1 && !strcmp(argv[1], "-c");
	argv += check;
	argc -= check;
	for (i = 2; i < argc; i++) {
		if (sscanf(argv[i], "%d:%d", &node, &pid) != 2 || node < 0 || node >= MAX_NODES)
			errx(1, "%s", argv[i]);
		process(node, pid, argv[1]);
	}
	for (node = 0; node < MAX_NODES; node++)
		if (near[node] + far[node])
			printf("%d %ld %ld %ld\n", node, near[node] + far[node], near[node],
			       far[node]);
	printf("wrong %ld\n", wrong);
	return 0;
}
