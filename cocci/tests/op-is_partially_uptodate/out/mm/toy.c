// SPDX-License-Identifier: GPL-2.0

static bool filemap_range_uptodate(struct address_space *mapping, size_t pos,
				   size_t count, struct folio *folio)
{
	return mapping->a_ops->is_partially_uptodate(mapping, folio, pos,
						     count);
}
