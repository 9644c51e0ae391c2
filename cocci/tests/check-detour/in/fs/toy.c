// SPDX-License-Identifier: GPL-2.0

int toy_plain(struct folio *folio)
{
	return folio_mapping_ctx(folio, folio_mapping_excl(folio))->nrpages;
}

int toy_local(struct folio *folio)
{
	struct address_space *mapping = folio_mapping_excl(folio);

	return folio_mapping_ctx(folio, mapping)->nrpages;
}

int toy_two_locals(struct folio *folio)
{
	struct inode *inode = folio_mapping_excl(folio)->host;
	struct address_space *mapping;

	mapping = inode->i_mapping;
	return folio_mapping_ctx(folio, mapping)->nrpages;
}

int toy_helper(struct folio *folio)
{
	struct inode *inode = toy_inode_of(folio);

	return folio_mapping_ctx(folio, inode->i_mapping)->nrpages;
}

/* Sound in itself; its callers decide. */
static int toy_callee(struct folio *folio, int n, struct inode *inode)
{
	struct address_space *mapping = inode->i_mapping;

	return folio_mapping_ctx(folio, mapping)->nrpages + n;
}

static int toy_between(struct folio *folio, struct inode *inode)
{
	return toy_callee(folio, 1, inode);
}

int toy_caller(struct folio *folio)
{
	return toy_between(folio, folio_mapping_excl(folio)->host);
}

int toy_member(struct toy *toy, struct folio *folio)
{
	toy->inode = folio_mapping_excl(folio)->host;
	return folio_mapping_ctx(folio, toy->inode->i_mapping)->nrpages;
}

int toy_index(struct folio *folio)
{
	pgoff_t index;

	index = folio_index_excl(folio);
	return folio_pos_ctx(folio, (loff_t)index << PAGE_SHIFT);
}
