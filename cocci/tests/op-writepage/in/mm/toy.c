// SPDX-License-Identifier: GPL-2.0

static int pageout(struct folio *folio, struct address_space *mapping,
		   struct writeback_control *wbc)
{
	return mapping->a_ops->writepage(&folio->page, wbc);
}
