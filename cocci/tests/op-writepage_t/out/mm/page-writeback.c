// SPDX-License-Identifier: GPL-2.0

int write_cache_pages(struct address_space *mapping,
		      struct writeback_control *wbc, writepage_t writepage,
		      void *data)
{
	struct folio *folio = NULL;
	int error;

	while ((folio = writeback_iter(mapping, wbc, folio, &error)))
		error = writepage(mapping, folio, wbc, data);

	return error;
}
