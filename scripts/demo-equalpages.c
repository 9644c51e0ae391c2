// SPDX-License-Identifier: GPL-2.0
/*
 * Count the equal pages of files, without asking the kernel about sharing.
 *
 * Usage: demo-equalpages MAX < LIST
 *
 * LIST names one file a line. A page is 4096 bytes of a file as the page cache
 * holds them: the last one is filled up with zeros. Prints how many pages
 * there are, how many of them differ, and how many could be given back if at
 * most MAX equal pages share one.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE	4096UL

/* The hash only speeds up sorting; equal means equal bytes. */
struct page {
	unsigned long long hash;
	const unsigned char *bytes;
};

static struct page *pages;
static size_t count, room;

static unsigned long long hash(const unsigned char *bytes)
{
	unsigned long long h = 0x243f6a8885a308d3, word;
	size_t i;

	for (i = 0; i < PAGE; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15;
		h ^= h >> 29;
	}
	return h;
}

static int compare(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->bytes == y->bytes ? 0 : memcmp(x->bytes, y->bytes, PAGE);
}

static void add(const unsigned char *bytes)
{
	if (count == room) {
		room = room ? 2 * room : 65536;
		pages = realloc(pages, room * sizeof(*pages));
		if (!pages)
			err(1, "%zu pages", room);
	}
	pages[count].bytes = bytes;
	pages[count++].hash = hash(bytes);
}

static void add_file(const char *path)
{
	unsigned char *bytes, *tail;
	struct stat st;
	size_t off, len;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	len = st.st_size;
	if (len) {
		bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes == MAP_FAILED)
			err(1, "%s", path);
		for (off = 0; off + PAGE <= len; off += PAGE)
			add(bytes + off);
		if (off < len) {
			tail = calloc(1, PAGE);
			if (!tail)
				err(1, "%s", path);
			add(memcpy(tail, bytes + off, len - off));
		}
	}
	close(fd);
}

int main(int argc, char **argv)
{
	size_t i, max, same, distinct = 0, possible = 0, room_line = 0;
	char *line = NULL;
	ssize_t n;

	max = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (max < 2)
		errx(1, "usage: %s MAX < LIST", argv[0]);
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
		possible += same - (same + max - 1) / max;
	}
	printf("pages %zu\ndistinct %zu\npossible %zu\n", count, distinct,
	       possible);
	return 0;
}
