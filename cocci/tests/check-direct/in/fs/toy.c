// SPDX-License-Identifier: GPL-2.0

int toy_field(struct folio *f)
{
	return f->mapping != NULL;
}

int toy_page(struct page *p)
{
	return p->index + page_offset(p);
}

int toy_member(struct buffer_head *bh)
{
	return bh->b_folio->index;
}

int toy_array(struct toy *t)
{
	return t->folios[2]->index + folio_pos(t->folios[1]);
}

/* A comment may name folio->mapping, and so may a "folio->index" in a string. */
int toy_clean(struct inode *inode, struct folio *folio)
{
	pr_info("folio->index %lu", folio_index_excl(folio));
	return folio_mapping_ctx(folio, inode->i_mapping) != NULL;
}

TOY_DEFINE(toy_unparsed, struct folio *folio) {{
	return folio->mapping ?;
}
