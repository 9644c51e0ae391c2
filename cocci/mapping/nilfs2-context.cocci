// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess. A directory's folio is never shared, but
// its mapping is at hand.
//
//   nilfs_copy_dirty_pages	has two mappings; the hole is for the copy's
//   nilfs_set_link		the first inode is the directory
//   nilfs_add_link		the folio is the parent's, not the new entry's
//   nilfs_rename		deletes the entry of the old directory
//
// Leaves: all other functions.

@@
identifier D;
@@
 nilfs_set_link(struct inode *D, ...)
 {
 <...
- CTX_MAP
+ D->i_mapping
 ...>
 }

@@
identifier E, D;
@@
 nilfs_add_link(struct dentry *E, ...)
 {
 ...
 struct inode *D = d_inode(E->d_parent);
 <...
- CTX_MAP
+ D->i_mapping
 ...>
 }

@@
identifier M, D;
@@
 nilfs_rename(struct mnt_idmap *M, struct inode *D, ...)
 {
 <...
- CTX_MAP
+ D->i_mapping
 ...>
 }

@@
identifier M;
@@
 nilfs_copy_dirty_pages(struct address_space *M, ...)
 {
 <...
- CTX_MAP
+ M
 ...>
 }
