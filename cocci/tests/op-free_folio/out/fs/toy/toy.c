// SPDX-License-Identifier: GPL-2.0

static void toy_free_folio(struct address_space *mapping, struct folio *folio)
{
	toy_forget(folio);
}

static const struct address_space_operations toy_aops = {
	.free_folio	= toy_free_folio,
};
