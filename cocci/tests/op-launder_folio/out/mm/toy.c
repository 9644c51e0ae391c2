// SPDX-License-Identifier: GPL-2.0

static int folio_launder(struct address_space *mapping, struct folio *folio)
{
	if (!folio_test_dirty(folio) || !mapping->a_ops->launder_folio)
		return 0;
	return mapping->a_ops->launder_folio(mapping, folio);
}
