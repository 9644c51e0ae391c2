// SPDX-License-Identifier: GPL-2.0

#define toy_macro(folio)	(0)

struct toy_io {
	struct page **pages;
	struct page *page;
};

/* of a bio: exclusive */
static void toy_end_io(struct bio *bio)
{
	struct folio_iter fi;
	struct folio *folio = bio_first_folio_all(bio);

	bio_for_each_folio_all(fi, bio)
		toy_done(fi.folio->index, folio_pos(fi.folio));
	toy_done(folio->index, 0);
}

/* members that are called so; the context has more than one operand */
int toy_grab(struct address_space *mapping, struct toy_io *io, loff_t from)
{
	io->page = find_lock_page(mapping, from >> PAGE_SHIFT);
	io->pages[0] = io->page;
	toy_use(io->page->index);
	toy_use(page_offset(io->pages[0]));
	toy_use((sector_t)io->pages[0]->index);
	return page_folio(io->page)->index;
}

/* a store; what precedes the operator */
bool toy_array(struct page *page, struct folio *folio, pgoff_t index, loff_t size)
{
	page->index = index;
	if (!folio_contains(folio, size >> PAGE_SHIFT))
		return false;
	return toy_macro(folio);
}

/* handed to write_cache_pages() and to a bio: exclusive */
static int toy_writepage(struct address_space *mapping, struct folio *folio,
			 struct writeback_control *wbc, void *data)
{
	struct bio *bio = data;

	bio->bi_end_io = toy_end_io;
	return folio->index;
}

int toy_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	return write_cache_pages(mapping, wbc, toy_writepage, NULL);
}

/* a reader that locks */
bool toy_compare(struct folio *folio, pgoff_t slot)
{
	return folio->index == slot;
}
