// SPDX-License-Identifier: GPL-2.0

static void toy_invalidate_folio(struct address_space *mapping,
				 struct folio *folio, size_t offset,
				 size_t length)
{
	toy_forget(folio, offset + length);
}

static int toy_writepage(struct inode *inode, struct folio *folio)
{
	folio_invalidate(folio, 0, folio_size(folio), inode->i_mapping);
	toy_invalidate_folio(inode->i_mapping, folio, 0, folio_size(folio));
	return 0;
}

void toy_set_ops(struct address_space_operations *ops)
{
	ops->invalidate_folio = toy_invalidate_folio;
}
