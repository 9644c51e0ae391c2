// SPDX-License-Identifier: GPL-2.0

static int metapage_write_folio(struct folio *folio, struct writeback_control *wbc,
				void *unused)
{
	return folio_size(folio);
}

static int metapage_write_one(struct folio *folio)
{
	struct writeback_control wbc = {
		.nr_to_write = 1,
	};

	return metapage_write_folio(folio, &wbc, NULL);
}

static int metapage_writepages(struct address_space *mapping,
			       struct writeback_control *wbc)
{
	return write_cache_pages(mapping, wbc, metapage_write_folio, NULL);
}
