// SPDX-License-Identifier: GPL-2.0

pgoff_t toy_index(struct folio *folio, pgoff_t index)
{
	return folio->index;
}

/* An array of pages is no pointer to one: no rule sees this. */
void toy_array(struct page *page)
{
	page[2].index = 1;
}
