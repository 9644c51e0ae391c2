// SPDX-License-Identifier: GPL-2.0

static int toy_write(struct folio *folio)
{
	struct inode *const inode = folio_mapping_excl(folio)->host;

	return helper_write(inode, folio);
}

static int toy_between(struct toy *toy, struct inode *inode, struct folio *folio)
{
	return toy->plain ? helper_write(inode, folio) : 0;
}

int toy_write_file(struct file *file, struct folio *folio, struct toy *toy)
{
	return toy_write(folio) + toy_between(toy, file->f_inode, folio);
}

int toy_write_page(struct folio *folio, struct toy *toy)
{
	return toy_between(toy, folio_mapping_excl(folio)->host, folio);
}
