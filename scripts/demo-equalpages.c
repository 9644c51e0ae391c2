// SPDX-License-Identifier: GPL-2.0
/*
 * Count the equal pages of files, without asking the kernel about sharing.
 *
 * Usage: demo-equalpages [-m] MAX < LIST
 *
 * LIST names one file a line. A page is 4096 bytes of a file as the page cache
 * holds them: the last one is filled up with zeros. Prints how many pages
 * there are, how many of them differ, and how many could be given back if at
 * most MAX equal pages share one. Pages are equal if their SHA-256 is.
 *
 * With -m the files are in memory, so that holes have no pages. Prints as well how
 * many page frames hold them all, as /proc/self/pagemap tells, how many pages are
 * zero, how many of these could be given back, how many frames hold them, how many of
 * all could be given back if no large folio were split, and for each file: its pages,
 * those that are zero, those that have an equal one, and those whose frame is another
 * page's, too.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE	4096UL
#define WINDOW	(1024 * PAGE)	/* what is mapped at a time */

struct page {
	unsigned char digest[SHA256_DIGEST_LENGTH];
	uint64_t frame;		/* with -m */
	uint32_t file;
	bool zero;
	bool equal;		/* to another */
	bool large;		/* with -m: in a large folio */
};

struct counts {
	size_t pages, zero, equal, shared;
};

static struct page *pages;
static size_t count, room, nr_files;
static int pagemap = -1, kpageflags;

static int compare(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	return memcmp(x->digest, y->digest, sizeof(x->digest));
}

static int compare_frames(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* The frame of a page that was just read. */
static uint64_t frame(const unsigned char *bytes)
{
	uint64_t entry;

	if (pread(pagemap, &entry, 8, (uintptr_t)bytes / PAGE * 8) != 8 ||
	    !(entry >> 63))
		errx(1, "a page is not there");
	return entry & ((1ULL << 55) - 1);
}

static bool in_large_folio(uint64_t frame)
{
	uint64_t flags;

	if (pread(kpageflags, &flags, 8, frame * 8) != 8)
		err(1, "kpageflags");
	return flags & (1 << KPF_COMPOUND_HEAD | 1 << KPF_COMPOUND_TAIL);
}

static void add(const unsigned char *bytes)
{
	struct page *page;

	if (count == room) {
		room = room ? 2 * room : 65536;
		pages = realloc(pages, room * sizeof(*pages));
		if (!pages)
			err(1, "%zu pages", room);
	}
	page = pages + count++;
	SHA256(bytes, PAGE, page->digest);
	page->file = nr_files;
	page->zero = !bytes[0] && !memcmp(bytes, bytes + 1, PAGE - 1);
	page->frame = pagemap < 0 ? 0 : frame(bytes);
	page->large = pagemap >= 0 && in_large_folio(page->frame);
}

static void add_range(int fd, const char *path, off_t from, off_t to)
{
	unsigned char *bytes;
	off_t off, end;

	for (; from < to; from = end) {
		end = from + (off_t)WINDOW < to ? from + (off_t)WINDOW : to;
		bytes = mmap(NULL, end - from, PROT_READ, MAP_SHARED, fd, from);
		if (bytes == MAP_FAILED)
			err(1, "%s", path);
		for (off = 0; from + off < end; off += PAGE)
			add(bytes + off);
		munmap(bytes, end - from);
	}
}

static void add_file(const char *path)
{
	struct stat st;
	off_t from = 0, to;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	if (pagemap < 0)
		add_range(fd, path, 0, st.st_size);
	while (pagemap >= 0 && (from = lseek(fd, from, SEEK_DATA)) >= 0) {
		to = lseek(fd, from, SEEK_HOLE);
		if (to < 0)
			err(1, "%s", path);
		add_range(fd, path, from, to);
		from = to;
	}
	close(fd);
	nr_files++;
}

/* How many of @same equal pages can be given back. */
static size_t spare(size_t same, size_t max)
{
	return same - (same + max - 1) / max;
}

static void print_memory(void)
{
	struct counts *files = calloc(nr_files, sizeof(*files));
	size_t i, j, same, frames = 0, zero_frames = 0;

	if (!files)
		err(1, "%zu files", nr_files);
	qsort(pages, count, sizeof(*pages), compare_frames);
	for (i = 0; i < count; i += same, frames++) {
		for (same = 1; i + same < count &&
		     pages[i].frame == pages[i + same].frame; same++)
			;
		zero_frames += pages[i].zero;
		for (j = i; j < i + same; j++) {
			files[pages[j].file].pages++;
			files[pages[j].file].zero += pages[j].zero;
			files[pages[j].file].equal += pages[j].equal;
			files[pages[j].file].shared += same > 1;
		}
	}
	printf("frames %zu\nzero_frames %zu\n", frames, zero_frames);
	for (i = 0; i < nr_files; i++)
		printf("file %zu %zu %zu %zu\n", files[i].pages, files[i].zero,
		       files[i].equal, files[i].shared);
}

int main(int argc, char **argv)
{
	size_t i, j, max, same, small, distinct = 0, possible = 0, room_line = 0;
	size_t zero = 0, zero_possible = 0, unsplit = 0;
	bool in_memory = argc > 1 && !strcmp(argv[1], "-m");
	char *line = NULL;
	ssize_t n;

	argv += in_memory;
	argc -= in_memory;
	max = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (max < 2)
		errx(1, "usage: demo-equalpages [-m] MAX < LIST");
	if (in_memory) {
		pagemap = open("/proc/self/pagemap", O_RDONLY);
		kpageflags = open("/proc/kpageflags", O_RDONLY);
		if (pagemap < 0 || kpageflags < 0)
			err(1, "pagemap, kpageflags");
	}
	while ((n = getline(&line, &room_line, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		add_file(line);
	}
	qsort(pages, count, sizeof(*pages), compare);
	for (i = 0; i < count; i += same) {
		for (same = 1; i + same < count &&
		     !compare(pages + i, pages + i + same); same++)
			;
		distinct++;
		possible += spare(same, max);
		if (pages[i].zero) {
			zero += same;
			zero_possible += spare(same, max);
		}
		for (j = i, small = 0; j < i + same; j++) {
			pages[j].equal = same > 1;
			small += !pages[j].large;
		}
		unsplit += spare(small, max);
	}
	printf("pages %zu\ndistinct %zu\npossible %zu\n", count, distinct,
	       possible);
	if (in_memory) {
		printf("zero %zu\nzero_possible %zu\nunsplit %zu\n", zero,
		       zero_possible, unsplit);
		print_memory();
	}
	return 0;
}
