// SPDX-License-Identifier: GPL-2.0

static int toy_launder_folio(struct folio *folio)
{
	return toy_write(folio);
}

int toy_flush(struct inode *inode, struct folio *folio)
{
	return toy_launder_folio(folio);
}

static const struct address_space_operations toy_aops = {
	.launder_folio	= toy_launder_folio,
};
