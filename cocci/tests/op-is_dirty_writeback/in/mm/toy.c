// SPDX-License-Identifier: GPL-2.0

static void folio_check_dirty_writeback(struct folio *folio, bool *dirty,
					bool *writeback)
{
	struct address_space *mapping;

	mapping = folio_mapping(folio);
	if (mapping && mapping->a_ops->is_dirty_writeback)
		mapping->a_ops->is_dirty_writeback(folio, dirty, writeback);
}
