// SPDX-License-Identifier: GPL-2.0

bool toy_release_folio(struct address_space *mapping, struct folio *folio,
		       gfp_t gfp)
{
	return !folio_test_dirty(folio);
}

static bool toy_release_meta(struct address_space *mapping,
			     struct folio *folio, gfp_t gfp)
{
	return folio_test_checked(folio) && toy_release_folio(mapping, folio,
							      gfp);
}

static const struct address_space_operations toy_aops = {
	.release_folio	= toy_release_folio,
};

static const struct address_space_operations toy_meta_aops = {
	.release_folio	= toy_release_meta,
};
