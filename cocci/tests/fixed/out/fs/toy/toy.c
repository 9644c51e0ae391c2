// SPDX-License-Identifier: GPL-2.0

/* Reached from an operation that has no index, and from elsewhere. */
static int toy_forget(struct folio *folio, size_t offset)
{
	return folio_index_excl(folio) - offset;
}

static int toy_middle(struct folio *folio)
{
	return toy_forget(folio, 1);
}

static bool toy_release_folio(struct folio *folio, gfp_t gfp)
{
	return toy_middle(folio);
}

static int toy_read_folio(struct file *file, struct folio *folio)
{
	return folio_index_excl(folio);
}

int toy_truncate(struct inode *inode, struct folio *folio)
{
	return toy_forget(folio, 0);
}

const struct address_space_operations toy_aops = {
	.read_folio	= toy_read_folio,
	.release_folio	= toy_release_folio,
};
