// SPDX-License-Identifier: GPL-2.0

static void toy_is_dirty_writeback(struct address_space *mapping,
				   struct folio *folio, bool *dirty, bool *wb)
{
	*dirty = toy_dirty(folio);
}

static const struct address_space_operations toy_aops = {
	.is_dirty_writeback	= toy_is_dirty_writeback,
};
