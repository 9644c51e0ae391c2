// SPDX-License-Identifier: GPL-2.0

static int toy_writepage(struct folio *folio, struct writeback_control *wbc,
			 void *data)
{
	struct address_space *mapping = data;

	return toy_write(mapping->host, folio, wbc);
}

static int toy_write_one(struct inode *inode, struct folio *folio,
			 struct writeback_control *wbc)
{
	return toy_writepage(folio, wbc, inode->i_mapping);
}

static int toy_writepages(struct address_space *mapping,
			  struct writeback_control *wbc)
{
	return write_cache_pages(mapping, wbc, toy_writepage, mapping);
}
