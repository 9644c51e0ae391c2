// SPDX-License-Identifier: GPL-2.0

#include "toy.h"

int toy_common(struct file *file, struct folio *folio)
{
	return folio_size(folio);
}

static int toy_forget(struct file *file, struct folio *folio)
{
	struct address_space *mapping = folio->mapping;

	return mapping->host->i_size + toy_common(file, folio);
}

static int toy_late(struct file *file, struct folio *folio)
{
	return 0;
}

/* Has a file, which may be NULL, and so is no context. */
static int toy_helper(const struct toy_operations *ops, struct file *file,
		      struct folio *folio)
{
	return ops->forget(file, folio);
}

int toy_truncate(struct inode *inode, struct folio *folio)
{
	return toy_helper(&toy_ops, NULL, folio);
}

const struct toy_operations toy_ops = {
	.forget	= toy_forget,
};

const struct toy_operations toy_plain_ops = {
	.forget	= toy_common,
};

void toy_setup(struct toy_operations *ops)
{
	ops->forget = toy_late;
}
