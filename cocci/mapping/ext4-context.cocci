// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   move_extent_per_page	has two files; folio[0] is the original's
//
// Leaves: all other functions.

@@
identifier F, I;
@@
 move_extent_per_page(struct file *F, ...)
 {
 ...
 struct inode *I = file_inode(F);
 <...
- CTX_MAP
+ I->i_mapping
 ...>
 }
