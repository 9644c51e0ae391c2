// SPDX-License-Identifier: GPL-2.0

#include <linux/pagemap.h>

/* Reads nothing but zeroes. */
static int added_read_folio(struct file *unused, struct folio *folio)
{
	struct inode *inode = folio->mapping->host;

	if (folio_pos(folio) >= i_size_read(inode))
		pr_debug("beyond the end of inode %lu\n", inode->i_ino);
	folio_zero_range(folio, 0, folio_size(folio));
	folio_end_read(folio, true);
	return 0;
}

static bool added_busy(struct folio *folio)
{
	return test_bit(folio->index, folio->mapping->i_private_data);
}

static bool added_release_folio(struct folio *folio, gfp_t gfp)
{
	return !added_busy(folio);
}

static loff_t added_end(struct folio *entry)
{
	return min(folio_pos(entry) + folio_size(entry), i_size_read(folio_inode(entry)));
}

/* Where the cached block ends, if it is cached. */
loff_t added_cached(struct inode *dir, pgoff_t block)
{
	struct folio *entry = filemap_get_folio(dir->i_mapping, block);
	loff_t end;

	if (IS_ERR(entry))
		return 0;
	end = added_end(entry);
	folio_put(entry);
	return end;
}

/* A filler that is in no table. */
static int added_fill(struct file *unused, struct folio *folio)
{
	return added_read_folio(NULL, folio);
}

struct folio *added_get(struct inode *dir, pgoff_t block)
{
	return read_cache_folio(dir->i_mapping, block, added_fill, NULL);
}

const struct address_space_operations added_aops = {
	.read_folio	= added_read_folio,
	.release_folio	= added_release_folio,
};
