// SPDX-License-Identifier: GPL-2.0

static int toy_block(struct folio *folio, loff_t pos)
{
	return ((sector_t)folio->index << 3) + folio_next_index(folio);
}

int toy_write_begin(struct address_space *mapping, loff_t pos)
{
	pgoff_t index = pos >> PAGE_SHIFT;
	struct folio *folio;

	folio = __filemap_get_folio(mapping, index, FGP_WRITEBEGIN, 0);
	return toy_block(folio, pos);
}

int toy_inline(struct address_space *mapping)
{
	struct folio *folio = __filemap_get_folio(mapping, 0, FGP_LOCK, 0);

	return toy_block(folio, 0);
}

vm_fault_t toy_mkwrite(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(vmf->page);

	return folio_pos(folio) + toy_block(folio, 0);
}

static int toy_read_folio(struct file *file, struct folio *folio)
{
	return folio_pos(folio) + (sector_t)folio->index;
}

const struct address_space_operations toy_aops = {
	.read_folio	= toy_read_folio,
};
