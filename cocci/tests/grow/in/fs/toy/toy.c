// SPDX-License-Identifier: GPL-2.0
#include "toy.h"

/* Forward declarations and a second static function of the same name. */
static int toy_size(struct folio *folio);

int toy_write(struct folio *folio, size_t len)
{
	struct inode *inode = folio->mapping->host;

	return inode->i_size < len;
}

/* Not a root itself: has to pass the mapping on. */
int toy_zero(struct folio *folio)
{
	return toy_write(folio, 0);
}

static int toy_size(struct folio *folio)
{
	struct address_space *mapping = folio->mapping;

#ifdef CONFIG_TOY
	return i_size_read(mapping->host) + toy_zero(folio);
#else
	return i_size_read(mapping->host);
#endif
}

static int toy_write_begin(struct file *file, struct address_space *mapping,
			   struct inode *dir, struct folio *folio)
{
	folio_lock(folio);
	if (folio->mapping != mapping || NULL == folio->mapping)
		return -EAGAIN;
	return toy_size(folio) + (folio->mapping == mapping);
}

static int toy_submit(struct toy_io *io, struct folio *folio)
{
	return toy_write(folio, 1) + toy_size(folio);
}

vm_fault_t toy_mkwrite(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(vmf->page);
	struct inode *wrong = folio->mapping->host;

	return toy_zero(folio) + wrong->i_ino;
}
