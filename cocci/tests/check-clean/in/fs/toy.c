// SPDX-License-Identifier: GPL-2.0

static int toy_callee(struct folio *folio, struct inode *inode)
{
	return folio_mapping_ctx(folio, inode->i_mapping)->nrpages;
}

int toy_caller(struct address_space *mapping, struct folio *folio, pgoff_t index)
{
	/* What a contextual accessor answers is as good as its context. */
	struct inode *inode = folio_mapping_ctx(folio, mapping)->host;

	if (!folio_in_mapping_excl(folio, mapping))
		return folio_index_ctx(folio, index);
	return toy_callee(folio, inode);
}
