// SPDX-License-Identifier: GPL-2.0

static int toy_one(struct folio *folio)
{
	return folio->mapping->host->i_size;
}

int toy_swap(struct inode *a, struct inode *b, struct folio *folio)
{
	return toy_one(folio);
}

int toy_swap_file(struct file *file, struct inode *donor, struct folio *folio)
{
	return folio->mapping->host == donor;
}
