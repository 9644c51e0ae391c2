// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess. A directory's folio is never shared, but
// its mapping is at hand.
//
//   ufs_set_link, ufs_make_empty	the first inode is the directory
//   ufs_add_link			the folio is the parent's, not the new entry's
//
// Leaves: all other functions.

@@
identifier fn = { ufs_set_link, ufs_make_empty };
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
 ufs_add_link(struct dentry *E, ...)
 {
 ...
 struct inode *D = d_inode(E->d_parent);
 <...
- CTX_MAP
+ D->i_mapping
 ...>
 }
