// SPDX-License-Identifier: GPL-2.0

bool toy_is_partially_uptodate(struct folio *folio, size_t from, size_t count);

bool toy_is_partially_uptodate(struct folio *folio, size_t from, size_t count)
{
	return from + count < toy_uptodate(folio);
}

static const struct address_space_operations toy_aops = {
	.is_partially_uptodate	= toy_is_partially_uptodate,
};
