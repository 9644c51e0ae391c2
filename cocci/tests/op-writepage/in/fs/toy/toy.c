// SPDX-License-Identifier: GPL-2.0

static int toy_writepage(struct page *page, struct writeback_control *wbc)
{
	struct inode *inode = page->mapping->host;

	return toy_write(inode, page, wbc);
}

static const struct address_space_operations toy_aops = {
	.writepage	= toy_writepage,
};
