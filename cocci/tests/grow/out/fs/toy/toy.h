/* SPDX-License-Identifier: GPL-2.0 */
struct toy_io {
	struct inode *inode;
};

extern int toy_write(struct folio *folio, size_t len,
		     struct address_space *mapping);
int toy_zero(struct folio *folio, struct address_space *mapping);
