// SPDX-License-Identifier: GPL-2.0

static int filemap_read_folio(struct file *file, filler_t filler,
			      struct address_space *mapping, struct folio *folio)
{
	return filler(file, mapping, folio);
}

/* Has no mapping: its caller hands it down. */
static int filemap_fill(struct file *file, struct folio *folio,
			const struct address_space_operations *ops,
			struct address_space *mapping)
{
	return ops->read_folio(file, mapping, folio);
}

int filemap_update(struct file *file, struct address_space *mapping,
		   struct folio *folio)
{
	if (!mapping->a_ops->read_folio)
		return -EINVAL;
	return filemap_read_folio(file, mapping->a_ops->read_folio, mapping, folio) ?:
		filemap_fill(file, folio, mapping->a_ops, mapping);
}
