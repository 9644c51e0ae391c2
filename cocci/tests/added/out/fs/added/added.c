// SPDX-License-Identifier: GPL-2.0

#include <linux/pagemap.h>

/* Reads nothing but zeroes. */
static int added_read_folio(struct file *unused,
			    struct address_space *mapping,
			    struct folio *folio)
{
	struct inode *inode = folio_mapping_ctx(folio, mapping)->host;

	if (folio_pos_excl(folio) >= i_size_read(inode))
		pr_debug("beyond the end of inode %lu\n", inode->i_ino);
	folio_zero_range(folio, 0, folio_size(folio));
	folio_end_read(folio, true);
	return 0;
}

static bool added_busy(struct folio *folio, struct address_space *mapping)
{
	return test_bit(folio_index_excl(folio),
			folio_mapping_ctx(folio, mapping)->i_private_data);
}

static bool added_release_folio(struct address_space *mapping,
				struct folio *folio, gfp_t gfp)
{
	return !added_busy(folio, mapping);
}

static loff_t added_end(struct folio *entry, struct address_space *mapping,
			pgoff_t index)
{
	return min(folio_pos_ctx(entry, (loff_t)index << PAGE_SHIFT) + folio_size(entry),
		   i_size_read(folio_mapping_ctx(entry, mapping)->host));
}

/* Where the cached block ends, if it is cached. */
loff_t added_cached(struct inode *dir, pgoff_t block)
{
	struct folio *entry = filemap_get_folio(dir->i_mapping, block);
	loff_t end;

	if (IS_ERR(entry))
		return 0;
	end = added_end(entry, dir->i_mapping, block);
	folio_put(entry);
	return end;
}

/* A filler that is in no table. */
static int added_fill(struct file *unused, struct address_space *mapping,
		      struct folio *folio)
{
	return added_read_folio(NULL, mapping, folio);
}

struct folio *added_get(struct inode *dir, pgoff_t block)
{
	return read_cache_folio(dir->i_mapping, block, added_fill, NULL);
}

const struct address_space_operations added_aops = {
	.read_folio	= added_read_folio,
	.release_folio	= added_release_folio,
};
