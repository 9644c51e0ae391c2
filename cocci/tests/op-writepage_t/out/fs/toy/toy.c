// SPDX-License-Identifier: GPL-2.0

static int toy_writepage(struct address_space *mapping, struct folio *folio,
			 struct writeback_control *wbc,
			 void *data)
{
	return toy_write(mapping->host, folio, wbc);
}

static int toy_write_one(struct inode *inode, struct folio *folio,
			 struct writeback_control *wbc)
{
	return toy_writepage(inode->i_mapping, folio, wbc, inode->i_mapping);
}

static int toy_writepages(struct address_space *mapping,
			  struct writeback_control *wbc)
{
	return write_cache_pages(mapping, wbc, toy_writepage, mapping);
}
