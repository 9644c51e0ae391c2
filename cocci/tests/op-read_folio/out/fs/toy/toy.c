// SPDX-License-Identifier: GPL-2.0

int toy_read_folio(struct file *file, struct address_space *mapping,
		   struct folio *folio);

static int toy_readlink(struct file *file, struct address_space *mapping,
			struct folio *folio)
{
	return mapping->host->i_size;
}

int toy_read_folio(struct file *file, struct address_space *mapping,
		   struct folio *folio)
{
	return folio_size(folio);
}

/* A filler that is in no table. */
static int toy_fill(struct file *file, struct address_space *mapping,
		    struct folio *folio)
{
	return toy_read_folio(file, mapping, folio);
}

struct folio *toy_get(struct inode *inode, pgoff_t index)
{
	return read_cache_folio(inode->i_mapping, index, toy_fill, NULL);
}

struct folio *toy_get_plain(struct inode *inode, pgoff_t index)
{
	return read_cache_folio(inode->i_mapping, index, NULL, NULL);
}

static const struct address_space_operations toy_aops = {
	.read_folio	= toy_read_folio,
};

static const struct address_space_operations toy_symlink_aops = {
	.read_folio	= toy_readlink,
};
