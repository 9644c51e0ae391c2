// SPDX-License-Identifier: GPL-2.0

void filemap_free_folio(struct address_space *mapping, struct folio *folio)
{
	void (*free_folio)(struct folio *);

	free_folio = mapping->a_ops->free_folio;
	if (free_folio)
		free_folio(folio);
}

void replace_page_cache_folio(struct folio *old, struct folio *new)
{
	struct address_space *mapping = old->mapping;
	void (*free_folio)(struct folio *) = mapping->a_ops->free_folio;

	if (free_folio)
		free_folio(old);
}

static void remove_mapping(struct address_space *mapping, struct folio *folio)
{
	mapping->a_ops->free_folio(folio);
}
