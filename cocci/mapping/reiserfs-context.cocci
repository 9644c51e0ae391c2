// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   reiserfs_xattr_set_handle	writes to the xattr's own file, not to the inode it
//   				belongs to
//
// Leaves: all other functions.

@@
identifier D;
@@
 reiserfs_xattr_set_handle(...)
 {
 ...
 struct dentry *D;
 <...
- CTX_MAP
+ d_inode(D)->i_mapping
 ...>
 }
