// SPDX-License-Identifier: GPL-2.0
#include "toy.h"

static int toy_size(struct folio *folio)
{
	return folio_size(folio);
}

int toy_local(struct toy_io *io, struct folio *folio)
{
	struct inode *inode = io->inode;
	int ret;

	ret = toy_size(folio);
	return ret + toy_write(folio,
			       ret, inode->i_mapping);
}
