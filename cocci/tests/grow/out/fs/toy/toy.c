// SPDX-License-Identifier: GPL-2.0
#include "toy.h"

/* Forward declarations and a second static function of the same name. */
static int toy_size(struct folio *folio, struct address_space *ctx_mapping);

int toy_write(struct folio *folio, size_t len, struct address_space *mapping)
{
	struct inode *inode = folio_mapping_ctx(folio, mapping)->host;

	return inode->i_size < len;
}

/* Not a root itself: has to pass the mapping on. */
int toy_zero(struct folio *folio, struct address_space *mapping)
{
	return toy_write(folio, 0, mapping);
}

static int toy_size(struct folio *folio, struct address_space *ctx_mapping)
{
	struct address_space *mapping = folio_mapping_ctx(folio, ctx_mapping);

#ifdef CONFIG_TOY
	return i_size_read(mapping->host) + toy_zero(folio, ctx_mapping);
#else
	return i_size_read(mapping->host);
#endif
}

static int toy_write_begin(struct file *file, struct address_space *mapping,
			   struct inode *dir, struct folio *folio)
{
	folio_lock(folio);
	if (!folio_in_mapping_excl(folio, mapping) || folio_mapping_ctx(folio, mapping) == NULL)
		return -EAGAIN;
	return toy_size(folio, mapping) + (folio_in_mapping_excl(folio, mapping));
}

static int toy_submit(struct toy_io *io, struct folio *folio)
{
	return toy_write(folio, 1, io->inode->i_mapping) + toy_size(folio, io->inode->i_mapping);
}

vm_fault_t toy_mkwrite(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(vmf->page);
	struct inode *wrong = folio_mapping_ctx(folio,
						vmf->vma->vm_file->f_mapping)->host;

	return toy_zero(folio, vmf->vma->vm_file->f_mapping) + wrong->i_ino;
}
