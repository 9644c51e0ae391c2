// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess. A directory's folio is never shared, but
// its mapping is at hand.
//
//   ext2_set_link, ext2_make_empty	the first inode is the directory
//   ext2_add_link			the folio is the parent's, not the new entry's
//   ext2_rename			deletes the entry of the old directory
//
// Leaves: all other functions.

@@
identifier fn = { ext2_set_link, ext2_make_empty };
identifier D;
@@
 fn(struct inode *D, ...)
 {
 <...
- CTX_MAP
+ D->i_mapping
 ...>
 }

@@
identifier E, D;
@@
 ext2_add_link(struct dentry *E, ...)
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
 ext2_rename(struct mnt_idmap *M, struct inode *D, ...)
 {
 <...
- CTX_MAP
+ D->i_mapping
 ...>
 }
