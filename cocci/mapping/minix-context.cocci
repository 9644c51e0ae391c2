// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess. A directory's folio is never shared, but
// its mapping is at hand.
//
//   minix_make_empty	the first inode is the directory
//   minix_add_link	the folio is the parent's, not the new entry's
//   minix_inode_by_name	the folio is the parent's
//   minix_rename	deletes the entry of the old directory
//
// Leaves: all other functions.

@@
identifier D;
@@
 minix_make_empty(struct inode *D, ...)
 {
 <...
- CTX_MAP
+ D->i_mapping
 ...>
 }

@@
identifier E, D;
@@
 minix_add_link(struct dentry *E, ...)
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
 minix_rename(struct mnt_idmap *M, struct inode *D, ...)
 {
 <...
- CTX_MAP
+ D->i_mapping
 ...>
 }

@@
identifier E;
@@
 minix_inode_by_name(struct dentry *E)
 {
 <...
- CTX_MAP
+ d_inode(E->d_parent)->i_mapping
 ...>
 }
