// SPDX-License-Identifier: GPL-2.0

void folio_invalidate(struct folio *folio, size_t offset, size_t length)
{
	const struct address_space_operations *aops = folio->mapping->a_ops;

	if (aops->invalidate_folio)
		aops->invalidate_folio(folio, offset, length);
}

static void truncate_cleanup(struct address_space *mapping, struct folio *folio)
{
	folio_invalidate(folio, 0, folio_size(folio));
}
