// SPDX-License-Identifier: GPL-2.0

#define toy_macro(folio)	folio_index_excl(folio)

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
		toy_done(folio_index_excl(fi.folio), folio_pos_excl(fi.folio));
	toy_done(folio_index_excl(folio), 0);
}

/* members that are called so; the context has more than one operand */
int toy_grab(struct address_space *mapping, struct toy_io *io, loff_t from)
{
	io->page = find_lock_page(mapping, from >> PAGE_SHIFT);
	io->pages[0] = io->page;
	toy_use(folio_index_ctx(page_folio(io->page), from >> PAGE_SHIFT));
	toy_use(folio_pos_ctx(page_folio(io->pages[0]), (loff_t)(from >> PAGE_SHIFT) << PAGE_SHIFT));
	toy_use((sector_t)folio_index_ctx(page_folio(io->pages[0]), from >> PAGE_SHIFT));
	return folio_index_ctx(page_folio(io->page), from >> PAGE_SHIFT);
}

/* a store; what precedes the operator */
bool toy_array(struct page *page, struct folio *folio, pgoff_t index, loff_t size)
{
	folio_set_index(page_folio(page), index);
	if (!((pgoff_t)(size >> PAGE_SHIFT) - folio_index_ctx(folio, index) < folio_nr_pages(folio)))
		return false;
	return toy_macro(folio);
}

/* handed to write_cache_pages() and to a bio: exclusive */
static int toy_writepage(struct address_space *mapping, struct folio *folio,
			 struct writeback_control *wbc, void *data)
{
	struct bio *bio = data;

	bio->bi_end_io = toy_end_io;
	return folio_index_excl(folio);
}

int toy_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	return write_cache_pages(mapping, wbc, toy_writepage, NULL);
}

/* a reader that locks */
bool toy_compare(struct folio *folio, pgoff_t slot)
{
	return folio_in_slot(folio, NULL, slot);
}
